"""The socket of the live feed: one page of the console, or one browser's telephone."""

import asyncio
import math
from contextlib import suppress

import msgspec
from aiohttp import WSMsgType, web

from agent.service.auth import require_token
from agent.service.live_feed import BEAT_S, LiveFeed

MOST_VIEWERS = 100
ASK_AGAIN_S = 60.0
"""How often an open socket's session is looked at: it may have run out meanwhile."""
HEARTBEAT_S = 30.0
SEND_TIMEOUT_S = 10.0
MESSAGE_LIMIT = 4096
NOT_ALLOWED = 4401
TRY_AGAIN_LATER = 1013
GOING_AWAY = 1001
NOT_UNDERSTOOD = 1008

feed_key = web.AppKey("live_feed", LiveFeed)


class Wants(msgspec.Struct):
    """What a page wants to see.

    Attributes:
        list: the list of calls.
        watch: the id of one call, whose words it wants.
        from_: how many entries of its timeline it has.
    """

    list: bool = False
    watch: str | None = None
    from_: int = msgspec.field(default=0, name="from")


class Viewers:
    """The open sockets; when the service ends, so do they."""

    def __init__(self) -> None:
        self._open: set[Viewer] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Show a page what it wants until it leaves."""
        socket = web.WebSocketResponse(
            compress=False, heartbeat=HEARTBEAT_S, max_msg_size=MESSAGE_LIMIT
        )
        try:
            require_token(request)
        except web.HTTPUnauthorized:
            # A browser does not tell its page why an upgrade failed: it is let in, and out.
            await socket.prepare(request)
            await socket.close(code=NOT_ALLOWED)
            return socket
        await socket.prepare(request)
        if len(self._open) >= MOST_VIEWERS:
            await socket.close(code=TRY_AGAIN_LATER)
            return socket
        viewer = Viewer(request, socket)
        self._open.add(viewer)
        try:
            await viewer.run()
        finally:
            self._open.discard(viewer)
        return socket

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(viewer.leave(GOING_AWAY) for viewer in list(self._open)))


viewers_key = web.AppKey("live_viewers", Viewers)


class _Gone(Exception):
    """Ends the tasks of a viewer; never leaves this module."""


class Viewer:
    """One open socket of a page."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._socket = socket
        self._feed = request.app[feed_key]
        self._wants = Wants()
        self._version = 0

    async def run(self) -> None:
        """Show what is wanted until the page leaves."""
        with suppress(ConnectionError):
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read())
                    tasks.create_task(self._write())
            except* _Gone:
                pass

    async def leave(self, code: int) -> None:
        """Close the socket; `run` ends by that."""
        await self._socket.close(code=code)

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                wants = msgspec.json.decode(message.data, type=Wants)
            except (msgspec.DecodeError, RecursionError):
                await self.leave(NOT_UNDERSTOOD)
                break
            if not wants.list:
                self._version = 0
            self._wants = wants
        raise _Gone

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        while True:
            now = loop.time()
            if now - asked_at >= ASK_AGAIN_S:
                asked_at = now
                await self._still_allowed()
            self._feed.update(now)
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._show()
            except TimeoutError:
                raise _Gone from None
            beat = (math.floor(now / BEAT_S) + 1) * BEAT_S
            await asyncio.sleep(beat - loop.time())

    async def _show(self) -> None:
        wants = self._wants
        if wants.list:
            news, self._version = self._feed.since(self._version), self._feed.version
            if news is not None:
                await self._send(news)
        if wants.watch is not None:
            for message, read in self._feed.call(wants.watch, max(0, wants.from_)):
                wants.from_ = read
                await self._send(message)

    async def _send(self, message: bytes) -> None:
        await self._socket.send_frame(message, WSMsgType.TEXT)

    async def _still_allowed(self) -> None:
        try:
            require_token(self._request)
        except web.HTTPException:
            await self.leave(NOT_ALLOWED)
            raise _Gone from None
