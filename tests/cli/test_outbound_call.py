"""`seamline call +1555...`: a service is asked for a call, and watched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from agent.cli import outbound_call
from agent.errors import ConfigError
from tests.cli.command import Command
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

BODY = {"tenant": "shop", "to": "+15550100199", "context": {"name": "Ada"}}
HEADERS = {"Idempotency-Key": "k", "Authorization": "Bearer t"}
ORDER = {"id": "o1", "state": "waiting", "tries": 0, "call": None, "result": None}

type Answer = web.Response | Exception


def order(state: str, **more: Any) -> web.Response:
    return web.json_response({**ORDER, "state": state, **more})


class Api:
    """Answers the request for a call, then each look with the next of its answers."""

    def __init__(self, first: Answer, *looks: Answer) -> None:
        self.answers = [first, *looks]
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path, body, dict(request.headers)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            assert request.transport is not None
            request.transport.abort()
            raise answer
        return web.Response(body=answer.body, status=answer.status)


@asynccontextmanager
async def listening(api: Api) -> AsyncIterator[URL]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield URL(f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


def ordered(api: Api, *, watch: bool = True) -> int:
    async def main() -> int:
        async with listening(api) as url:
            return await outbound_call._order(url, BODY, HEADERS, watch=watch)

    return run_on_loopback(main())


def test_a_call_is_watched_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    done = order("done", result="completed", answered_by="person", tries=2, call="CA1")
    api = Api(web.json_response(ORDER, status=202), order("placed", call="CA1"), order("placed",
              call="CA1"), ConnectionResetError(), done)  # fmt: skip
    assert ordered(api) == 0
    assert capsys.readouterr().out.splitlines() == [
        "order o1",
        "waiting",
        "placed, CA1",
        "done, completed, answered by person, try 2, CA1",
    ]
    method, path, body, headers = api.asked[0]
    assert (method, path, body) == ("POST", "/api/calls", BODY)
    assert (headers["Idempotency-Key"], headers["Authorization"]) == ("k", "Bearer t")
    assert api.asked[1][:2] == ("GET", "/api/orders/o1")


def test_a_call_that_came_to_nothing_is_an_error_of_the_command() -> None:
    failed = order("done", result="refused_by_carrier", carrier_code=21211)
    assert ordered(Api(web.json_response(ORDER, status=202), failed)) == 1
    assert ordered(Api(web.json_response(ORDER, status=202), order("done", result="machine"))) == 0


def test_one_need_not_watch() -> None:
    api = Api(web.json_response(ORDER, status=202))
    assert ordered(api, watch=False) == 0
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (web.json_response({"message": "no such number"}, status=422), "no such number"),
        (
            web.json_response(
                {"message": "it is night", "until": "2026-11-23T14:00:00Z"}, status=422
            ),
            "it is night (possible from 2026-11-23T14:00:00Z on)",
        ),
        (web.Response(text="no\n", status=401), "the service asks for its token"),
        (web.Response(text="SEAMLINE_API_TOKEN is not set\n", status=404), "SEAMLINE_API_TOKEN is"),
        (web.Response(status=500), "HTTP 500"),
        (web.Response(body=b"\xff[1]", status=502), "[1]"),
    ],
)
def test_why_nobody_was_called_is_said(
    answer: web.Response, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ordered(Api(answer)) == 1
    assert said in capsys.readouterr().out


def test_a_service_that_is_gone_is_told() -> None:
    with pytest.raises(ConfigError, match="is the service there"):
        ordered(Api(ConnectionResetError()))
    with pytest.raises(ConfigError, match="the call may go on"):
        ordered(Api(web.json_response(ORDER, status=202), ConnectionResetError()))
    gone = web.Response(text="no such order", status=404)
    with pytest.raises(ConfigError, match="no such order"):
        ordered(Api(web.json_response(ORDER, status=202), gone))


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the command would ask for."""
    asked: list[tuple[Any, ...]] = []

    async def noted(url: URL, body: Any, headers: Any, *, watch: bool) -> int:
        asked.append((str(url), body, headers, watch))
        return 0

    monkeypatch.setattr(outbound_call, "_order", noted)
    monkeypatch.delenv("SEAMLINE_API_TOKEN", raising=False)
    return asked


@pytest.fixture
def seamline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def test_the_command_says_what_it_wants(
    asks: list[tuple[Any, ...]], seamline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAMLINE_API_TOKEN", "secret")
    done = seamline("call", "+15550100199", "--tenant", "shop", "--context", "name=Ada=Eve",
                    "--zone", "America/New_York", "--key", "k", "--no-watch")  # fmt: skip
    assert done.code == 0
    [(url, body, headers, watch)] = asks
    assert (url, watch) == ("http://127.0.0.1:8080", False)
    assert body == {
        "tenant": "shop",
        "to": "+15550100199",
        "zone": "America/New_York",
        "context": {"name": "Ada=Eve"},
    }
    assert headers == {"Idempotency-Key": "k", "Authorization": "Bearer secret"}


def test_each_command_has_a_key_of_its_own(asks: list[tuple[Any, ...]], seamline: Command) -> None:
    seamline("call", "+15550100199")
    seamline("call", "+15550100199")
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in asks}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["+15550100199", "--context", "name"], "write it as name=value"),
        (["+15550100199", "--context", "=x"], "write it as name=value"),
        (["+15550100199", "--service", "nowhere"], "write it as http://127.0.0.1:8080"),
        (["+15550100199", "--local"], "--local calls the service itself"),
        (
            ["+15550100199", "--service", "http://voice.example.com", "--token", "t"],
            "the token would travel in clear",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(
    arguments: list[str], said: str, asks: list[tuple[Any, ...]], seamline: Command
) -> None:
    done = seamline("call", *arguments)
    assert (done.code, asks) == (2, [])
    assert said in done.err[0]
