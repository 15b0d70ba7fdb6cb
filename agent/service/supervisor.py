"""One supervisor per call: it owns every task, moves bytes and performs effects.

The call itself is `agent.call.core.Call`, which is only told facts and the time. After every fact
`_flush` takes the effects out, synchronously, and is the one place that performs them. When `run`
returns, no task, timer or socket of the call is left.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
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
from agent.errors import DialError
from agent.gemini.session import Loss
from agent.service.recording_file import RecordingFile
from agent.service.sockets import (
    ABNORMAL_CLOSURE,
    CLOSE_TIMEOUT_S,
    NORMAL_CLOSURE,
    ModelSocket,
    Outbox,
    PeerStalled,
    PhoneSocket,
    close,
    read,
)

INTERNAL_ERROR = 1011


class Dialler(Protocol):
    """Opens a socket to the model's service; tests put their own in its place."""

    async def dial(self) -> ModelSocket:
        """Connect and upgrade.

        Raises:
            DialError: it could not be done; says whether trying again can help.
        """
        ...


class ToolHandler(Protocol):
    """Runs one business function of the call's tenant."""

    async def __call__(self, id: str, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer with the response object for the model; never raises but `CancelledError`."""
        ...


class _CallOver(Exception):
    """Ends the task group of a finished call; never leaves this module."""


class _ConnectionOver(Exception):
    """Ends the task group of one connection to the model; never leaves this module."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss)
        self.loss = loss


class CallSupervisor:
    """Runs one call from its `start` message to the last closed socket."""

    def __init__(
        self, call: Call, phone: PhoneSocket, dialler: Dialler, run_tool: ToolHandler
    ) -> None:
        self._call = call
        self._phone = phone
        self._dialler = dialler
        self._run_tool = run_tool
        self._phone_outbox = Outbox()
        self._phone_close_code = INTERNAL_ERROR  # until the call ends by itself
        self._model_outbox: Outbox | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._tools: dict[str, asyncio.Task[None]] = {}
        self._due: float | None = None
        self._moved = asyncio.Event()
        self._finish: str | None = None
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time

    async def run(self, opening: Sequence[bytes], recording: RecordingFile | None = None) -> None:
        """Live the call until its end.

        Args:
            opening: the texts already read from the phone's socket, up to its `start`.
            recording: where the sound goes, if it is kept.
        """
        self._recording = recording
        try:
            async with asyncio.TaskGroup() as self._group:
                self._writing_phone = self._start(self._write_phone())
                for text in opening:
                    self._call.phone_received(text, self._time())
                self._flush()
                self._start(self._read_phone())
                self._start(self._tick())
        except* _CallOver:
            pass
        finally:
            await close(self._phone, self._phone_close_code)

    def finish(self, outcome: str) -> None:
        """End the call politely from outside: a drain, or an operator's hang-up.

        Done by the call's own task, so that its failure is this call's, and a call that is over is
        left alone.
        """
        self._finish = outcome
        self._moved.set()

    async def _read_phone(self) -> None:
        call, time, flush = self._call, self._time, self._flush

        def received(text: bytes) -> None:
            if call.phone_received(text, time()):
                flush()

        try:
            await read(self._phone, received)
            call.phone_lost(time())
            flush()
        finally:
            # Here, not after the group: the caller does not wait for the model or for a tool.
            await close(self._phone, self._phone_close_code)

    async def _write_phone(self) -> None:
        try:
            await self._phone_outbox.drain(self._phone.send_frame)
        except ConnectionError:
            return  # the reader learns why, after what the carrier has said before
        except PeerStalled:
            self._call.phone_lost(self._time())
            self._flush()

    async def _run_model(self, outbox: Outbox) -> None:
        """One connection to the model, from dialling to its loss."""
        try:
            socket = await self._dialler.dial()
        except DialError as error:
            self._dialling = None
            loss = Loss(None, str(error), http_status=error.status, retryable=error.retryable)
        else:
            self._dialling = None
            loss = await self._live_connection(outbox, socket)
        if self._model_outbox is outbox:
            self._model_outbox = None
        self._call.model_lost(loss, self._time())
        self._flush()

    async def _live_connection(self, outbox: Outbox, socket: ModelSocket) -> Loss:
        call, time, flush = self._call, self._time, self._flush

        def received(frame: bytes) -> None:
            if call.model_received(frame, time()):
                flush()

        try:
            async with asyncio.TaskGroup() as connection:
                connection.create_task(self._write_model(outbox, socket))
                call.model_connected(time())
                flush()
                raise _ConnectionOver(await read(socket, received))
        except* _ConnectionOver as over:
            losses = [e.loss for e in over.exceptions if isinstance(e, _ConnectionOver)]
        finally:
            await close(socket, outbox.close_code)
        return losses[0]

    async def _write_model(self, outbox: Outbox, socket: ModelSocket) -> None:
        """Write until told to close, or until the peer takes nothing any more."""
        try:
            await outbox.drain(socket.send_frame)
        except ConnectionError:
            return  # the reader learns why
        except PeerStalled as error:
            raise _ConnectionOver(Loss(ABNORMAL_CLOSURE, str(error))) from None
        raise _ConnectionOver(Loss(outbox.close_code, "closed by this side"))

    async def _run_one_tool(self, call: RunTool) -> None:
        response = await self._run_tool(call.id, call.name, call.args)
        self._tools.pop(call.id, None)
        self._call.tool_finished(call.id, response, self._time())
        self._flush()

    async def _tick(self) -> None:
        """Wake the call at the time it asks for; an earlier time, or `finish`, sets `_moved`."""
        call, moved, time = self._call, self._moved, self._time
        while True:
            moved.clear()
            if self._finish is not None:
                outcome, self._finish = self._finish, None
                call.finish(outcome, time())
                self._flush()
            self._due = due = call.next_timer()
            alarm = None if due is None else self._loop.call_at(due, moved.set)
            try:
                await moved.wait()
            finally:
                if alarm is not None:
                    alarm.cancel()
            if due is not None and due <= time():
                call.handle_timer(time())
                self._flush()

    async def _end(self) -> None:
        """Let the phone take what is queued, within limits, then end every task."""
        self._close_model(NORMAL_CLOSURE)
        self._phone_close_code = NORMAL_CLOSURE
        self._phone_outbox.close()
        await asyncio.wait([self._writing_phone], timeout=CLOSE_TIMEOUT_S)
        raise _CallOver

    def _flush(self) -> None:
        for effect in self._call.effects(self._time()):
            self._perform(effect)
        due = self._call.next_timer()
        if due is not None and (self._due is None or due < self._due):
            self._due = due
            self._moved.set()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case ToPhone(frame):
                self._phone_outbox.put(frame)
            case ToModel(frame):
                if self._model_outbox is not None:
                    self._model_outbox.put(frame)
            case OpenModel():
                self._model_outbox = Outbox()
                self._dialling = self._start(self._run_model(self._model_outbox))
            case CloseModel(code):
                self._close_model(code)
            case RunTool() | CancelTools():
                self._perform_on_tools(effect)
            case SaveAudio(stereo):
                if self._recording is not None:
                    self._recording.put(stereo)
            case HangUp():
                self._start(self._end())
            case _:
                assert_never(effect)

    def _close_model(self, code: int) -> None:
        if self._dialling is not None:
            self._dialling.cancel()
            self._dialling = self._model_outbox = None
        elif self._model_outbox is not None:
            self._model_outbox.close(code)

    def _perform_on_tools(self, effect: RunTool | CancelTools) -> None:
        if isinstance(effect, RunTool):
            self._tools[effect.id] = self._start(self._run_one_tool(effect))
            return
        for id in effect.ids:
            if (task := self._tools.pop(id, None)) is not None:
                task.cancel()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._group.create_task(coroutine)
