"""A call that must not cost too much, in virtual time."""

import json
from decimal import Decimal
from typing import Any

import pytest

from agent.call import prompts
from agent.call.allowance import SpendingPlan
from agent.call.core import CallPlan, CallState
from agent.call.cost import CallPrices, CarrierPrices, ModelPrices
from agent.call.effects import HangUp, Outcome
from agent.call.idle import IdlePolicy
from tests.call.line import Line, content, opened

PATIENT = IdlePolicy(None, "", None)
PRICES = CallPrices(ModelPrices(input={"TEXT": Decimal(1)}), CarrierPrices(Decimal("0.001")))


def plan(per_call: str, **others: Any) -> CallPlan:
    spending = SpendingPlan(Decimal(per_call), **others)
    return CallPlan("b", idle=PATIENT, prices=PRICES, spending=spending, wrap_up_s=15.0)


def turn(line: Line, prompt_tokens: int) -> None:
    """The model says something and is billed for it."""
    line.speak(1.0, "Well.", complete=False)
    line.run(0.5)
    usage = {"promptTokenCount": prompt_tokens}
    line.model(
        content(generationComplete=True), content(turnComplete=True) | {"usageMetadata": usage}
    )
    line.run(1.5)


def test_the_report_has_the_bills_and_the_minutes() -> None:
    line = opened(plan("1"))
    turn(line, 2000)
    turn(line, 3000)
    line.run(60.0)
    report = line.call.report(line.now)
    assert report.usage.prompt_tokens == 5000
    assert report.cost.total == Decimal("0.007")  # two minutes have begun
    assert line.call.spent(line.now) == report.cost.total
    line.hang_up()
    assert line.call.spent(line.now + 1000) == Decimal("0.007")
    assert line.call.report(line.now + 1000).cost.total == Decimal("0.007")


def test_a_call_that_has_not_begun_costs_nothing() -> None:
    line = Line(plan("1"))
    assert line.call.spent(line.now) == 0
    line.call.wrap_up(line.now)
    assert line.call.state is CallState.NEW


def test_the_agent_says_good_bye_before_the_money_is_spent() -> None:
    line = opened(plan("0.01"))
    turn(line, 3000)
    assert line.texts == []
    turn(line, 4000)
    assert line.texts == [prompts.WRAP_UP]
    assert line.entry("call.wrap_up") == {"outcome": Outcome.SPENT}
    asked_at = line.now
    line.speak(2.0, "Good-bye.")
    line.run(40.0)
    assert line.call.outcome is Outcome.SPENT
    [(ended_at, _)] = [(at, e) for at, e in line.effects if isinstance(e, HangUp)]
    assert ended_at - asked_at < 15.5
    assert line.call.report(line.now).cost.total < Decimal("0.0101")


def test_the_good_bye_is_asked_for_once() -> None:
    line = opened(plan("0.01"))
    turn(line, 9000)
    assert line.entry("spending.warned") == {"usd": "0.010000"}
    line.call.wrap_up(line.now)
    turn(line, 9000)
    assert line.texts == [prompts.WRAP_UP]


def test_a_call_near_its_longest_duration_is_not_hurried_again() -> None:
    line = opened(CallPlan("b", idle=PATIENT, max_call_s=30.0, wrap_up_s=20.0))
    line.run(10.5)
    assert line.texts == [prompts.WRAP_UP]
    line.call.wrap_up(line.now)
    line.run(40.0)
    assert line.call.outcome is Outcome.LIMIT


def test_whoever_watches_the_day_s_money_may_end_a_call_politely() -> None:
    line = opened(CallPlan("b", idle=PATIENT, wrap_up_s=0.0))
    line.call.wrap_up(line.now)
    line.run(0.1)
    assert line.texts == [prompts.WRAP_UP]
    line.run(30.0)
    assert line.call.outcome is Outcome.SPENT
    line.call.wrap_up(line.now)
    assert line.names().count("call.wrap_up") == 1


@pytest.mark.parametrize(("context", "tokens"), [(8000, 5000), (20_000, 10_000)])
def test_the_model_is_made_to_keep_less_in_mind(context: int, tokens: int) -> None:
    line = opened(plan("0.02", warn_at=Decimal("0.2"), compresses=True))
    line.model({"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}})
    turn(line, context)
    line.run(10.0)
    assert line.entry("spending.compressed") == {"tokens": tokens}
    setup = [message["setup"] for _, message in line.to_model if "setup" in message][-1]
    assert setup["contextWindowCompression"] == {
        "triggerTokens": tokens,
        "slidingWindow": {"targetTokens": tokens // 2},
    }
    assert setup["sessionResumption"] == {"handle": "h"}
    assert line.call.report(line.now).continuity.moves == 1
    turn(line, context // 4)  # what was forgotten on purpose is not taken for a lost session
    line.run(10.0)
    assert line.call.report(line.now).continuity.fresh_starts == 0
    assert json.dumps(setup)
