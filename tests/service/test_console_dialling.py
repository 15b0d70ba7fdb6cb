"""What the browser's telephone may dial, who may dial, and what a ticket is good for."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.service.auth import SESSION_COOKIE, open_session
from tests.service.browser_phone import TOKEN, Browser, dialled_by, post, with_phone
from tests.service.house import House

pytestmark = pytest.mark.socket


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tenant": "nobody"}, 404),
        ({"tenant": ""}, 404),
        ({"to": "+15550100999"}, 404),
        ({"to": "9" * 10_000}, 404),
        ({}, 404),
        ({"tenant": "shop", "from": "a person"}, 400),
        ({"tenant": "shop", "from": "9" * 500}, 400),
        ({"tenant": 5}, 400),
    ],
)
def test_what_cannot_be_dialled_is_said(body: Any, status: int, tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        found, text = await post(home, session, "/phone/calls", **body)
        assert found == status
        assert len(text) < 100

    with_phone(tmp_path, test)


def test_a_call_outside_the_opening_hours_is_held_and_told_of(tmp_path: Path) -> None:
    today = f"{datetime.now(UTC):%m-%d}"
    (tmp_path / "cafe.yaml").write_text(
        "tenant: cafe\nnumbers: [+15550100102]\nagent: {instructions: Be kind.}\n"
        "hours: {open: {mon-sun: 0:00-24:00}, closed: {say: We sleep.}}\n"
    )
    (tmp_path / "bar.yaml").write_text(
        "tenant: bar\nnumbers: [+15550100103]\nagent: {instructions: Be kind.}\n"
        f"hours: {{holidays: [{today}], closed: {{say: We sleep.}}}}\n"
    )

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for tenant, closed in (("cafe", None), ("bar", "We sleep.")):
            status, dialled = await post(home, session, "/phone/calls", tenant=tenant)
            assert (status, dialled["closed"]) == (200, closed)

    with_phone(tmp_path, test)


def test_when_all_lines_are_taken_the_caller_is_told(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        home.service.draining = True
        status, text = await post(home, session, "/phone/calls", tenant="shop")
        assert (status, text) == (503, "The service is being stopped.\n")
        assert home.service.counters["refused_draining"] == 1
        home.service.draining = False

    with_phone(tmp_path, test)


def test_a_ticket_opens_one_socket_for_one_call(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="shop")
        ticket = dialled["parameters"]["ticket"]
        for change in (
            {"callSid": "CA0"},
            {"customParameters": {"tenant": "office", "ticket": ticket}},
            {"customParameters": {"tenant": "shop"}},
        ):
            async with dialled_by(home, session) as ws:
                await Browser(ws, dialled).start(**change)
                await ws.receive()
                assert ws.close_code == 1008
        assert home.service.counters["answered"] == 0
        async with dialled_by(home, session) as first, dialled_by(home, session) as second:
            await Browser(first, dialled).start()
            await Browser(first, dialled).until("media")
            await Browser(second, dialled).start()
            await second.receive()
            assert second.close_code == 1008
            await Browser(first, dialled).stop()
        await home.quiet(30)

    with_phone(tmp_path, test)


def test_every_route_asks_who_it_is(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for path in (
            "/phone/calls",
            "/phone/calls/CA1/text",
            "/api/calls/CA1/hangup",
            "/api/calls/CA1/transfer",
        ):
            assert (await post(home, session, path))[0] == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await dialled_by(home, session)
        assert caught.value.status == 401
        response = aiohttp.web.Response()
        open_session(response, TOKEN, secure=False, now=datetime.now(UTC).timestamp())
        session.headers["Cookie"] = f"{SESSION_COOKIE}={response.cookies[SESSION_COOKIE].value}"
        assert (await post(home, session, "/phone/calls", tenant="shop"))[0] == 200
        session.headers["Origin"] = "https://elsewhere.example"
        assert (await post(home, session, "/phone/calls", tenant="shop"))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await dialled_by(home, session)
        assert caught.value.status == 403

    with_phone(tmp_path, test, api_token=TOKEN)
