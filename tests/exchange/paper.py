"""A service made of paper, and an exchange that calls it: real sockets in jumping time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from agent.sim.exchange.plan import Account, World
from agent.sim.exchange.switchboard import Switchboard, switchboard
from agent.sim.script import Script, WaitForEnd
from tests.support.patient_loop import run_on_loopback

ACCOUNT = Account("AC" + "a" * 32, "t0ken")
NUMBER, CALLER = "+15550100100", "+15550123456"
PUBLIC = "https://voice.example.com"
STREAM = "<Connect><Stream url='wss://voice.example.com/media'/></Connect>"
STAYS: Script = [WaitForEnd(timeout_s=600)]


@dataclass
class Paper:
    """A service that answers with what it has.

    Attributes:
        pages: documents by path; hangs: paths that are never answered.
        upgrades: the headers of each. ends: how each socket ended, and when it did.
        holds: what is done with a socket, after its upgrade. autoping: see aiohttp.
    """

    pages: dict[str, str]
    hangs: set[str] = field(default_factory=set)
    requests: list[web.BaseRequest] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    upgrades: list[dict[str, str]] = field(default_factory=list)
    ends: list[tuple[float, int | None]] = field(default_factory=list)
    holds: Callable[[web.WebSocketResponse], Awaitable[None]] | None = None
    status: int = 101
    autoping: bool = True

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.hangs:
            await asyncio.Event().wait()
        if "Upgrade" in request.headers:
            return await self.hold(request)
        form = await request.post()
        self.requests.append(request)
        self.forms.append({name: str(value) for name, value in form.items()})
        if request.path not in self.pages:
            return web.Response(status=404)
        text = f"<Response>{self.pages[request.path]}</Response>"
        return web.Response(text=text, content_type="text/xml")

    async def hold(self, request: web.Request) -> web.StreamResponse:
        self.upgrades.append(dict(request.headers))
        if self.status != 101:
            return web.Response(status=self.status)
        ws = web.WebSocketResponse(timeout=0.5, autoping=self.autoping)
        await ws.prepare(request)
        try:
            await (self.holds or until_stop)(ws)
        finally:
            self.ends.append((asyncio.get_running_loop().time(), ws.close_code))
        return ws


async def until_stop(ws: web.WebSocketResponse) -> None:
    """Read until the stream has stopped, or the socket is gone."""
    async for message in ws:
        if message.type is WSMsgType.TEXT and '"stop"' in message.data[:20]:
            await ws.close()


@asynccontextmanager
async def served(paper: Paper) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", paper.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def on_paper(
    paper: Paper, test: Callable[[Switchboard], Awaitable[None]], world: World | None = None
) -> None:
    async def main() -> None:
        async with (
            served(paper) as origin,
            switchboard(ACCOUNT, world, reach={PUBLIC: origin}) as board,
        ):
            board.exchange.add_number(NUMBER, f"{PUBLIC}/voice")
            await test(board)

    run_on_loopback(main())


def codes(board: Switchboard) -> list[int]:
    return [code for code, _, _ in board.exchange.errors]
