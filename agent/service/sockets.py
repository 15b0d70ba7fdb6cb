"""Sockets: frames in until the peer is gone, frames out through a bounded outbox of their own."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

from aiohttp import ClientWebSocketResponse, WebSocketError, WSMsgType, web

from agent.gemini.session import Loss
from agent.service.shortcut import shortcut_of

SEND_TIMEOUT_S = 5.0
"""A write that takes longer means a dead peer (twilio.md R9)."""

CLOSE_TIMEOUT_S = 2.0
"""How long a peer may take to answer a close before its transport is dropped."""

FRAMES_LIMIT = 4_000
"""More than a minute of audio in 20 ms frames: who lets so much wait reads nothing any more."""

_MESSAGES = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})

NORMAL_CLOSURE = 1000
NO_STATUS = 1005
ABNORMAL_CLOSURE = 1006

# Both kinds are made with decode_text=False: a text frame arrives as its bytes.
type ModelSocket = ClientWebSocketResponse[bool]
type PhoneSocket = web.WebSocketResponse[bool]
type Send = Callable[[bytes, WSMsgType], Coroutine[Any, Any, None]]
type SendAtOnce = Callable[[bytes], bool]


class PeerStalled(Exception):
    """The peer takes nothing any more: its outbox ran full, or one write took too long."""


class Outbox:
    """Frames on their way to one socket, in order.

    `put` never waits. Mostly it writes at once, since a transport takes what it is given into its
    buffer. A write that has to wait for the peer is left to `drain`, and what comes meanwhile
    queues: a peer that reads slowly holds up nobody but itself.

    Args:
        send: `send_frame` of either kind of websocket.
        at_once: a cheaper way, which says whether it could take the frame.
        limit: frames that may wait.
    """

    def __init__(
        self, send: Send, at_once: SendAtOnce | None = None, limit: int = FRAMES_LIMIT
    ) -> None:
        self._send = send
        self._at_once = at_once
        self._loop = asyncio.get_running_loop()
        self._write: asyncio.Task[None] | None = None  # the one that waits for the peer, or failed
        self._frames: deque[bytes] = deque()
        self._limit = limit
        self._changed = asyncio.Event()
        self._closing = False
        self._overflowed = False

    @classmethod
    def of(cls, socket: ModelSocket | PhoneSocket) -> Self:
        """The outbox of a websocket."""
        shortcut = shortcut_of(socket)
        return cls(socket.send_frame, None if shortcut is None else shortcut.write)

    def put(self, frame: bytes) -> None:
        """Write or queue one frame; after `close` it is dropped, and too many end `drain`."""
        if self._closing:
            return
        if self._write is None and not self._frames:
            if self._at_once is None or not self._at_once(frame):
                self._begin(frame)
        elif len(self._frames) < self._limit:
            self._frames.append(frame)
        else:
            self._overflowed = True

    def close(self) -> None:
        """Take no more; `drain` returns once what is queued has been written."""
        self._closing = True
        self._changed.set()

    async def drain(self) -> None:
        """See to the writes that must wait, until closed and empty.

        Raises:
            PeerStalled: the outbox ran full, or a write took longer than `SEND_TIMEOUT_S`.
            ConnectionError: the socket is gone; its reader learns why.
        """
        try:
            while not self._overflowed:
                if self._write is not None:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await self._write
                    self._write = None
                elif self._frames:
                    self._begin(self._frames.popleft())
                elif self._closing:
                    return
                else:
                    self._changed.clear()
                    await self._changed.wait()
            raise PeerStalled(f"{len(self._frames)} frames wait and the peer reads nothing")
        except TimeoutError:
            raise PeerStalled(f"a write took more than {SEND_TIMEOUT_S:g} s") from None
        finally:
            self._closing = True
            if self._write is not None and self._write.cancel():
                await asyncio.wait([self._write])

    def _begin(self, frame: bytes) -> None:
        """Write a frame; `_write` is set where that could not be done, or not at once."""
        write = asyncio.Task(self._send(frame, WSMsgType.TEXT), loop=self._loop, eager_start=True)
        if not write.done() or write.exception() is not None:
            self._write = write
            self._changed.set()


async def read(
    socket: ModelSocket | PhoneSocket, received: Callable[[bytes], None], taken: int = 0
) -> Loss:
    """Hand every frame, text or binary, to `received` until the socket is over.

    Args:
        taken: frames that somebody else has read before.

    Returns:
        Why it is over: the peer's close code and reason, or 1006 when there was none.
    """
    shortcut = shortcut_of(socket)
    failure: Exception | None = None

    def failed(error: Exception) -> None:
        nonlocal failure
        failure = error
        patience.reschedule(0)

    try:
        async with asyncio.timeout(None) as patience:
            while True:
                if shortcut is not None and shortcut.passed == taken:
                    shortcut.open(received, failed)
                message = await socket.receive()
                if message.type not in _MESSAGES:
                    break
                received(message.data)
                taken += 1
    except TimeoutError:
        if failure is None:
            raise
        raise failure from None
    finally:
        if shortcut is not None:
            shortcut.shut()
    return _loss(socket, message.type, message.data, message.extra)


def _loss(socket: ModelSocket | PhoneSocket, kind: WSMsgType, data: Any, extra: str | None) -> Loss:
    match kind:
        case WSMsgType.CLOSE:
            return Loss(data or NO_STATUS, extra or "")
        case WSMsgType.ERROR if isinstance(data, WebSocketError):
            return Loss(data.code, str(data))
        case WSMsgType.ERROR:
            return Loss(socket.close_code or ABNORMAL_CLOSURE, str(data))
        case _:
            return Loss(ABNORMAL_CLOSURE, "the connection ended without a close frame")


async def close(
    socket: ModelSocket | PhoneSocket, code: int, within_s: float = CLOSE_TIMEOUT_S
) -> None:
    """Close politely within a time, else rudely; whoever reads meanwhile is told to stop."""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(within_s):
            await socket.close(code=code)
