"""Small services that answer a media socket on loopback, for tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from agent.sim.clips import first_loud
from agent.telephony.leg import Heard, LegEvent, Started
from agent.telephony.twilio.stream import MediaStream

GREETING = b"\x00" * 3_200
PAUSE_FRAMES = 10


class Parrot:
    """Greets, then says everything back once the caller pauses; falls silent when interrupted."""

    def __init__(self) -> None:
        self.leg = MediaStream()
        self.said = b""
        self.quiet = 0
        self.marks = 0

    def answer(self, event: LegEvent) -> list[bytes]:
        match event:
            case Started():
                return self._say(GREETING)
            case Heard(mulaw=mulaw):
                return self._hear(mulaw)
        return []

    def _hear(self, mulaw: bytes) -> list[bytes]:
        if first_loud(mulaw) is not None:
            fresh = not self.said
            self.said += mulaw
            self.quiet = 0
            return [self.leg.clear()] if fresh else []
        self.quiet += 1
        if not self.said or self.quiet < PAUSE_FRAMES:
            return []
        said, self.said = self.said, b""
        return self._say(said)

    def _say(self, audio: bytes) -> list[bytes]:
        self.marks += 1
        return [self.leg.media(audio), self.leg.mark(str(self.marks))]


async def parrot(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    service = Parrot()
    async for message in socket:
        assert message.type is WSMsgType.TEXT
        for event in service.leg.receive(message.data):
            for text in service.answer(event):
                await socket.send_str(text.decode())
    return socket


type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Serve one handler on a free loopback port; yields its media URL. Nothing is left after."""
    before = asyncio.all_tasks()
    app = web.Application()
    app.router.add_get("/media", handler)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"ws://127.0.0.1:{port}/media"
    finally:
        await runner.cleanup()
    assert asyncio.all_tasks() == before
