"""One supervisor per call: it owns every task, moves bytes and performs effects.

The call itself is `agent.call.core.Call`, which is only told facts and the time. After every fact
`_flush` takes the effects out, synchronously, and is the one place that performs them. When `run`
returns, no task, timer or socket of the call is left.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, assert_never

from agent.call.core import Call
from agent.call.effects import (
    CancelTools,
    CloseModel,
    Effect,
    HangUp,
    OpenModel,
    RunTool,
    SaveAudio,
    ToModel,
    ToPhone,
)
from agent.service.connection import Connection, Dialler
from agent.service.recording_file import RecordingFile
from agent.service.sockets import (
    CLOSE_TIMEOUT_S,
    NORMAL_CLOSURE,
    Outbox,
    PeerStalled,
    PhoneSocket,
    close,
    read,
)

INTERNAL_ERROR = 1011

TICKS_PER_S = 250
"""Timers fire on this grid: calls that are due at about the same time share one wake-up of the
process, and none comes a fraction of a millisecond early only to be set again."""


class ToolHandler(Protocol):
    """Runs one business function of the call's tenant."""

    async def __call__(
        self, id: str, name: str, args: Mapping[str, Any], key: str
    ) -> Mapping[str, Any]:
        """Answer with the response object for the model; never raises but `CancelledError`.

        Args:
            key: what has one key takes effect once.
        """
        ...


class _CallOver(Exception):
    """Ends the task group of a finished call; never leaves this module."""


class CallSupervisor:
    """Runs one call from its `start` message to the last closed socket."""

    def __init__(
        self, call: Call, phone: PhoneSocket, dialler: Dialler, run_tool: ToolHandler
    ) -> None:
        self._call = call
        self._phone = phone
        self._dialler = dialler
        self._run_tool = run_tool
        self._phone_outbox = Outbox.of(phone)
        self._phone_close_code = INTERNAL_ERROR  # until the call ends by itself
        self._connections: dict[int, Connection] = {}
        self._tools: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf
        self._failure: asyncio.Future[None] = self._loop.create_future()

    async def run(self, opening: Sequence[bytes], recording: RecordingFile | None = None) -> None:
        """Live the call until its end.

        Args:
            opening: the texts already read from the phone's socket, up to its `start`.
            recording: where the sound goes, if it is kept.
        """
        self._recording = recording
        try:
            # Apart from the other tasks: at the end these are cut off, but connections close.
            async with asyncio.TaskGroup() as self._models:
                await self._talk(opening)
        finally:
            self._failure.cancel()
            if self._alarm is not None:
                self._alarm.cancel()
            await close(self._phone, self._phone_close_code)

    async def _talk(self, opening: Sequence[bytes]) -> None:
        try:
            async with asyncio.TaskGroup() as self._group:
                self._writing_phone = self._start(self._write_phone())
                for text in opening:
                    self._call.phone_received(text, self._time())
                self._flush()
                self._start(self._read_phone(len(opening)))
                self._start(self._fail())
        except* _CallOver:
            pass

    def finish(self, outcome: str) -> None:
        """End the call politely from outside: a drain, or an operator's hang-up.

        Its failure is this call's, not the caller's of this; a call that is over is left alone.
        """
        self._loop.call_soon(self._guarded, partial(self._call.finish, outcome))

    async def _read_phone(self, taken: int) -> None:
        call, time, flush = self._call, self._time, self._flush

        def received(text: bytes) -> None:
            if call.phone_received(text, time()):
                flush()

        try:
            await read(self._phone, received, taken)
            call.phone_lost(time())
            flush()
        finally:
            # Here, not after the group: the caller does not wait for the model or for a tool.
            await close(self._phone, self._phone_close_code)

    async def _write_phone(self) -> None:
        try:
            await self._phone_outbox.drain()
        except ConnectionError:
            return  # the reader learns why, after what the carrier has said before
        except PeerStalled:
            self._call.phone_lost(self._time())
            self._flush()

    async def _run_model(self, number: int) -> None:
        """One connection to the model; the call may have another meanwhile."""
        connection = self._connections[number]
        try:
            await connection.run(self._dialler)
        finally:
            del self._connections[number]

    async def _run_one_tool(self, call: RunTool) -> None:
        response = await self._run_tool(call.id, call.name, call.args, call.key)
        self._tools.pop(call.id, None)
        self._call.tool_finished(call.id, response, self._time())
        self._flush()

    async def _fail(self) -> None:
        """Bring what goes wrong outside of any task into the group, to end this call alone."""
        await self._failure

    def _guarded(self, act: Callable[[float], None]) -> None:
        """Do something to the call as a callback of the loop, which has no task to fail."""
        if self._failure.done():
            return
        try:
            act(self._time())
            self._flush()
        except Exception as error:
            self._failure.set_exception(error)

    def _ring(self) -> None:
        """The alarm goes off: at the time the call asked for, or at one it no longer needs."""
        self._alarm, self._alarm_at = None, math.inf
        self._guarded(self._call.handle_timer)

    def _set_alarm(self) -> None:
        """See to it that the alarm goes off in time; that one goes off early costs little."""
        due = self._call.next_timer()
        if due is None or due >= self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = math.ceil(due * TICKS_PER_S) / TICKS_PER_S
        self._alarm = self._loop.call_at(self._alarm_at, self._ring)

    async def _end(self) -> None:
        """Let the phone take what is queued, within limits, then end what the call still does."""
        for connection in self._connections.values():
            connection.close(NORMAL_CLOSURE)
        self._phone_close_code = NORMAL_CLOSURE
        self._phone_outbox.close()
        await asyncio.wait([self._writing_phone], timeout=CLOSE_TIMEOUT_S)
        raise _CallOver

    def _flush(self) -> None:
        for effect in self._call.effects(self._time()):
            self._perform(effect)
        self._set_alarm()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case ToPhone(frame):
                self._phone_outbox.put(frame)
            case ToModel() | OpenModel() | CloseModel():
                self._perform_on_model(effect)
            case RunTool() | CancelTools():
                self._perform_on_tools(effect)
            case SaveAudio(stereo):
                if self._recording is not None:
                    self._recording.put(stereo)
            case HangUp():
                self._start(self._end())
            case _:
                assert_never(effect)

    def _perform_on_model(self, effect: ToModel | OpenModel | CloseModel) -> None:
        number = effect.connection
        if isinstance(effect, OpenModel):
            self._connections[number] = Connection(number, self._call, self._flush)
            self._models.create_task(self._run_model(number))
            return
        connection = self._connections.get(number)
        if connection is None:
            return  # it is gone, and the call was told
        if isinstance(effect, ToModel):
            connection.put(effect.frame)
        else:
            connection.close(effect.code)

    def _perform_on_tools(self, effect: RunTool | CancelTools) -> None:
        if isinstance(effect, RunTool):
            self._tools[effect.id] = self._start(self._run_one_tool(effect))
            return
        for id in effect.ids:
            if (task := self._tools.pop(id, None)) is not None:
                task.cancel()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._group.create_task(coroutine)
