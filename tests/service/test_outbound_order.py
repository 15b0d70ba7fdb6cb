"""An order is a state machine: whatever the carrier says, in whatever order, one call is made."""

import pytest

from agent.service.outbound_order import (
    FINAL,
    HELD_BACK_S,
    NEWS_S,
    UNCLEAR_S,
    Order,
    OrderState,
    answered_by_of,
)
from agent.tenants.outbound import Retries

SID, OTHER = "CA" + "1" * 32, "CA" + "2" * 32
NEVER = Retries()
AGAIN = Retries(most=1, busy=300.0, no_answer=3600.0)


def order() -> Order:
    return Order("o1", "shop", "+15550100199", "America/New_York", "https://x.example", 0.0)


def state_of(made: Order) -> str:
    return made.state.value


def placed() -> Order:
    made = order()
    made.place(30.0, 10.0)
    made.placed(SID, 600.0, 11.0)
    return made


def test_a_call_is_made_answered_and_over() -> None:
    made = order()
    assert not made.active
    made.place(30.0, 10.0)
    assert (made.state, made.tries, made.until) == (OrderState.PLACING, 1, 40.0 + UNCLEAR_S)
    made.placed(SID, 600.0, 11.0)
    assert (made.state, made.until) == (OrderState.PLACED, 611.0 + NEWS_S)
    assert made.fetched(SID, 1, 600.0, 20.0)
    assert made.state is OrderState.ANSWERED
    assert made.heard("person", SID, 1)
    assert not made.heard("machine", SID, 1), "the first word counts"
    assert made.ended("completed", SID, 1, NEVER, 60.0)
    assert (made.state, made.result, made.active) == (OrderState.DONE, "completed", False)
    assert not made.ended("failed", SID, 1, NEVER, 61.0), "what is over stays over"


def test_the_carrier_may_ask_before_it_answers() -> None:
    made = order()
    made.place(30.0, 10.0)
    assert made.fetched(SID, 1, 600.0, 10.5)
    made.placed(SID, 600.0, 11.0)
    assert (made.state, made.call_sid) == (OrderState.ANSWERED, SID)


def test_the_end_may_come_before_the_answer_to_our_request() -> None:
    made = order()
    made.place(30.0, 10.0)
    assert made.ended("failed", SID, 1, NEVER, 10.5)
    made.placed(OTHER, 600.0, 11.0)
    assert (made.state, made.result, made.call_sid) == (OrderState.DONE, "failed", SID)


def test_an_unclear_answer_is_never_asked_again_and_the_call_may_still_come() -> None:
    made = order()
    made.place(30.0, 10.0)
    made.unclear()
    assert state_of(made) == "unclear"
    assert not made.give_up(10.0 + 30.0)
    assert made.fetched(SID, 1, 600.0, 20.0)
    made.unclear()
    assert made.state is OrderState.ANSWERED


def test_an_unclear_answer_with_nothing_after_it_is_the_end() -> None:
    made = order()
    made.place(30.0, 10.0)
    made.unclear()
    assert made.give_up(made.until)
    assert (made.state, made.result) == (OrderState.DONE, "unclear")
    assert not made.give_up(1e9)


def test_after_a_restart_nobody_knows_what_was_being_asked() -> None:
    made = order()
    made.found_after_restart()
    assert state_of(made) == "waiting"
    made.place(30.0, 10.0)
    made.found_after_restart()
    assert made.state is OrderState.UNCLEAR


def test_what_was_surely_not_made_is_made_later_and_counts_for_no_try() -> None:
    made = order()
    made.place(30.0, 10.0)
    made.held_back(12.0)
    assert (made.state, made.due, made.tries) == (OrderState.WAITING, 12.0 + HELD_BACK_S, 0)
    made.held_back(99.0)
    assert made.due == 12.0 + HELD_BACK_S


@pytest.mark.parametrize(("status", "wait_s"), [("busy", 300.0), ("no-answer", 3600.0)])
def test_a_call_that_nobody_answered_is_made_again_as_often_as_the_file_says(
    status: str, wait_s: float
) -> None:
    made = placed()
    assert made.ended(status, SID, 1, AGAIN, 50.0)
    assert (made.state, made.due) == (OrderState.WAITING, 50.0 + wait_s)
    assert not made.ended(status, SID, 1, AGAIN, 51.0), "said twice"
    made.place(30.0, 4000.0)
    assert made.call_sid is None
    assert not made.ended("completed", SID, 1, AGAIN, 4001.0), "of the first try"
    assert not made.fetched(SID, 1, 600.0, 4001.0)
    assert made.ended(status, OTHER, 2, AGAIN, 4040.0)
    assert (made.state, made.result) == (OrderState.DONE, status)


def test_what_the_file_does_not_name_is_not_tried_again() -> None:
    for status, retries in (("failed", AGAIN), ("busy", NEVER), ("canceled", AGAIN)):
        made = placed()
        assert made.ended(status, SID, 1, retries, 50.0)
        assert made.result == status


def test_a_call_that_was_answered_is_not_made_again() -> None:
    made = placed()
    assert made.fetched(SID, 1, 600.0, 20.0)
    assert made.ended("failed", SID, 1, Retries(most=3, failed=60.0), 50.0)
    assert made.result == "failed"


@pytest.mark.parametrize("who", ["machine", "fax"])
def test_a_machine_is_a_result_of_its_own(who: str) -> None:
    made = placed()
    assert made.heard(who, SID, 1)  # type: ignore[arg-type]
    assert made.ended("completed", SID, 1, NEVER, 50.0)
    assert made.result == who


def test_another_call_than_ours_is_none_of_this_order() -> None:
    made = placed()
    assert not made.fetched(OTHER, 1, 600.0, 20.0)
    assert not made.heard("person", OTHER, 1)
    assert not made.ended("completed", OTHER, 1, NEVER, 20.0)
    assert not order().fetched(SID, 0, 600.0, 0.0)
    assert not order().heard("person", SID, 0)


@pytest.mark.parametrize("status", ["", "queued", "ringing", "in-progress", "exploded"])
def test_what_is_no_end_changes_nothing(status: str) -> None:
    made = placed()
    assert status not in FINAL
    assert not made.ended(status, SID, 1, NEVER, 20.0)


def test_an_order_that_is_refused_is_done() -> None:
    made = order()
    made.refused("do_not_call")
    assert (made.state, made.result) == (OrderState.DONE, "do_not_call")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("human", "person"),
        ("fax", "fax"),
        ("machine_start", "machine"),
        ("machine_end_beep", "machine"),
        ("machine_end_silence", "machine"),
        ("unknown", "unknown"),
        ("", "unknown"),
        ("oracle", "unknown"),
    ],
)
def test_the_carrier_s_words_are_understood(text: str, who: str) -> None:
    assert answered_by_of(text) == who
