"""Calls that agents make and that never come to them: told of once for each try."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from agent.call.effects import Outcome
from agent.observe.missed import Missed, MissedCall
from agent.service.outbound_order import NEWS_S, UNCLEAR_S, Order
from tests.service.outbound_office import EPOCH, OTHER, SID, UNCLEAR, Office, at_work

LONGEST_S = 3600.0


def whys(office: Office) -> list[tuple[str, str]]:
    return [(call.call_id, why) for call, why, _ in office.missed]


def placed(office: Office, then: Callable[[Order], Awaitable[None]]) -> Office:
    """Place a call, and a second later do something."""

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await then(order)

    return at_work(office, work)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("busy", Missed.BUSY),
        ("no-answer", Missed.NO_ANSWER),
        ("failed", Missed.UNREACHABLE),
        ("canceled", Missed.CANCELED),
        ("completed", Outcome.CALLER_HUNG_UP),
    ],
)
def test_a_call_that_nobody_talked_on_is_told_of_with_who_and_when(status: str, why: str) -> None:
    office = Office()

    async def then(order: Order) -> None:
        await office.calls.news.ended(order, office.ready, SID, 1, "ringing")
        assert office.missed == []
        await asyncio.sleep(20)
        for _ in range(2):
            await office.calls.news.ended(order, office.ready, SID, 1, status)
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")

    placed(office, then)
    [(call, told, ended_at)] = office.missed
    assert told == why
    assert (call.call_id, call.tenant, call.direction) == (SID, "shop", "outbound")
    assert (call.caller, call.line) == ("+15550100001", "+15550100100")
    began_s = (call.began_at - datetime.fromtimestamp(EPOCH, UTC)).total_seconds()
    assert 0 <= began_s < 1
    assert 20 <= (ended_at - call.began_at).total_seconds() < 22


def test_each_try_is_a_call_of_its_own() -> None:
    office = Office(", retries: {most: 1, busy: 5m}")

    async def then(order: Order) -> None:
        office.rest.answers = [OTHER]
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        await asyncio.sleep(310)
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        await office.calls.news.ended(order, office.ready, OTHER, 2, "no-answer")

    placed(office, then)
    assert whys(office) == [(SID, "busy"), (OTHER, "no_answer")]
    first, second = (call.began_at for call, _, _ in office.missed)
    assert (second - first).total_seconds() >= 300


@pytest.mark.parametrize("detected", ["before", "after"])
def test_a_machine_that_is_hung_up_on_before_its_stream_is_called_that(detected: str) -> None:
    office = Office(f", detect: {'sync' if detected == 'before' else 'async'}")

    async def then(order: Order) -> None:
        news, who = office.calls.news, "machine_start"
        await news.answered(order, office.ready, SID, 1, who if detected == "before" else "")
        if detected == "after":
            await news.detected(order, office.ready, SID, 1, who)
        await news.ended(order, office.ready, SID, 1, "completed")

    assert whys(placed(office, then)) == [(SID, "machine")]


@pytest.mark.parametrize(
    ("reason", "why"),
    [("draining", "turned_away"), ("spent", "spent"), (None, "caller_hung_up")],
)
def test_who_answered_and_was_not_joined_is_told_of_with_why(reason: str | None, why: str) -> None:
    office = Office()

    async def then(order: Order) -> None:
        office.refusal = reason
        await office.calls.news.answered(order, office.ready, SID, 1, "human")
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")

    assert whys(placed(office, then)) == [(SID, why)]


def test_a_person_whom_the_file_has_nobody_talk_to_is_turned_away() -> None:
    office = Office(", detect: sync, answered: {person: hang_up}")

    async def then(order: Order) -> None:
        await office.calls.news.answered(order, office.ready, SID, 1, "human")
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")

    assert whys(placed(office, then)) == [(SID, "turned_away")]


def test_a_call_of_which_the_carrier_tells_no_more_is_unclear() -> None:
    office = Office()

    async def then(order: Order) -> None:
        office.passed_s = LONGEST_S + NEWS_S
        await asyncio.sleep(10)
        assert order.result == "unclear"
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")

    assert whys(placed(office, then)) == [(SID, "unclear")]


def test_a_call_that_may_never_have_been_made_is_none() -> None:
    office = Office()
    office.rest.answers = [UNCLEAR]

    async def then(order: Order) -> None:
        office.passed_s = LONGEST_S + UNCLEAR_S
        await asyncio.sleep(10)
        assert order.result == "unclear"

    assert placed(office, then).missed == []


def test_a_call_of_a_tenant_that_is_gone_is_told_of_without_its_number() -> None:
    office = Office()

    async def then(order: Order) -> None:
        del office.service.tenants.by_name["shop"]
        office.passed_s = LONGEST_S + NEWS_S
        await asyncio.sleep(10)

    placed(office, then)
    [(call, why, _)] = office.missed
    assert (why, call.line, call.caller) == ("unclear", None, "+15550100001")


def after_a_restart(office: Office, then: Callable[[Order], Awaitable[None]]) -> None:
    """Do something with the order in another process."""
    office.again()

    async def work() -> None:
        await asyncio.sleep(1)
        [order] = office.calls._book.active()
        await then(order)

    at_work(office, work)


def test_a_call_that_rang_when_the_process_ended_is_told_of_by_the_next() -> None:
    office, began = Office(), list[datetime]()

    async def nothing(order: Order) -> None:
        began.append(datetime.fromtimestamp(order.tried_at, UTC))

    async def then(order: Order) -> None:
        await office.calls.news.ended(order, office.ready, SID, 1, "no-answer")

    placed(office, nothing)
    after_a_restart(office, then)
    assert [(call.began_at, why) for call, why, _ in office.missed] == [(began[0], "no_answer")]


@pytest.mark.parametrize("end", ["told", "never told"])
def test_what_another_process_answered_is_not_told_of_again(end: str) -> None:
    office = Office()

    async def answered(order: Order) -> None:
        await office.calls.news.answered(order, office.ready, SID, 1, "")

    async def then(order: Order) -> None:
        if end == "told":
            await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        else:
            office.passed_s = LONGEST_S + NEWS_S
            await asyncio.sleep(10)
        assert order.result in {"completed", "unclear"}

    placed(office, answered)
    after_a_restart(office, then)
    assert office.missed == []


def test_an_order_of_an_earlier_version_began_when_it_is_told_of() -> None:
    office = Office()

    async def then(order: Order) -> None:
        order.tried_at = 0.0
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")

    placed(office, then)
    [(call, _, ended_at)] = office.missed
    assert isinstance(call, MissedCall)
    assert call.began_at == ended_at
