"""Text with places for values, as `Order {number}`; without I/O.

A place is `{argument}`, or `{call.caller}`, `{call.id}`, `{call.tenant}` for what is known of the
call. The text around places may refer to secrets, so a template is never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import quote

from agent.tools.context import CallContext

type Encode = Callable[[Any], str]
type Values = Mapping[str, Any]
type Resolve = Callable[[str], str]
"""A text with its references to secrets filled in; raises ConfigError."""

_PLACE = re.compile(r"(?<!\$)\{([A-Za-z_]\w*|call\.(?:caller|id|tenant))\}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Template:
    """A text taken apart.

    Attributes:
        literals: the text before, between and after the places; one more than places.
        places: the names that stand there.
    """

    literals: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def is_place(self) -> bool:
        """It is one place and nothing else."""
        return self.literals == ("", "")

    def fill(self, values: Values, encode: Encode) -> str | None:
        """The text with values in it; None when one of them was left out."""
        found = [values[name] for name in self.places]
        if any(value is None for value in found):
            return None
        pieces = [self.literals[0]]
        for value, literal in zip(found, self.literals[1:], strict=True):
            pieces += (encode(value), literal)
        return "".join(pieces)


def read_template(text: str, literal: Callable[[str], str]) -> Template:
    """Take a text apart.

    Args:
        literal: what to make of the text around places: secrets, encoding.
    """
    pieces = _PLACE.split(text)
    return Template(tuple(literal(piece) for piece in pieces[0::2]), tuple(pieces[1::2]))


def values_of(arguments: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
    """What can stand in a place; None for what was left out."""
    return {
        **arguments,
        "call.caller": context.caller,
        "call.id": context.call_id,
        "call.tenant": context.tenant,
    }


def text_of(value: Any) -> str:
    """A value as a server reads it: `true`, `19:00`, `2026-11-27T19:00`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | time):
        to_minutes = not value.second and not value.microsecond
        return value.isoformat(timespec="minutes" if to_minutes else "auto")
    return value.isoformat() if isinstance(value, date) else str(value)


def json_of(value: Any) -> Any:
    """A value as JSON has it: numbers and truth as they are, everything else as text."""
    return value if value is None or isinstance(value, bool | int | float) else text_of(value)


def percent(value: Any) -> str:
    """For a URL or a form: nothing in it has a meaning there."""
    return quote(text_of(value), safe="")


def in_json_string(value: Any) -> str:
    """For the inside of a JSON string."""
    return json.dumps(text_of(value), ensure_ascii=False)[1:-1]


def as_json(value: Any) -> str:
    """For a place where JSON expects a whole value."""
    return json.dumps(json_of(value), ensure_ascii=False)
