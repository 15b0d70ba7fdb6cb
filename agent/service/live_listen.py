"""Listening to a call while it goes on, where its tenant allows it."""

import asyncio
from contextlib import suppress

import structlog
from aiohttp import WSMsgType, web

from agent.service.auth import require_token
from agent.service.console_phone import find_running
from agent.service.live_ear import Ear
from agent.service.live_socket import HEARTBEAT_S, SEND_TIMEOUT_S, feed_key
from agent.service.service import service_key

MOST_WAITING = 50
"""Frames that a slow listener may be behind: a second. What comes then, he does not hear."""
LOOK_S = 1.0
"""So long after its end at most, a listener is told that the call is over."""

_log = structlog.stdlib.get_logger()


class _Gone(Exception):
    """Ends the tasks of a listener; never leaves this module."""


async def listen(request: web.Request) -> web.StreamResponse:
    """Let somebody hear a running call; frames of 8 kHz mu-law, as they are said.

    Raises:
        HTTPNotFound: it does not run.
        HTTPForbidden: its tenant does not allow it.
    """
    require_token(request)
    running = find_running(request.app[service_key], request.match_info["id"])
    if not running.ready.tenant.record.listen:
        raise web.HTTPForbidden(text="this tenant's calls are not listened to\n")
    loop = asyncio.get_running_loop()
    feed = request.app[feed_key]
    feed.update(loop.time())
    tap = feed.tap(running.id)
    socket = web.WebSocketResponse(compress=False, heartbeat=HEARTBEAT_S, max_msg_size=4096)
    await socket.prepare(request)
    _log.info("call.listened_to", call_id=running.id, tenant=running.tenant)
    frames: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    def hear(frame: bytes) -> None:
        with suppress(asyncio.QueueFull):
            frames.put_nowait(frame)

    ear = Ear(loop.time, hear)
    tap.ears.append(ear)
    try:
        await _play(request, socket, frames, running.id)
    finally:
        tap.ears.remove(ear)
    await socket.close()
    return socket


async def _play(
    request: web.Request, socket: web.WebSocketResponse, frames: asyncio.Queue[bytes], id: str
) -> None:
    """Send frames until the call is over or the listener leaves."""
    service = request.app[service_key]

    async def write() -> None:
        while service.call_of(id) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    frame = await frames.get()
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send_frame(frame, WSMsgType.BINARY)
        raise _Gone

    async def read() -> None:
        async for _ in socket:
            pass
        raise _Gone

    with suppress(ConnectionError):
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(write())
                tasks.create_task(read())
        except* _Gone:
            pass
