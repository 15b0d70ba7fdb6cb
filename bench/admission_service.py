"""The service of `bench.admission`, in a process of its own: asks for signatures, and times itself.

    python -m bench.admission_service PORT MODEL_URL

What it measures of itself: how late each alarm of a live call goes off, against the grid of its
timers, and how late its loop is for a sleep of a millisecond.
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web

from agent.cli.runtime import loop_factory
from agent.observe import logs
from agent.service.app import make_app, read_tenants, serve
from agent.service.service import service_key
from agent.service.service_file import Gemini, Log
from agent.service.settings import Settings
from agent.service.supervisor import CallSupervisor

TOKEN, PUBLIC, NUMBER = "bench-token", "https://voice.example.com", "+15550100100"
TENANT = f"""
tenant: shop
numbers: [{NUMBER}]
agent: {{greeting: Good day., instructions: Be kind.}}
limits: {{concurrent: 1000, per_minute: 100000, per_caller: 10000}}
"""


class Lateness:
    """How late things were, in milliseconds, since it was last asked."""

    def __init__(self) -> None:
        self.alarms: list[float] = []
        self.loop: list[float] = []

    def watch_alarms(self) -> None:
        """Note each alarm of each call from now on."""
        ring = CallSupervisor._ring

        def rings(supervisor: CallSupervisor) -> None:
            late_s = supervisor._loop.time() - supervisor._alarm_at
            self.alarms.append(1000 * late_s)
            ring(supervisor)

        setattr(CallSupervisor, "_ring", rings)  # noqa: B010 - a method cannot be assigned to

    async def watch_loop(self) -> None:
        """Note how late the loop is."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + 0.001
            await asyncio.sleep(0.001)
            self.loop.append(1000 * (clock() - due))

    async def tell(self, request: web.Request) -> web.Response:
        """Answer with all that was noted, and begin anew."""
        service = request.app[service_key]
        noted = {"alarms": self.alarms, "loop": self.loop, "counters": dict(service.counters)}
        self.alarms, self.loop = [], []
        return web.json_response(noted)


def settings_in(folder: Path, model_url: str) -> Settings:
    """A service that is open to nobody but the carrier."""
    (folder / "shop.yaml").write_text(TENANT)
    values: dict[str, Any] = {
        "tenants": folder,
        "functions": folder,
        "data": folder,
        "public_url": PUBLIC,
        "calls": 1000,
        "gemini": Gemini(),
        "gemini_url": model_url,
        "gemini_key": None,
        "carrier_tokens": (TOKEN,),
        "insecure_local": False,
        "log": Log(),
    }
    return Settings(**values)


async def main(port: int, model_url: str) -> None:
    lateness = Lateness()
    lateness.watch_alarms()
    logs.configure("info", stream=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), model_url)
        app = make_app(settings, read_tenants(settings))
        app.router.add_get("/bench", lateness.tell)
        runner, _ = await serve(app, "127.0.0.1", port)
        try:
            await lateness.watch_loop()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as running:
        running.run(main(int(sys.argv[1]), sys.argv[2]))
