"""What the carrier tells of calls: known to their records, or brought after them."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from agent.observe.carrier_news import LONGEST_ERROR, CarrierNews
from agent.observe.record_schema import Transfer
from agent.service.carrier_facts import CarrierFacts
from agent.service.running import RunningCall

RUNNING = cast(RunningCall, SimpleNamespace(id="CA1", tenant="shop"))
REPORT = cast(Any, None)
KITCHEN = Transfer(target="kitchen", address="+15550100198")


class Kept:
    """Facts, and what of them came late."""

    def __init__(self, most: int = 10) -> None:
        self.facts = CarrierFacts(most)
        self.late: list[CarrierNews] = []
        self.facts.late = self.late.append


def test_what_is_told_of_a_running_call_waits_for_its_record() -> None:
    kept = Kept()
    kept.facts.began(RUNNING)
    kept.facts.stream_failed("CA1", "31903\nbroken pipe")
    assert kept.late == []
    assert kept.facts.of("CA1") == CarrierNews(call_id="CA1", stream_errors=("31903 broken pipe",))
    assert kept.facts.of("CA2") is None


def test_what_is_told_after_the_record_is_brought_after_it_once() -> None:
    kept = Kept()
    kept.facts.began(RUNNING)
    kept.facts.ended(RUNNING, REPORT)
    for _ in range(2):
        kept.facts.call_over("CA1", "completed", "71", "")
    told = CarrierNews(call_id="CA1", tenant="shop", status="completed", duration_s=71)
    assert kept.late == [told]


@pytest.mark.parametrize(
    ("text", "number"), [("487", 487), ("", None), ("-1", None), ("²", None), ("9" * 10, None)]
)
def test_numbers_are_taken_when_they_are_numbers(text: str, number: int | None) -> None:
    kept = Kept()
    kept.facts.call_over("CA1", "failed", text, text)
    found = kept.facts.of("CA1")
    assert found is not None
    assert (found.duration_s, found.sip_code) == (number, number)


def test_what_nobody_can_keep_is_nothing() -> None:
    kept = Kept()
    kept.facts.call_over("", "completed", "1", "")
    kept.facts.stream_failed("CA1", " ")
    kept.facts.transfer_over("CA1", None, "busy")
    kept.facts.passed_on("CA2", KITCHEN)
    kept.facts.transfer_over("CA2", 7, "busy")
    assert [news.call_id for news in kept.late] == ["CA2"]
    assert kept.facts.of("CA1") is None
    CarrierFacts().call_over("CA1", "completed", "1", "")  # where no records are kept


def test_the_words_of_an_error_have_a_bound() -> None:
    kept = Kept()
    kept.facts.stream_failed("CA1", "x" * 1000)
    assert kept.late[0].stream_errors == ("x" * LONGEST_ERROR,)


def test_attempts_are_numbered_and_each_has_its_own_end() -> None:
    kept = Kept()
    kept.facts.began(RUNNING)
    assert [kept.facts.passed_on("CA1", KITCHEN) for _ in range(3)] == [0, 1, 2]
    kept.facts.transfer_over("CA1", 1, "busy")
    kept.facts.transfer_over("CA1", None, "answered", "12")
    kept.facts.transfer_over("CA1", 1, "busy")
    found = kept.facts.of("CA1")
    assert found is not None
    assert found.transfers == {
        0: KITCHEN,
        1: replace(KITCHEN, ended="busy"),
        2: replace(KITCHEN, ended="answered", talked_s=12),
    }


def test_the_oldest_calls_are_forgotten_first() -> None:
    kept = Kept(most=2)
    for n in range(3):
        kept.facts.call_over(f"CA{n}", "completed", "", "")
    assert [kept.facts.of(f"CA{n}") is None for n in range(3)] == [True, False, False]


def test_a_call_that_ends_twice_or_never_began_keeps_its_tenant() -> None:
    kept = Kept()
    for _ in range(2):
        kept.facts.ended(RUNNING, REPORT)
    assert kept.facts.of("CA1") == CarrierNews(call_id="CA1", tenant="shop")
