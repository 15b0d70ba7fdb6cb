"""A whole service on loopback, with tenants of its own and its log in memory."""

import asyncio
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from agent.observe import logs
from agent.service.app import make_app, read_tenants, serve
from agent.service.live_socket import Viewers, viewers_key
from agent.service.running import CallObserver
from agent.service.service import Service, service_key
from agent.service.service_file import Gemini, Log
from agent.service.settings import Settings

FUNCTIONS = Path(__file__).parent / "functions"
NUMBER, OTHER_NUMBER, CALLER = "+15550100100", "+15550100101", "+15550199999"

SHOP = f"""
tenant: shop
numbers: [{NUMBER}]
agent:
  greeting: Good day.
  instructions: Be kind.
tools:
  - python: phone_errands.look_up
  - python: phone_errands.think_long
    timeout: 60s
  - python: phone_errands.insist
  - python: phone_errands.book
  - builtin: end_call
limits: {{concurrent: 2}}
"""
OFFICE = f"""
tenant: office
numbers: [{OTHER_NUMBER}]
agent: {{greeting: Good day., instructions: Be kind.}}
record: {{audio: yes}}
"""


@dataclass(frozen=True, slots=True)
class House:
    """A service that answers.

    Attributes:
        origin: of its HTTP surface.
        local: its media socket for tests.
        viewers: pages that look on.
    """

    service: Service
    origin: str
    log: io.StringIO
    viewers: Viewers

    @property
    def local(self) -> str:
        return f"{self.origin.replace('http', 'ws')}/twilio/media/local"

    async def quiet(self, within_s: float) -> None:
        """Wait until no call runs any more."""
        async with asyncio.timeout(within_s):
            await self.service._lives.idle.wait()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What was logged under this name."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] == event]

    def ended(self) -> dict[str, Any]:
        """The one line of the one call that there was."""
        [line] = self.lines("call.ended")
        assert not any(key.startswith("pii.") for key in line)
        assert CALLER not in self.log.getvalue()
        return line


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings with two tenants, open to whoever is on this machine."""
    for name, text in (("shop", SHOP), ("office", OFFICE)):
        (folder / f"{name}.yaml").write_text(text)
    values: dict[str, Any] = {
        "tenants": folder,
        "functions": FUNCTIONS,
        "data": folder,
        "public_url": None,
        "calls": 200,
        "gemini": Gemini(),
        "gemini_url": "ws://127.0.0.1:1",
        "gemini_key": None,
        "carrier_tokens": (),
        "insecure_local": True,
        "log": Log(),
    }
    return Settings(**{**values, **changes})


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """The log as an operator gets it; personal data is off."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)


@asynccontextmanager
async def house(
    folder: Path,
    model_url: str,
    *observers: CallObserver,
    buffer: int | None = None,
    reload: bool = False,
    **changes: Any,
) -> AsyncIterator[House]:
    """Serve; when the block ends the service has drained.

    Args:
        observers: watch the calls.
        buffer: bytes that the system takes for each phone that does not read.
        reload: whether changed files are taken over.
        changes: of the settings.
    """
    settings = settings_in(folder, gemini_url=model_url, **changes)
    with captured_log() as log:
        app = make_app(settings, read_tenants(settings), observers, reload=reload)
        runner, port = await serve(app, "127.0.0.1", 0)
        if buffer is not None:
            for site in runner.sites:
                assert isinstance(site, web.BaseSite)
                assert isinstance(site._server, asyncio.Server)
                for listener in site._server.sockets:
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        try:
            yield House(app[service_key], f"http://127.0.0.1:{port}", log, app[viewers_key])
        finally:
            await runner.cleanup()
