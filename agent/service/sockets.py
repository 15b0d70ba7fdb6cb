"""Sockets: frames in until the peer is gone, frames out through a bounded outbox of their own."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import ClientWebSocketResponse, WSMsgType, web

from agent.gemini.session import Loss

SEND_TIMEOUT_S = 5.0
"""A write that takes longer means a dead peer (twilio.md R9)."""

LOOK_S = 1.0

CLOSE_TIMEOUT_S = 2.0
"""How long a peer may take to answer a close before its transport is dropped."""

FRAMES_LIMIT = 4_000
"""More than a minute of audio in 20 ms frames: who lets so much wait reads nothing any more."""

NORMAL_CLOSURE = 1000
NO_STATUS = 1005
ABNORMAL_CLOSURE = 1006

# Both kinds are made with decode_text=False: a text frame arrives as its bytes.
type ModelSocket = ClientWebSocketResponse[bool]
type PhoneSocket = web.WebSocketResponse[bool]


class PeerStalled(Exception):
    """The peer takes nothing any more: its outbox ran full, or one write took too long."""


class Outbox:
    """Frames on their way to one socket, in order.

    `put` never waits; `drain` is the one task that writes, so a peer that reads slowly holds up
    nobody but itself.

    Attributes:
        close_code: with which the socket is to be closed in the end.
        writing: whether a write goes on, and written: which one it is, counted from 1.
    """

    def __init__(self, limit: int = FRAMES_LIMIT) -> None:
        self.close_code = NORMAL_CLOSURE
        self.writing = False
        self.written = 0
        self._frames: deque[bytes] = deque()
        self._limit = limit
        self._changed = asyncio.Event()
        self._closing = False
        self._overflowed = False

    def put(self, frame: bytes) -> None:
        """Queue one frame; after `close` it is dropped, and too many end `drain`."""
        if self._closing:
            return
        if len(self._frames) >= self._limit:
            self._overflowed = True
        else:
            self._frames.append(frame)
        self._changed.set()

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Take no more; `drain` returns once what is queued has been written."""
        if not self._closing:
            self.close_code = code
        self._closing = True
        self._changed.set()

    async def drain(self, send: Callable[[bytes, WSMsgType], Awaitable[None]]) -> None:
        """Write frames as they come, until closed and empty.

        Args:
            send: `send_frame` of either kind of websocket.
        Raises:
            PeerStalled: the outbox ran full, or a write took longer than `SEND_TIMEOUT_S`.
            ConnectionError: the socket is gone; its reader learns why.
        """
        try:
            async with asyncio.timeout(None) as patience:
                watching = _Watch(self, patience)
                try:
                    await self._write(send)
                finally:
                    watching.cancel()
        except TimeoutError:
            raise PeerStalled(f"a write took more than {SEND_TIMEOUT_S:g} s") from None

    async def _write(self, send: Callable[[bytes, WSMsgType], Awaitable[None]]) -> None:
        frames = self._frames
        while True:
            if self._overflowed:
                raise PeerStalled(f"{len(frames)} frames wait and the peer reads nothing")
            if frames:
                self.writing = True
                self.written += 1
                await send(frames.popleft(), WSMsgType.TEXT)
                self.writing = False
            elif self._closing:
                return
            else:
                self._changed.clear()
                await self._changed.wait()


class _Watch:
    """Looks now and then whether one write goes on and on: a time limit that costs a write nothing.

    A write begins up to `LOOK_S` before it is first seen and is given up at `SEND_TIMEOUT_S` less
    that, so never later than `SEND_TIMEOUT_S` after it began.
    """

    def __init__(self, outbox: Outbox, patience: asyncio.Timeout) -> None:
        self._outbox = outbox
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._seen = 0
        self._since = 0.0
        self._next = self._loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        outbox, now = self._outbox, self._loop.time()
        if not outbox.writing or outbox.written != self._seen:
            self._seen, self._since = outbox.written, now
        elif now - self._since >= SEND_TIMEOUT_S - LOOK_S:
            self._patience.reschedule(now)
            return
        self._next = self._loop.call_later(LOOK_S, self._look)

    def cancel(self) -> None:
        self._next.cancel()


async def read(socket: ModelSocket | PhoneSocket, received: Callable[[bytes], None]) -> Loss:
    """Hand every frame, text or binary, to `received` until the socket is over.

    Returns:
        Why it is over: the peer's close code and reason, or 1006 when there was none.
    """
    while True:
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


async def close(socket: ModelSocket | PhoneSocket, code: int) -> None:
    """Close politely within `CLOSE_TIMEOUT_S`, else rudely; nobody may be reading meanwhile."""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code=code)
