"""A stand-in for the carrier's REST API that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from agent.service.twilio_http import Account, TwilioHttp
from agent.service.twilio_rest import TwilioRest
from tests.support.patient_loop import run_on_loopback

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
LIVE = {"sid": CALL, "status": "in-progress", "from": "+15550100100"}

type Answer = web.Response | BaseException | float


class Carrier:
    """Answers each request with the next of its answers; the last one stays.

    Attributes:
        asked: (method, path below the account, form), in order.
        at: when each came.
        queries: of each.
    """

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.at: list[float] = []
        self.queries: list[dict[str, str]] = []
        self.authorization = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = [(key, str(value)) for key, value in (await request.post()).items()]
        path = request.path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT}/")
        self.asked.append((request.method, path, form))
        self.queries.append(dict(request.query))
        self.at.append(asyncio.get_running_loop().time())
        self.authorization = request.headers["Authorization"]
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return web.json_response(LIVE)
        if isinstance(answer, BaseException):
            assert request.transport is not None
            request.transport.abort()
            raise answer
        return web.Response(body=answer.body, status=answer.status, headers=dict(answer.headers))


def refused(status: int, code: int | None = None, **headers: str) -> web.Response:
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return web.json_response({"code": code, "message": "no"}, status=status, headers=given)


@asynccontextmanager
async def listening(carrier: Carrier) -> AsyncIterator[Account]:
    """The account at this carrier, which answers while the block runs."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", carrier.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Account(ACCOUNT, ACCOUNT, "secret", f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


@asynccontextmanager
async def account_of(carrier: Carrier) -> AsyncIterator[TwilioRest]:
    async with listening(carrier) as account, aiohttp.ClientSession() as session:
        yield TwilioRest(TwilioHttp(account, session, random=lambda: 0.5))


def ask[T](carrier: Carrier, request: Callable[[TwilioRest], Awaitable[T]]) -> T:
    async def main() -> T:
        async with account_of(carrier) as rest:
            return await request(rest)

    return run_on_loopback(main())


def create(rest: TwilioRest) -> Awaitable[Any]:
    return rest.create_call(
        "+15550100199",
        "+15550100100",
        twiml="<Response/>",
        time_limit_s=600,
        StatusCallbackEvent=["initiated", "completed"],
        AsyncAmd=True,
        Timeout=None,
    )
