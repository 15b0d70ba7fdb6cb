"""Places in a prompt or greeting for what is known of the caller, as `{caller.name|there}`.

What fills them comes out of somebody's database, where a caller may have written it himself. So a
value is one line of bounded length, without characters that nobody sees, and it is never searched
for places again. Without I/O.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

NUMBER = "{caller.number}"
"""In an argument of the look-up: the number that calls."""
BY_SIP = "sip_"
"""The fields that a call by SIP brings along begin so."""
LONGEST = 80
"""Characters of a value, and of a default."""

_ANY = re.compile(r"\{\s*caller\b[^{}]*\}?")
_PLACE = re.compile(r"\{caller\.([A-Za-z_][A-Za-z0-9_]*)\|([^{}|]*)\}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_INVISIBLE = ("Cc", "Cf", "Co", "Cs", "Cn")


def has_places(text: str | None) -> bool:
    """Whether something is filled into a text that must be looked up.

    What begins with `sip_` comes with a call by SIP, and need not be.
    """
    return any(not name.startswith(BY_SIP) for name, _ in _PLACE.findall(text or ""))


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with what is known in its places, and defaults for the rest."""
    return _PLACE.sub(lambda place: facts.get(place[1]) or place[2], text)


def with_places(value: str) -> str:
    """A text in which every place is well-formed.

    Raises:
        ValueError: one is not.
    """
    for place in _ANY.findall(value):
        if not _PLACE.fullmatch(place):
            raise ValueError(f"{_shown(place)} is not a place; write it as {{caller.name|there}}")
        if len(place.partition("|")[2]) > LONGEST + 1:
            raise ValueError(f"the default of {_shown(place)} is longer than {LONGEST} characters")
    return value


def without_places(value: str) -> str:
    """A text into which nothing is filled.

    Raises:
        ValueError: it has a place all the same.
    """
    for place in _ANY.findall(value):
        raise ValueError(
            f"{_shown(place)} is not filled in here, only in agent.instructions and agent.greeting"
        )
    return value


def with_number(value: str) -> str:
    """An argument of a look-up, in which the caller's number may stand.

    Raises:
        ValueError: something else of the caller stands there, which nobody knows yet.
    """
    for place in _ANY.findall(value):
        if place != NUMBER:
            raise ValueError(f"{_shown(place)} is not known before the look-up; only {NUMBER} is")
    return value


def facts_of(result: object) -> dict[str, str]:
    """What a look-up tells of the caller: its plain fields, fit to stand in a prompt.

    Args:
        result: as JSON has it; anything but an object tells nothing.
    """
    return dict(_facts(result)) if isinstance(result, Mapping) else {}


def _facts(result: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    for name, value in result.items():
        if not (isinstance(name, str) and _FIELD.fullmatch(name)):
            continue
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, str | int | float) and (text := _one_line(str(value))):
            yield name, text


def _shown(place: str) -> str:
    return f'"{place[:60]}"'


def _one_line(text: str) -> str:
    """The text without line breaks and what nobody sees, cut to `LONGEST`."""
    visible = "".join(
        " " if character.isspace() else character
        for character in text[: 8 * LONGEST]
        if character.isspace() or unicodedata.category(character) not in _INVISIBLE
    )
    return " ".join(visible.split())[:LONGEST].rstrip()
