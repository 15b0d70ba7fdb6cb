"""The record of a call that never came to the agent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from agent.call.cost import CallPrices, CarrierPrices
from agent.call.effects import Outcome
from agent.observe.carrier_news import CarrierNews
from agent.observe.missed import Missed, MissedCall, is_missed, missed_record
from agent.observe.personal import less_personal
from agent.observe.record_schema import Continuity, Usage
from tests.store.records import FULL

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CALL = MissedCall("CA1", "shop", "outbound", "+15550100199", "+15550100100", NOON)
RANG = NOON + timedelta(seconds=25)
PRICES = CallPrices(carrier=CarrierPrices(Decimal("0.02")), exact=True, dated="2026-11-21")


def test_it_says_who_was_called_when_by_whom_and_why_nobody_talked() -> None:
    found = missed_record(CALL, Missed.NO_ANSWER, RANG, generation=3)
    assert (found.call_id, found.tenant, found.generation) == ("CA1", "shop", 3)
    assert (found.direction, found.caller, found.line) == (
        "outbound", "+15550100199", "+15550100100"
    )  # fmt: skip
    assert (found.began_at, found.ended_at, found.outcome) == (NOON, RANG, "no_answer")
    assert (found.turns, found.duration_s, found.conversation, found.timeline) == (0, 0.0, (), ())
    assert (found.usage, found.continuity) == (Usage(), Continuity())
    assert (found.ready_s, found.first_audio_s, found.cost) == (None, None, None)


def test_it_has_what_the_carrier_told() -> None:
    news = CarrierNews(call_id="CA1", status="no-answer", duration_s=0, sip_code=480)
    told = missed_record(CALL, Missed.NO_ANSWER, RANG, news=news).carrier
    assert (told.status, told.duration_s, told.sip_code) == ("no-answer", 0, 480)


@pytest.mark.parametrize(("seconds", "carrier"), [(None, "0"), (0, "0"), (1, "0.02"), (61, "0.04")])
def test_it_costs_the_carrier_s_minutes_and_no_model(seconds: int | None, carrier: str) -> None:
    news = CarrierNews(call_id="CA1", duration_s=seconds)
    cost = missed_record(CALL, Outcome.MACHINE, RANG, news=news, prices=PRICES).cost
    assert cost is not None
    assert (cost.model, cost.carrier, cost.total) == tuple(map(Decimal, ("0", carrier, carrier)))
    assert (cost.exact, cost.prices_dated) == (True, "2026-11-21")


def test_without_a_price_none_is_said() -> None:
    assert missed_record(CALL, Missed.BUSY, RANG, prices=CallPrices()).cost is None


def test_it_does_not_end_before_it_began() -> None:
    early = NOON - timedelta(seconds=5)
    assert missed_record(CALL, Missed.BUSY, early).ended_at == NOON


def test_its_number_is_personal() -> None:
    assert less_personal(missed_record(CALL, Missed.BUSY, RANG)).caller is None


def test_it_is_told_from_a_call_that_was_talked() -> None:
    assert is_missed(missed_record(CALL, Missed.BUSY, RANG))
    assert not is_missed(FULL)


def test_no_reason_is_called_as_an_outcome() -> None:
    assert not {*Missed} & {*Outcome}
