"""A shortcut past aiohttp for the everyday frames of a websocket: no task is woken for each.

aiohttp makes the connection and stays in charge of it. Between its protocol and the transport
stands `Shortcut`, which reads whole messages of text or bytes itself, hands them to a function
right in the transport's callback, and writes such messages as well. All else is aiohttp's: pings
and closes, and, from the first message that is fragmented, extended or longer than `LONGEST`, all
that follows; limits and broken frames are its to judge.

Source: RFC 6455, section 5. Why: docs/decisions/0004-a-shortcut-for-frames.md.
"""

import asyncio
from collections.abc import Callable
from random import getrandbits
from struct import Struct
from typing import Any, Literal, cast

from aiohttp import ClientWebSocketResponse, web
from aiohttp._websocket.helpers import websocket_mask
from aiohttp.abc import AbstractStreamWriter

LONGEST = 0xFFFF
"""Bytes of a message on the shortcut: what the middle of the three forms of a header can say."""

_TEXT, _BINARY = 0x81, 0x82  # whole messages without extensions
_PING, _PONG = 0x89, 0x8A
_MASKED = 0x80
_SHORT = Struct(">BB").pack
_LONG = Struct(">BBH").pack

type Received = Callable[[bytes], None]


class Shortcut(asyncio.Protocol):
    """Stands between a transport and the protocol that aiohttp gave it, from now on.

    Args:
        transport: of a connection that was just upgraded: nothing has been read from it since.
        masks: this side is the client.

    Attributes:
        passed: messages that were left to aiohttp so far.
    """

    def __init__(self, transport: asyncio.Transport, *, masks: bool) -> None:
        self.passed = 0
        self._transport = transport
        self._aiohttp = cast(asyncio.Protocol, transport.get_protocol())
        self._mask = _MASKED if masks else 0
        self._received: Received | None = None
        self._failed: Callable[[Exception], None] | None = None
        self._over = False  # all is aiohttp's
        self._paused = False
        self._rest = bytearray()  # of a frame that has not all come
        self._needed = 0
        transport.set_protocol(self)

    def open(self, received: Received, failed: Callable[[Exception], None]) -> None:
        """Hand on messages from now on; all that were `passed` should have been taken.

        Args:
            failed: is told what `received` raised; nothing is handed on any more.
        """
        self._received, self._failed = received, failed

    def shut(self) -> None:
        """Leave all messages to aiohttp again."""
        self._received = self._failed = None

    def write(self, message: bytes) -> bool:
        """Write a text message, if that can be done at once; else say no."""
        n = len(message)
        if self._over or self._paused or n > LONGEST or self._transport.is_closing():
            return False
        header = _SHORT(_TEXT, self._mask | n) if n < 126 else _LONG(_TEXT, self._mask | 126, n)
        if self._mask:
            key = getrandbits(32).to_bytes(4)
            header += key
            message = _masked(message, key)
        self._transport.write(header + message)
        return True

    # What the transport says.

    def data_received(self, data: bytes) -> None:
        """Take whatever came."""
        if self._over:
            self._aiohttp.data_received(data)
            return
        rest = self._rest
        if rest:
            rest += data
            if len(rest) < self._needed:
                return
            data = bytes(rest)
            rest.clear()
        at, n = 0, len(data)
        while at < n:
            end = self._take(data, at, n)
            if not end:
                return
            at = end

    def _take(self, data: bytes, at: int, n: int) -> int:
        """Take the frame that begins at `at`; returns where it ends, 0 if the rest waits."""
        if n - at < 2:
            return self._wait(data, at, 2)
        first, second = data[at], data[at + 1]
        size, start = second & 127, at + 2
        if first not in {_TEXT, _BINARY, _PING, _PONG} or size == 127:
            self._over = True
            self._aiohttp.data_received(data[at:])
            return n
        if size == 126:
            start = at + 4
            if n < start:
                return self._wait(data, at, 4)
            size = data[at + 2] << 8 | data[at + 3]
        key = start
        if second & _MASKED:
            start += 4
        end = start + size
        if n < end:
            return self._wait(data, at, end - at)
        if self._received is None or first >= _PING:
            self.passed += first < _PING
            self._aiohttp.data_received(data[at:end])
            return end
        message = data[start:end]
        try:
            self._received(_masked(message, data[key:start]) if start > key else message)
        except Exception as error:  # here is no task of the call's that it could end
            assert self._failed is not None
            self._failed(error)
            self.shut()
        return end

    def _wait(self, data: bytes, at: int, needed: int) -> int:
        self._rest += data[at:]
        self._needed = needed
        return 0

    def eof_received(self) -> bool | None:
        """Nothing more comes."""
        return self._aiohttp.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._over = True
        self._aiohttp.connection_lost(exc)

    def pause_writing(self) -> None:
        """The peer does not read fast enough: from now on, who writes must wait."""
        self._paused = True
        self._aiohttp.pause_writing()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._paused = False
        self._aiohttp.resume_writing()


class QuickWebSocketResponse(web.WebSocketResponse[bool]):
    """The server's side of a websocket, with a shortcut once it is prepared."""

    shortcut: Shortcut | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Answer the upgrade."""
        writer = await super().prepare(request)
        if request.transport is not None and self.shortcut is None:
            self.shortcut = Shortcut(request.transport, masks=False)
        return writer


class QuickClientWebSocketResponse(ClientWebSocketResponse[Literal[True]]):
    """The client's side of a websocket, with a shortcut: a `ws_response_class` of a session.

    It is for services that do not speak before they are spoken to.
    """

    def __init__(self, reader: Any, writer: Any, *args: Any, **options: Any) -> None:
        super().__init__(reader, writer, *args, **options)
        self.shortcut = Shortcut(writer.transport, masks=True)


def shortcut_of(socket: object) -> Shortcut | None:
    """The shortcut of a websocket, where there is one."""
    shortcut = getattr(socket, "shortcut", None)
    return shortcut if isinstance(shortcut, Shortcut) else None


def _masked(message: bytes, key: bytes) -> bytes:
    """Put the mask on, or take it off (RFC 6455, 5.3)."""
    masked = bytearray(message)
    websocket_mask(key, masked)
    return bytes(masked)
