"""One connection to the service, from dialling to its loss: frames in, frames out."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from aiohttp import ClientWebSocketResponse, WSMsgType

from agent.errors import DialError
from agent.gemini.session_events import Loss

WRITE_TIMEOUT_S = 10.0
"""A single frame that takes longer means a dead peer."""

CLOSE_TIMEOUT_S = 2.0
"""How long what is queued, and then the peer's answer to a close, may take."""

NORMAL_CLOSURE = 1000
NO_STATUS = 1005
ABNORMAL_CLOSURE = 1006

# Made with decode_text=False: a text frame arrives as its bytes.
type Socket = ClientWebSocketResponse[bool]


class Dialler(Protocol):
    """Opens a socket to the model's service; tests put their own in its place."""

    async def dial(self) -> Socket:
        """Connect and upgrade.

        Raises:
            DialError: it could not be done; says whether trying again can help.
        """
        ...


class _Over(Exception):
    """Ends the task group of a connection; never leaves this module."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss)
        self.loss = loss


class Link:
    """One connection.

    Args:
        lighter: called when less waits to be sent.

    Attributes:
        unsent: bytes that wait for the socket.
    """

    def __init__(self, number: int, lighter: Callable[[], None]) -> None:
        self.number = number
        self.unsent = 0
        self._lighter = lighter
        self._frames: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._code = NORMAL_CLOSURE
        self._closing = self._open = False
        self._patience: asyncio.Timeout | None = None

    def put(self, frame: bytes) -> None:
        """Queue one frame; never waits."""
        self._frames.append(frame)
        self.unsent += len(frame)
        self._changed.set()

    def close(self, code: int) -> None:
        """Close once what is queued has been written; while it is dialled, give up."""
        self._closing, self._code = True, code
        self._changed.set()
        if self._patience is not None:
            now = asyncio.get_running_loop().time()
            self._patience.reschedule(now + CLOSE_TIMEOUT_S if self._open else now)

    async def run(
        self,
        dialler: Dialler,
        connected: Callable[[], None],
        received: Callable[[bytes], None],
        room: Callable[[], Awaitable[None]],
    ) -> Loss:
        """Dial, carry frames both ways, close.

        Args:
            room: waited for before each frame is read.
        Returns:
            Why it is over.
        """
        try:
            async with asyncio.timeout(0.0 if self._closing else None) as self._patience:
                socket = await dialler.dial()
                self._open = True
                try:
                    return await self._carry(socket, connected, received, room)
                finally:
                    await _close(socket, self._code)
        except DialError as error:
            return Loss(None, str(error), http_status=error.status, retryable=error.retryable)
        except TimeoutError:
            return self._closed()
        finally:
            self._patience = None

    async def _carry(
        self,
        socket: Socket,
        connected: Callable[[], None],
        received: Callable[[bytes], None],
        room: Callable[[], Awaitable[None]],
    ) -> Loss:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(socket))
                connected()
                raise _Over(await _read(socket, received, room))
        except* _Over as over:
            losses = [e.loss for e in over.exceptions if isinstance(e, _Over)]
        return losses[0]

    async def _write(self, socket: Socket) -> None:
        """Write until told to close, or until the peer takes nothing any more."""
        while self._frames or not self._closing:
            if not self._frames:
                self._changed.clear()
                await self._changed.wait()
                continue
            frame = self._frames.popleft()
            try:
                async with asyncio.timeout(WRITE_TIMEOUT_S):
                    await socket.send_frame(frame, WSMsgType.TEXT)
            except ConnectionError:
                return  # the reader learns why
            except TimeoutError:
                text = f"a write took more than {WRITE_TIMEOUT_S:g} s"
                raise _Over(Loss(ABNORMAL_CLOSURE, text)) from None
            self.unsent -= len(frame)
            self._lighter()
        raise _Over(self._closed())

    def _closed(self) -> Loss:
        return Loss(self._code, "closed by this side")


async def _read(
    socket: Socket, received: Callable[[bytes], None], room: Callable[[], Awaitable[None]]
) -> Loss:
    while True:
        await room()
        message = await socket.receive()
        match message.type:
            case WSMsgType.TEXT | WSMsgType.BINARY:
                received(message.data)
            case WSMsgType.CLOSE:
                return Loss(message.data or NO_STATUS, message.extra or "")
            case WSMsgType.ERROR:
                return Loss(socket.close_code or ABNORMAL_CLOSURE, str(message.data))
            case _:
                return Loss(ABNORMAL_CLOSURE, "the connection ended without a close frame")


async def _close(socket: Socket, code: int) -> None:
    """Politely within `CLOSE_TIMEOUT_S`, else rudely."""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code=code)
