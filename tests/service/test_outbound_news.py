"""What the carrier says of calls that agents make, and what follows from it."""

import asyncio

import pytest

from agent.call.effects import Outcome
from agent.service.outbound_order import OrderState
from agent.service.running import Placed
from tests.service.outbound_office import OTHER, SID, UNCLEAR, Office, at_work


def test_a_call_that_was_made_after_all_is_talked_on() -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [UNCLEAR]
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "")
        assert order.state is OrderState.ANSWERED
        assert office.service.placed == {SID: Placed(8.0)}
        [(_, number, about)] = office.announced
        assert (number, about.facts, about.line) == (
            "+15550100001",
            {"name": "Ada"},
            "+15550100100",
        )

    at_work(office, work)


def test_a_busy_line_is_called_again() -> None:
    office = Office(", retries: {most: 1, busy: 5m}")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        await asyncio.sleep(299)
        assert len(office.rest.asked) == 1
        await asyncio.sleep(3)
        assert len(office.rest.asked) == 2
        assert office.rest.asked[1][2]["url"].endswith("&try=2")
        await office.calls.news.ended(order, office.ready, SID, 2, "busy")
        assert order.result == "busy"

    at_work(office, work)


@pytest.mark.parametrize(
    ("who", "joined"),
    [("human", True), ("unknown", True), ("machine_start", False), ("fax", False)],
)
def test_a_machine_that_is_known_at_once_is_hung_up_on(who: str, joined: bool) -> None:
    office = Office(", detect: sync")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, who) is joined
        assert await office.calls.news.answered(order, office.ready, SID, 1, who) is joined

    at_work(office, work)


def test_a_machine_that_is_known_at_once_gets_the_message_alone() -> None:
    office = Office(", detect: sync, message: Call us.")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "machine_end_beep")
        assert office.service.placed == {SID: Placed(8.0, "Call us.", to_machine=True)}

    at_work(office, work)


@pytest.mark.parametrize("who", ["human", "unknown"])
def test_somebody_who_is_no_machine_may_get_the_message_alone(who: str) -> None:
    kind = "person" if who == "human" else who
    office = Office(f", detect: sync, message: Call us., answered: {{{kind}: message}}")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, who)
        assert office.service.placed == {SID: Placed(8.0, "Call us.", to_machine=False)}

    at_work(office, work)


def test_another_call_under_our_order_is_hung_up() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "")
        assert not await office.calls.news.answered(order, office.ready, OTHER, 1, "")
        assert not await office.calls.news.answered(order, office.ready, SID, 2, "")

    at_work(office, work)


def test_a_call_that_cannot_be_taken_any_more_is_hung_up() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        office.refusal = "draining"
        assert not await office.calls.news.answered(order, office.ready, SID, 1, "")

    at_work(office, work)


@pytest.mark.parametrize(
    ("keys", "who", "told"),
    [
        (", message: Call us.", "machine_end_beep", ["Call us. (to a machine)"]),
        (", message: Call us., answered: {person: message}", "human", ["Call us."]),
        (", message: Call us.", "human", []),
        ("", "machine_start", [Outcome.MACHINE]),
        ("", "fax", [Outcome.MACHINE]),
        ("", "unknown", []),
        (", answered: {machine: talk}", "machine_start", []),
    ],
)
def test_what_is_found_out_later_changes_the_call(keys: str, who: str, told: list[str]) -> None:
    office = Office(keys)

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        supervisor = office.runs()
        await office.calls.news.detected(order, office.ready, SID, 1, who)
        await office.calls.news.detected(order, office.ready, SID, 1, "machine_end_beep")
        assert supervisor.told == told

    at_work(office, work)


WHO = {"person": "human", "machine": "machine_start", "fax": "fax", "unknown": "unknown"}


def policy(kind: str, doing: str) -> str:
    """A tenant that does this with these, and never leaves its message to others."""
    others = dict.fromkeys(WHO, "talk") | {kind: doing}
    message = ", message: Call us." if doing == "message" else ""
    return f"{message}, answered: {others}".replace("'", "")


@pytest.mark.parametrize("doing", ["talk", "message", "hang_up"])
@pytest.mark.parametrize("kind", WHO)
def test_whatever_the_file_says_is_done_with_whoever_answers(kind: str, doing: str) -> None:
    known, later = Office(f", detect: sync{policy(kind, doing)}"), Office(policy(kind, doing))

    async def before() -> None:
        order = await known.ask()
        await asyncio.sleep(1)
        joined = await known.calls.news.answered(order, known.ready, SID, 1, WHO[kind])
        assert joined is (doing != "hang_up")
        said = [placed.message for placed in known.service.placed.values()]
        assert said == {"talk": [None], "message": ["Call us."], "hang_up": []}[doing]

    async def meanwhile() -> None:
        order = await later.ask()
        await asyncio.sleep(1)
        supervisor = later.runs()
        await later.calls.news.detected(order, later.ready, SID, 1, WHO[kind])
        is_machine = kind in {"machine", "fax"}
        message = "Call us. (to a machine)" if is_machine else "Call us."
        ended = Outcome.MACHINE if is_machine else Outcome.AGENT_ENDED
        told = {"talk": [], "message": [message], "hang_up": [ended]}[doing]
        assert supervisor.told == told

    at_work(known, before)
    at_work(later, meanwhile)


def test_what_is_found_out_before_the_stream_begins_is_not_lost() -> None:
    office = Office(", message: Call us.")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "")
        await office.calls.news.detected(order, office.ready, SID, 1, "machine_end_other")
        assert office.service.placed == {SID: Placed(8.0, "Call us.", to_machine=True)}
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        assert (office.service.placed, order.result) == ({}, "machine")

    at_work(office, work)


@pytest.mark.parametrize("fails", [False, True])
def test_a_machine_on_a_call_without_a_stream_is_hung_up_at_the_carrier(fails: bool) -> None:
    office = Office()
    office.rest.fails = fails

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await office.calls.news.detected(order, office.ready, SID, 1, "fax")

    assert at_work(office, work).rest.hung_up == [SID]


def test_the_end_of_a_call_ends_what_is_left_of_it() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        supervisor = office.runs()
        await office.calls.news.ended(order, office.ready, SID, 1, "ringing")
        assert supervisor.told == []
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        assert supervisor.told == [Outcome.CALLER_HUNG_UP]
        await office.calls.news.ended(order, office.ready, SID, 1, "failed")
        assert order.result == "completed"

    at_work(office, work)


def test_a_tenant_that_calls_nobody_any_more_ends_no_order_by_its_rules() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        silent = office.ready.tenant.model_copy(update={"outbound": None})
        office.ready.tenant = silent  # type: ignore[misc]
        assert not await office.calls.news.answered(order, office.ready, SID, 1, "human")
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        assert order.state is OrderState.ANSWERED

    at_work(office, work)
