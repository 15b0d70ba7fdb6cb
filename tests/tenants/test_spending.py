"""What calls may cost, as a tenant's file says it."""

from decimal import Decimal

import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant
from agent.tenants.spending import Spending

FILE = "tenant: a\nnumbers: [default]\nagent: {{instructions: x}}\nspending: {{{}}}\n"


def spending(text: str) -> Spending:
    return parse_tenant(FILE.format(text), "a.yaml").spending


def test_by_default_calls_cost_what_they_cost() -> None:
    assert spending("") == Spending(per_call=None, per_day=None)


def test_limits_are_dollars_and_shares_percent() -> None:
    assert spending(
        "per_call: 2.50 USD, per_day: $100, warn_at: 75%, on_call_limit: compress, "
        "on_day_limit: refuse"
    ) == Spending(
        per_call=Decimal("2.5"),
        per_day=Decimal(100),
        warn_at=Decimal("0.75"),
        on_call_limit="compress",
        on_day_limit="refuse",
    )
    assert spending("per_call: 3").per_call == 3
    assert spending("per_call: 0.05 usd").per_call == Decimal("0.05")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("per_call: cheap", '4:22: spending.per_call: "cheap" is not an amount of money; write'),
        ("per_call: -1", '4:22: spending.per_call: "-1" is not an amount of money; write 2.50 USD'),
        ("per_call: 1e3", '4:22: spending.per_call: "1e3" is not an amount of money; write'),
        ("per_call: 0.00", '4:22: spending.per_call: "0.00" is not between 0.000001 and 1000000'),
        ("per_call: 5 EUR", '4:22: spending.per_call: "5 EUR" is not in USD, in which all prices'),
        ("per_day: 9999999", '4:21: spending.per_day: "9999999" is not between 0.000001 and'),
        ("per_day: [5]", "4:21: spending.per_day: \"['5']\" is not an amount"),
        ("per_day: 5, warn_at: 0.8", '4:33: spending.warn_at: "0.8" is not a share; write 80%'),
        ("per_day: 5, warn_at: 120%", '4:33: spending.warn_at: "120%" is not a share; write 80%'),
        ("per_day: 5, warn_at: [1]", "4:33: spending.warn_at: \"['1']\" is not a share"),
        ("warn_at: 50%", "4:21: spending.warn_at: has no effect without per_call or per_day"),
        ("on_call_limit: wrap_up", "4:27: spending.on_call_limit: has no effect without per_call"),
        ("on_day_limit: refuse", "4:26: spending.on_day_limit: has no effect without per_day"),
        ("per_call: 5, per_day: 4", "4:22: spending.per_call: 5 USD is more than per_day, 4 USD"),
        ("per_month: 5", "4:12: spending.per_month: unknown key"),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spending(text)
    assert caught.value.problems[0].startswith(f"a.yaml:{problem}")
