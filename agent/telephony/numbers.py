"""Which telephone numbers may be called, and what time it is there; without I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.telephony.number_ranges import ISLANDS, NO_COUNTRY, ONE_CLOCK, SPECIAL

_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

WITHHELD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "+266696687": "anonymous",
        "+2562533": "blocked",
        "+7378742833": "restricted",
        "+86282452253": "unavailable",
        "+8656696": "unknown",
    }
)
"""What carriers write in place of a number that is withheld: a word, typed on a telephone's keys.

It looks like a number and is nobody's; everybody who withholds his number has it.
Source: docs/protocols/twilio.md 1.1.
"""


@dataclass(frozen=True, slots=True)
class NumberPolicy:
    """Whom the owner of a line lets be called from it.

    Attributes:
        allowed: what a number must begin with, as +1 or +4420; empty: any country. +1 alone is the
            United States and Canada: the islands that share it are allowed by their own
            prefixes, as +1876.
        special: whether premium-rate, shared-cost, personal and satellite numbers may be called;
            one that `allowed` names by itself, as +49900, may be in any case.
    """

    allowed: tuple[str, ...] = ()
    special: bool = False


def refusal(number: str, policy: NumberPolicy) -> str | None:
    """Why a number may not be called, in words that do not repeat it; None when it may.

    Args:
        number: in international form (E.164), as +15550100100.
    """
    if not _E164.fullmatch(number):
        return "is not a number in international form, as +15550100100"
    fitting = [prefix for prefix in policy.allowed if number.startswith(prefix)]
    if policy.allowed and not fitting:
        return "begins as no number that may be called"
    found = _special(number)
    if found is not None and not policy.special:
        kind, beginning = found
        if not any(prefix.startswith(beginning) for prefix in fitting):
            return f"is a {kind} number"
    return None


def zone_of(number: str) -> str | None:
    """The time zone of a number's country; None: it has several, or is not known."""
    code = _code_of(number, ONE_CLOCK)
    return None if code is None else ONE_CLOCK[code]


def _special(number: str) -> tuple[str, str] | None:
    """What a number is, if it is more than a call, and the beginning that says so."""
    if (code := _code_of(number, NO_COUNTRY)) is not None:
        return NO_COUNTRY[code], f"+{code}"
    if number[1:5] in ISLANDS:
        return "costly island", number[:5]
    code = _code_of(number, SPECIAL)
    if code is None:
        return None
    for beginning in SPECIAL[code]:
        if number.startswith(f"+{code}{beginning}"):
            return "premium-rate, shared-cost or personal", f"+{code}{beginning}"
    return None


def _code_of(number: str, table: dict[str, str] | dict[str, tuple[str, ...]]) -> str | None:
    """The calling code at the beginning of a number, where the table has it.

    No calling code is the beginning of another, so at most one fits.
    """
    return next((number[1:end] for end in (2, 3, 4) if number[1:end] in table), None)
