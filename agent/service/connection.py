"""One connection to the model, from dialling to its loss, which is told exactly once."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from agent.call.core import Call
from agent.errors import DialError
from agent.gemini.session import Loss
from agent.service.sockets import (
    ABNORMAL_CLOSURE,
    NORMAL_CLOSURE,
    ModelSocket,
    Outbox,
    PeerStalled,
    close,
    read,
)

CLOSE_TIMEOUT_S = 0.3
"""For what is still to be written and for the peer's answer to the close: who moves to another
connection waits no longer either (docs/protocols/gemini-live.md C-22)."""


class Dialler(Protocol):
    """Opens a socket to the model's service; tests put their own in its place."""

    async def dial(self) -> ModelSocket:
        """Connect and upgrade.

        Raises:
            DialError: it could not be done; says whether trying again can help.
        """
        ...


class _Over(Exception):
    """Ends the task group of a connection whose reader need not go on."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss)
        self.loss = loss


class Connection:
    """A connection that the call asked for, by its number.

    Args:
        flush: performs what the call wants after each fact.
    """

    def __init__(self, number: int, call: Call, flush: Callable[[], None]) -> None:
        self._number = number
        self._call = call
        self._flush = flush
        self._loop = asyncio.get_running_loop()
        self._outbox: Outbox | None = None
        self._code: int | None = None  # with which the call wants it closed
        self._patience: asyncio.Timeout | None = None

    def put(self, frame: bytes) -> None:
        """Send a frame; while there is no socket it is dropped."""
        if self._outbox is not None:
            self._outbox.put(frame)

    def close(self, code: int) -> None:
        """Give up dialling; or close once what was put is written, within `CLOSE_TIMEOUT_S`."""
        if self._code is not None:
            return
        self._code = code
        limit_s = 0.0
        if self._outbox is not None:
            self._outbox.close()
            limit_s = CLOSE_TIMEOUT_S
        if self._patience is not None:
            self._patience.reschedule(self._loop.time() + limit_s)

    async def run(self, dialler: Dialler) -> None:
        """Dial, live, and tell the call of the loss, unless cancelled: then it is over."""
        loss = await self._until_lost(dialler)
        self._call.model_lost(self._number, loss, self._loop.time())
        self._flush()

    async def _until_lost(self, dialler: Dialler) -> Loss:
        try:
            socket = await self._dial(dialler)
        except DialError as error:
            return Loss(None, str(error), http_status=error.status, retryable=error.retryable)
        if socket is None:
            return Loss(self._code, "given up by this side")
        try:
            loss = await self._live(socket)
        finally:
            self._outbox = None
            code = NORMAL_CLOSURE if self._code is None else self._code
            await close(socket, code, CLOSE_TIMEOUT_S)
        return loss if self._code is None else Loss(self._code, "closed by this side")

    async def _dial(self, dialler: Dialler) -> ModelSocket | None:
        """Open the socket; None when the call gave it up."""
        if self._code is not None:
            return None
        try:
            async with asyncio.timeout(None) as patience:
                self._patience = patience
                return await dialler.dial()
        except TimeoutError:
            if not patience.expired():
                raise
            return None
        finally:
            self._patience = None

    async def _live(self, socket: ModelSocket) -> Loss:
        """Carry frames both ways until either side ends it."""
        call, number, time, flush = self._call, self._number, self._loop.time, self._flush

        def received(frame: bytes) -> None:
            if call.model_received(number, frame, time()):
                flush()

        loss = Loss(ABNORMAL_CLOSURE, "not closed in time")
        if self._code is not None:
            return loss
        self._outbox = outbox = Outbox.of(socket)
        try:
            async with asyncio.timeout(None) as self._patience, asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(outbox, socket))
                call.model_connected(number, time())
                flush()
                loss = await read(socket, received)
                if self._code is None:
                    writing.cancel()
        except* _Over as over:
            [loss] = [e.loss for e in over.exceptions if isinstance(e, _Over)]
        except* TimeoutError:
            pass  # of the close that the call asked for
        finally:
            self._patience = None
        return loss

    async def _write(self, outbox: Outbox, socket: ModelSocket) -> None:
        """Write until told to close, or until the peer takes nothing any more."""
        try:
            await outbox.drain()
        except ConnectionError:
            return  # the reader learns why
        except PeerStalled as error:
            raise _Over(Loss(ABNORMAL_CLOSURE, str(error))) from None
        assert self._code is not None
        await close(socket, self._code, CLOSE_TIMEOUT_S)  # the reader is told as well
