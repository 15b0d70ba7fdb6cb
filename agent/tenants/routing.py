"""Which tenant answers a number, and why, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agent.tenants.scalars import DEFAULT, phone_number
from agent.tenants.sip_address import entries_for

if TYPE_CHECKING:
    from agent.tenants.directory import TenantDirectory
    from agent.tenants.parse import TenantFile

type Rule = Literal["exact", "prefix", "default"]


@dataclass(frozen=True, slots=True)
class RoutedTenant:
    """Who answers a number.

    Attributes:
        file: of the tenant.
        rule: what the number was found by.
        pattern: the entry of its list of numbers.
    """

    file: TenantFile
    rule: Rule
    pattern: str

    @property
    def reason(self) -> str:
        """Why this tenant, in words."""
        if self.rule == "exact":
            return f"{self.pattern} is one of its numbers"
        if self.rule == "prefix":
            return f"the number begins as {self.pattern}, and none of a longer beginning fits"
        return "no tenant has this number, and this one answers the rest (default)"


def route(number: str, directory: TenantDirectory) -> RoutedTenant | None:
    """Who answers a number: who lists it, who lists its longest beginning, or the default.

    Args:
        number: as it was called; also what is no number at all, which the default answers.
        directory: the tenants of the service.
    """
    found = matching(number, directory.numbers)
    if found is None:
        return None
    pattern, rule = found
    return RoutedTenant(directory.files[directory.numbers[pattern]], rule, pattern)


def matching(number: str, patterns: Mapping[str, object]) -> tuple[str, Rule] | None:
    """The entry of a table that fits a number best, and by which rule.

    Of a SIP address, its user may be a number.
    """
    for entry in entries_for(number):
        if entry in patterns:
            return entry, "exact"
        number = entry
    try:
        called = str(phone_number(number))
    except ValueError:
        called = ""
    if called in patterns:
        return called, "exact"
    for length in range(len(called) - 1, 1, -1):
        beginning = f"{called[:length]}*"
        if beginning in patterns:
            return beginning, "prefix"
    return (DEFAULT, "default") if DEFAULT in patterns else None
