"""What a tenant's calls may cost, without I/O."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from agent.tenants.scalars import quoted
from agent.tenants.strict import Misfit, Strict

CURRENCY = "USD"
"""Prices are in US dollars, and so are limits: this service knows of no rate of exchange."""
MOST = Decimal(1_000_000)

_MONEY = re.compile(r"\$?\s*(\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]{3})?")
_SHARE = re.compile(r"(\d{1,3})\s*%")
type _MoneyText = Annotated[
    str, Field(pattern=r"^\s*\$?\s*\d{1,9}(\.\d{1,6})?\s*([Uu][Ss][Dd])?\s*$")
]
type _ShareText = Annotated[str, Field(pattern=r"^\s*\d{1,3}\s*%\s*$")]


def _money(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    found = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{quoted(value)} is not an amount of money; write 2.50 USD")
    if found[2] is not None and found[2].upper() != CURRENCY:
        raise ValueError(f"{quoted(value)} is not in {CURRENCY}, in which all prices are")
    amount = Decimal(found[1])
    if not 0 < amount <= MOST:
        raise ValueError(f"{quoted(value)} is not between 0.000001 and {MOST} {CURRENCY}")
    return amount


def _share(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not 1 <= int(found[1]) <= 100:
        raise ValueError(f"{quoted(value)} is not a share; write 80%, and at most 100%")
    return Decimal(found[1]) / 100


type Money = Annotated[Decimal, BeforeValidator(_money, json_schema_input_type=_MoneyText | float)]
"""US dollars: `2.50 USD`, `$2.50` or `2.50`."""
type Share = Annotated[Decimal, BeforeValidator(_share, json_schema_input_type=_ShareText)]
"""`80%` is 0.8."""


class Spending(Strict):
    """What calls may cost: the model and the carrier, by the price table of the service.

    Attributes:
        per_call: what one call may cost; shortly before, the agent says good-bye and the call ends.
        per_day: what all calls that begin on one day may cost, by the clock of hours.timezone;
            after that no further call is taken on that day.
        warn_at: the share of either at which the log warns.
        on_call_limit: wrap_up, the good-bye alone; compress, at warn_at the model is made to keep
            less of the conversation in mind, which makes each further turn cheaper.
        on_day_limit: wrap_up, agents of calls that run say good-bye, too; refuse, those calls go
            on.
    """

    per_call: Money | None = None
    per_day: Money | None = None
    warn_at: Share = Decimal("0.8")
    on_call_limit: Literal["compress", "wrap_up"] = "wrap_up"
    on_day_limit: Literal["wrap_up", "refuse"] = "wrap_up"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given, problems = self.model_fields_set, []
        if self.per_call is None and self.per_day is None and "warn_at" in given:
            problems.append((("warn_at",), "has no effect without per_call or per_day"))
        if self.per_call is None and "on_call_limit" in given:
            problems.append((("on_call_limit",), "has no effect without per_call"))
        if self.per_day is None and "on_day_limit" in given:
            problems.append((("on_day_limit",), "has no effect without per_day"))
        if self.per_call and self.per_day and self.per_call > self.per_day:
            message = f"{self.per_call} {CURRENCY} is more than per_day, {self.per_day} {CURRENCY}"
            problems.append((("per_call",), message))
        if problems:
            raise Misfit(*problems)
        return self
