"""A service to be loaded: a webhook, a media socket with a parrot, and nothing else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from agent.sim.load_plan import Job, Sound
from agent.sim.load_result import CallResult
from tests.sim.answering import parrot
from tests.sim.lines import tone

BUSY = "<Say>Busy.</Say><Hangup/>"


@dataclass
class Loaded:
    """Takes so many calls at a time.

    Attributes:
        callers: how often each number called. ended: status callbacks. most: at one time.
        hangs: the webhook never answers.
    """

    room: int = 1_000
    hangs: bool = False
    origin: str = ""
    callers: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    up: int = 0
    most: int = 0

    def job(self, calls: int, **changes: object) -> Job:
        """One that calls it: two seconds of ramp, eight together."""
        wanted: dict[str, object] = {
            "ramp_s": 2.0, "hold_s": 8.0, "barge_in_every": 2,
            "sounds": [Sound.of(tone(1.0, "hello"))], "seed": 1,
        }  # fmt: skip
        return Job(
            *(self.origin, self.origin, f"{self.origin}/voice", f"{self.origin}/status"),
            *("AC" + "0" * 32, "t0ken", "+15550100100"),
            calls=calls,
            **(wanted | changes),  # type: ignore[arg-type]
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/media":
            self.up += 1
            self.most = max(self.most, self.up)
            try:
                return await parrot(request)
            finally:
                self.up -= 1
        form = await request.post()
        if request.path == "/status":
            self.ended += 1
            return web.Response()
        self.callers[str(form["From"])] += 1
        if self.hangs:
            await asyncio.Event().wait()
        url = self.origin.replace("http", "ws")
        taken = f"<Connect><Stream url='{url}/media'/></Connect>"
        text = f"<Response>{taken if self.up < self.room else BUSY}</Response>"
        return web.Response(text=text, content_type="text/xml")


@asynccontextmanager
async def served(service: Loaded) -> AsyncIterator[Loaded]:
    """Serve it on loopback."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


def outcomes(results: list[CallResult]) -> dict[str, int]:
    """How many calls went how."""
    return dict(Counter(result.outcome for result in results))
