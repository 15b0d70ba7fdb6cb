"""Calls that agents make: what the carrier is asked, and what its answer means."""

import asyncio

import pytest

from agent.service.outbound_order import HELD_BACK_S, UNCLEAR_S, OrderState
from agent.service.twilio_http import CarrierError
from tests.service.outbound_office import SID, UNCLEAR, Office, at_work

REFUSED = CarrierError("no", status=400, code=21211, unclear=False)
BUSY = CarrierError("busy", status=429, code=20429, unclear=False)
UNREACHED = CarrierError("nobody there", unclear=False)


def test_the_carrier_is_asked_once_with_all_it_needs() -> None:
    office = Office(", ring: 25s, message: Call us.", "limits: {call: 5m}")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert (order.state, order.call_sid) == (OrderState.PLACED, SID)
        assert office.file.orders["o1"] == order

    at_work(office, work)
    [(_, to, fields)] = office.rest.asked
    assert to == "+15550100001"
    assert fields == {
        "url": "https://x.example/twilio/outbound?order=o1&try=1",
        "time_limit_s": 360,
        "Method": "POST",
        "FallbackUrl": "https://x.example/twilio/outbound?order=o1&try=1",
        "StatusCallback": "https://x.example/twilio/outbound-status?order=o1&try=1",
        "StatusCallbackEvent": ("answered", "completed"),
        "Timeout": 25,
        "MachineDetection": "DetectMessageEnd",
        "AsyncAmd": True,
        "AsyncAmdStatusCallback": "https://x.example/twilio/amd?order=o1&try=1",
    }


@pytest.mark.parametrize(
    ("detect", "fields"), [("sync", {"MachineDetection": "Enable"}), ("off", {})]
)
def test_machines_are_detected_as_the_file_says(detect: str, fields: dict[str, str]) -> None:
    office = Office(f", detect: {detect}")

    async def work() -> None:
        await office.ask()
        await asyncio.sleep(1)

    [(_, _, asked)] = at_work(office, work).rest.asked
    found = {key: value for key, value in asked.items() if "Amd" in key or "Machine" in key}
    assert found == fields


def test_a_call_that_was_transferred_may_last_as_long_as_that_may() -> None:
    more = "tools: [{builtin: transfer}]\ntransfers: {desk: {to: +15550100198}}\n"
    office = Office("", more + "limits: {call: 5m, transferred: 10m}")

    async def work() -> None:
        await office.ask()
        await asyncio.sleep(1)

    [(_, _, asked)] = at_work(office, work).rest.asked
    assert asked["time_limit_s"] == 300 + 600 + 60


def test_an_error_of_ours_ends_one_order_and_no_other() -> None:
    office = Office(", per_second: 50")

    async def work() -> None:
        office.rest.answers = [ZeroDivisionError("a bug")]
        first, second = await office.ask(1), await office.ask(2)
        await asyncio.sleep(2)
        assert (first.state, second.state) == (OrderState.UNCLEAR, OrderState.PLACED)

    assert len(at_work(office, work).rest.asked) == 2


def test_a_refusal_of_the_carrier_is_the_end() -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [REFUSED]
        order = await office.ask()
        await asyncio.sleep(300)
        assert (order.state, order.result) == (OrderState.DONE, "refused_by_carrier")
        assert order.carrier_code == 21211

    assert len(at_work(office, work).rest.asked) == 1


def test_an_answer_that_says_nothing_is_never_followed_by_a_second_request() -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [UNCLEAR]
        order = await office.ask()
        await asyncio.sleep(1)
        assert order.state is OrderState.UNCLEAR
        await asyncio.sleep(30 + UNCLEAR_S + 10)
        assert (order.state, order.result) == (OrderState.DONE, "unclear")

    assert len(at_work(office, work).rest.asked) == 1


@pytest.mark.parametrize("error", [BUSY, UNREACHED])
def test_what_surely_was_not_done_is_done_later(error: Exception) -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [error]
        order = await office.ask()
        await asyncio.sleep(HELD_BACK_S - 1)
        assert len(office.rest.asked) == 1
        await asyncio.sleep(3)
        assert (order.state, order.tries) == (OrderState.PLACED, 1)

    assert len(at_work(office, work).rest.asked) == 2
