"""Calls asked for by the API: who may ask, and what is told where no call is made."""

from pathlib import Path
from typing import Any

import pytest

from tests.service.outbound_desk import ASKED, SELLER, Desk, at_desk

pytestmark = pytest.mark.socket


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"tenant": "nobody"}, 404, "unknown_tenant"),
        ({"tenant": "shop"}, 422, "no_outbound"),
        ({"to": "5550100199"}, 422, "bad_number"),
        ({"to": "+4930123456"}, 422, "number_refused"),
        ({"to": "+15550100666"}, 422, "do_not_call"),
        ({"zone": None}, 422, "zone_needed"),
        ({"zone": "Mars"}, 422, "unknown_zone"),
        ({"context": {"no word": 1}}, 422, "bad_context"),
        ({"context": {"name": "x" * 81}}, 422, "bad_context"),
        ({"context": {f"f{n}": n for n in range(51)}}, 422, "bad_context"),
    ]

    async def test(desk: Desk) -> None:
        for change, status, code in cases:
            found, answer = await desk.ask({**ASKED, **change})
            assert (found, answer["error"]) == (status, code)
            assert answer["message"]
        bodies: tuple[object, ...] = ([], {}, {"tenant": "seller"}, {**ASKED, "urgent": True})
        for body in bodies:
            assert (await desk.ask(body))[0] == 400
        assert (await desk.ask({**ASKED, "context": [1]}))[0] == 400
        assert desk.carrier.asked == []

    at_desk(tmp_path, test, never="+15550100666\n")


def test_a_list_that_cannot_be_read_calls_nobody(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (503, "no_list")
        assert desk.home.lines("outbound.no_list")

    at_desk(tmp_path, test, never="somebody\n")


def test_outside_the_hours_it_is_said_from_when_on(tmp_path: Path) -> None:
    text = SELLER.replace("{mon-sun: '0:00-24:00'}", "{mon: '0:00-0:01'}")

    async def test(desk: Desk) -> None:
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (422, "outside_hours")
        assert answer["until"].endswith("Z")

    at_desk(tmp_path, test, text=text)


def test_a_key_is_for_one_call(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask(key="k"))[0] == 202
        assert (await desk.ask(key="k"))[0] == 200
        status, answer = await desk.ask({**ASKED, "to": "+15550100198"}, key="k")
        assert (status, answer["error"]) == (409, "key_reused")
        status, answer = await desk.ask(key="k" * 201)
        assert (status, answer["error"]) == (422, "bad_key")

    at_desk(tmp_path, test)


def test_without_an_account_there_are_no_calls(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (503, "no_account")
        async with desk.session.get(f"{desk.home.origin}/api/orders/x") as response:
            assert response.status == 404
        document = await desk.carrier_asks(f"{desk.home.origin}/twilio/outbound", CallSid="CA1")
        assert "<Hangup" in document

    at_desk(tmp_path, test, carrier=None)


def test_a_service_that_goes_down_takes_no_order(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.home.service.draining = True
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (503, "draining")

    at_desk(tmp_path, test)


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask())[0] == 401
        assert (await desk.ask(Authorization="Bearer wrong"))[0] == 401
        assert (await desk.ask(Authorization="Bearer right"))[0] == 202
        async with desk.session.get(f"{desk.home.origin}/api/orders/x") as response:
            assert response.status == 401

    at_desk(tmp_path, test, api_token="right")
