"""What one call may cost."""

from decimal import Decimal

from agent.call.allowance import Allowance, SpendingPlan, SpendingStep
from agent.call.cost import CallPrices, Meter, ModelPrices
from agent.gemini.usage import Usage

DOLLAR_A_MILLION = CallPrices(ModelPrices(input={"TEXT": Decimal(1)}))


def steps(plan: SpendingPlan, *prompts: int) -> list[list[SpendingStep]]:
    """What is due after each of these turns."""
    meter, allowance, found = Meter(DOLLAR_A_MILLION), Allowance(plan), []
    for prompt in prompts:
        meter.used(Usage(prompt_tokens=prompt))
        meter.turn_over()
        found.append(allowance.due(meter))
    return found


def test_without_a_limit_nothing_is_ever_due() -> None:
    assert steps(SpendingPlan(), 10**9) == [[]]


def test_the_agent_takes_its_leave_while_there_is_enough_for_one_more_turn() -> None:
    plan = SpendingPlan(Decimal("0.01"))
    assert steps(plan, 2000, 2500, 3000, 3500) == [
        [],
        [],
        [SpendingStep.WRAP_UP],  # 0.0075, and another 0.003 would be too much
        [SpendingStep.WARN],
    ]


def test_a_limit_passed_at_once_warns_and_ends() -> None:
    plan = SpendingPlan(Decimal("0.01"))
    assert steps(plan, 20_000, 20_000) == [[SpendingStep.WARN, SpendingStep.WRAP_UP], []]


def test_from_the_warning_on_less_may_be_kept_in_mind() -> None:
    plan = SpendingPlan(Decimal("0.01"), warn_at=Decimal("0.5"), compresses=True)
    assert steps(plan, 1000, 2000, 2000) == [
        [],
        [],
        [SpendingStep.WARN, SpendingStep.COMPRESS],
    ]
