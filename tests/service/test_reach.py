"""Whether this very process is reached under its public address."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from agent.service.reach import INSTANCE_HEADER, NotReached, check_reach
from tests.support import tls
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

OK = web.Response(text="ok", headers={INSTANCE_HEADER: "me"})


async def refuses(request: web.Request) -> web.StreamResponse:
    raise web.HTTPForbidden


async def takes(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    return socket


async def never(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1000)
    raise AssertionError


async def breaks(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    raise ConnectionResetError


def answers(response: web.Response) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=response.body, status=response.status, headers=dict(response.headers)
        )

    return answer


def reach(
    health: Callable[[web.Request], Awaitable[web.StreamResponse]],
    media: Callable[[web.Request], Awaitable[web.StreamResponse]] = refuses,
) -> None:
    async def main() -> None:
        app = web.Application()
        app.router.add_get("/healthz", health)
        app.router.add_get("/twilio/media/1", media)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            await check_reach(f"http://127.0.0.1:{runner.addresses[0][1]}", "me")
        finally:
            await runner.cleanup()

    run_on_loopback(main())


def test_we_are_reached() -> None:
    reach(answers(OK))


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (answers(web.Response(text="ok", headers={INSTANCE_HEADER: "he"})), "another service"),
        (answers(web.Response(text="ok")), "another service answers"),
        (answers(web.Response(status=502)), "HTTP 502: does the front end"),
        (answers(web.Response(status=301, headers={"Location": "/"})), "it redirects"),
        (never, "TimeoutError"),
        (breaks, "healthz: "),
    ],
)
def test_what_answers_instead_is_told(
    health: Callable[[web.Request], Awaitable[web.StreamResponse]], said: str
) -> None:
    with pytest.raises(NotReached, match=said):
        reach(health)


@pytest.mark.parametrize(
    ("media", "said"),
    [
        (answers(web.Response(status=426)), "HTTP 426 to an upgrade"),
        (takes, "an upgrade that nobody signed was taken"),
        (breaks, "media/1: "),
    ],
)
def test_websockets_must_come_through_as_well(
    media: Callable[[web.Request], Awaitable[web.StreamResponse]], said: str
) -> None:
    with pytest.raises(NotReached, match=said):
        reach(answers(OK), media)


def test_a_certificate_that_nobody_trusts_is_told(tmp_path: Path) -> None:
    ours, _ = tls.contexts(tmp_path)

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/healthz", answers(OK))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ours).start()
        try:
            await check_reach(f"https://127.0.0.1:{runner.addresses[0][1]}", "me")
        finally:
            await runner.cleanup()

    with pytest.raises(NotReached, match="its certificate is not trusted"):
        run_on_loopback(main())


def test_nobody_there_is_told() -> None:
    with pytest.raises(NotReached, match=r"127\.0\.0\.1"):
        run_on_loopback(check_reach("http://127.0.0.1:1", "me"))
