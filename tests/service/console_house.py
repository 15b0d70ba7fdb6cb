"""The console's routes on loopback without calls, and somebody who asks them things."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from agent.errors import DialError
from agent.service.app import read_tenants
from agent.service.auth import settings_key
from agent.service.connection import Dialler
from agent.service.console_calls import store_key
from agent.service.console_routes import add_console_routes
from agent.service.service import Service, service_key
from agent.service.sockets import ModelSocket
from agent.store.store import Store
from tests.service.house import captured_log, settings_in
from tests.support.patient_loop import run_on_loopback

TOKEN = "a-token-of-some-length"
SIGNED_IN = {"Authorization": f"Bearer {TOKEN}"}


class NoModel(Dialler):
    """No model is ever dialled here."""

    async def dial(self) -> ModelSocket:
        raise DialError("there is none")


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody who asks.

    Attributes:
        service: behind the routes.
        origin: where they are.
        session: keeps no cookies: what is to be sent is said each time.
        runner: of the server.
    """

    service: Service
    origin: str
    session: aiohttp.ClientSession
    runner: web.AppRunner

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> aiohttp.ClientResponse:
        """One request; the answer has been read."""
        async with self.session.request(
            method, self.origin + path, headers=headers, allow_redirects=False, **more
        ) as response:
            await response.read()
            return response


def at_the_desk(
    folder: Path,
    test: Callable[[Desk], Awaitable[None]],
    *,
    store: Store | None = None,
    **changes: Any,
) -> None:
    """Run a test with the console's routes.

    Args:
        store: past calls. Its threads are not known to a loop whose time jumps: the test then runs
            in real time.
    """

    async def main() -> None:
        async with desk(folder, store=store, **changes) as made:
            await test(made)

    if store is None:
        run_on_loopback(main())
    else:
        asyncio.run(main())


@asynccontextmanager
async def desk(folder: Path, *, store: Store | None = None, **changes: Any) -> AsyncIterator[Desk]:
    """Serve the console's routes for as long as the block runs."""
    settings = settings_in(folder, **changes)
    with captured_log():
        app = web.Application()
        app[settings_key] = settings
        app[service_key] = service = Service(settings, read_tenants(settings), NoModel())
        if store is not None:
            app[store_key] = store
        add_console_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                yield Desk(service, f"http://127.0.0.1:{port}", session, runner)
        finally:
            await runner.cleanup()
            if store is not None:
                await store.close()
