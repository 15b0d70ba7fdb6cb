"""One supervisor per call: it owns every task, moves bytes and performs effects.

The call itself is `agent.call.core.Call`, which is only told facts and the time. After every fact
`_flush` takes the effects out, synchronously, and is the one place that performs them. When `run`
returns, no task, timer or socket of the call is left.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, assert_never

from agent.call.core import Call
from agent.call.effects import (
    CancelTools,
    CloseModel,
    Effect,
    HangUp,
    Keep,
    OpenModel,
    Outcome,
    RunTool,
    SaveAudio,
    StepAside,
    ToModel,
    ToPhone,
)
from agent.service.connection import Connection, Dialler
from agent.service.phone_link import PhoneLink
from agent.service.recording_file import RecordingFile
from agent.service.sockets import NORMAL_CLOSURE, PhoneSocket
from agent.telephony.twilio.stream import MediaStream

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


async def _nobody_asks(outcome: Outcome) -> None:
    """Nobody wants to know how a call ended."""


class _CallOver(Exception):
    """Ends the task group of a finished call; never leaves this module."""


class CallSupervisor:
    """Runs one call from its `start` message to the last closed socket.

    Attributes:
        keep: is told whether what is said may be kept; the owner sets it before `run`.
        ended: is awaited with the outcome before the phone's socket is closed; likewise.
        link: the phone's latest socket.
    """

    def __init__(
        self, call: Call, phone: PhoneSocket, dialler: Dialler, run_tool: ToolHandler
    ) -> None:
        self.keep: Callable[[bool], None] = lambda on: None
        self.ended: Callable[[Outcome], Awaitable[None]] = _nobody_asks
        self._call = call
        self._dialler = dialler
        self._run_tool = run_tool
        self._connections: dict[int, Connection] = {}
        self._tools: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf
        self._failure: asyncio.Future[None] = self._loop.create_future()
        self.link = self._linked(phone)

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
            await self.link.close()

    async def _talk(self, opening: Sequence[bytes]) -> None:
        try:
            async with asyncio.TaskGroup() as self._group:
                self._start(self.link.write())
                for text in opening:
                    self._call.phone_received(text, self._time())
                self._flush()
                self._start(self.link.read(len(opening)))
                self._start(self._fail())
        except* _CallOver:
            pass

    def finish(self, outcome: str) -> None:
        """End the call politely from outside: a drain, or an operator's hang-up.

        Its failure is this call's, not the caller's of this; a call that is over is left alone.
        """
        self._loop.call_soon(self._guarded, partial(self._call.finish, outcome))

    def advise(self, text: str) -> None:
        """Tell the model something; see `finish` for failures."""
        self._loop.call_soon(self._guarded, partial(self._call.advise, text))

    def caller_wrote(self, text: str) -> None:
        """The caller writes in place of speaking; see `finish` for failures."""
        self._loop.call_soon(self._guarded, partial(self._call.caller_wrote, text))

    def dial(self, keys: str) -> None:
        """Dial on the line; see `finish` for failures."""
        self._loop.call_soon(self._guarded, partial(self._call.dial, keys))

    def leave_message(self, text: str, *, to_machine: bool) -> None:
        """Say this to whoever has answered, and end; see `finish` for failures."""
        act = partial(self._call.leave_message, text, to_machine=to_machine)
        self._loop.call_soon(self._guarded, act)

    def wrap_up(self) -> None:
        """Have the agent say good-bye and the call end soon: the money is spent."""
        self._loop.call_soon(self._guarded, self._call.wrap_up)

    def step_aside(
        self,
        longest_s: float,
        *,
        then: Outcome = Outcome.PHONE_LOST,
        after_words: bool = False,
    ) -> None:
        """Let the phone go for a while; see `Call.step_aside`, and `finish` for failures."""
        act = partial(self._call.step_aside, longest_s, then=then, after_words=after_words)
        self._loop.call_soon(self._guarded, act)

    def reattach(
        self, phone: PhoneSocket, opening: Sequence[bytes], tell: str | None = None
    ) -> PhoneLink | None:
        """The same call has come back on another socket, which takes the place of the one before.

        Args:
            opening: the texts already read from it, up to its `start`.
            tell: what the model is told.

        Returns:
            What moves its texts from now on; None if the call is over.
        """
        if self._call.outcome is not None or self._failure.done():
            return None
        before, self.link = self.link, self._linked(phone)
        before.fence()
        self._start(before.close())
        self._start(self.link.write())
        self._guarded(partial(self._call.phone_back, MediaStream(), tell=tell))
        for text in opening:
            self._guarded(partial(self._call.phone_received, text))
        self._start(self.link.read(len(opening)))
        return self.link

    def _linked(self, phone: PhoneSocket) -> PhoneLink:
        call, time, flush = self._call, self._time, self._flush

        def received(text: bytes) -> None:
            if call.phone_received(text, time()):
                flush()

        def lost() -> None:
            call.phone_lost(time())
            flush()

        async def closes() -> None:
            if link is self.link and call.outcome is None and not call.away:  # it fails
                await self.ended(Outcome.FAILED)

        link = PhoneLink(phone, received, lost, closes)
        return link

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

    def _guarded(self, act: Callable[[float], object]) -> None:
        """Do something to the call as a callback of the loop, which has no task to fail."""
        if self._failure.done():
            return
        try:
            act(self._time())
            self._flush()
        except Exception as error:  # `_fail` raises it in a task
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

    async def _end(self, outcome: Outcome) -> None:
        """Let the phone take what is queued, within limits, then end what the call still does."""
        for connection in self._connections.values():
            connection.close(NORMAL_CLOSURE)
        self.link.end()
        await self.ended(outcome)  # the carrier asks what next as soon as the socket is closed
        await self.link.drained()
        raise _CallOver

    def _flush(self) -> None:
        for effect in self._call.effects(self._time()):
            self._perform(effect)
        self._set_alarm()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case ToPhone(frame):
                self.link.put(frame)
            case ToModel() | OpenModel() | CloseModel():
                self._perform_on_model(effect)
            case RunTool() | CancelTools():
                self._perform_on_tools(effect)
            case SaveAudio(stereo):
                if self._recording is not None:
                    self._recording.put(stereo)
            case Keep(on):
                self.keep(on)
            case StepAside():
                self._start(self.link.let_go())
            case HangUp(outcome):
                self._start(self._end(outcome))
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
