from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, Optional

import pytest

from agent.tools.schema import Unsupported, bare, optional, schema_of


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Floor(IntEnum):
    GROUND = 0
    FIRST = 1


class Weight(Enum):
    LIGHT = 0.5


@dataclass
class Address:
    """Where.

    Attributes:
        street: with the number.
    """

    street: str
    city: str = "Rome"
    notes: list[str] = field(default_factory=list)
    length: int = field(init=False, default=0)


@dataclass
class Loop:
    again: Loop | None


type Word = str


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "STRING"}),
        (int, {"type": "INTEGER"}),
        (float, {"type": "NUMBER"}),
        (bool, {"type": "BOOLEAN"}),
        (date, {"type": "STRING", "description": "A date as YYYY-MM-DD."}),
        (time, {"type": "STRING", "description": "A time of day as HH:MM, 24 hours."}),
        (datetime, {"type": "STRING", "description": "Date and time as YYYY-MM-DDTHH:MM."}),
        (Size, {"type": "STRING", "enum": ["small", "large"]}),
        (Floor, {"type": "STRING", "enum": ["0", "1"]}),
        (Literal["a", 2], {"type": "STRING", "enum": ["a", "2"]}),
        (int | None, {"type": "INTEGER", "nullable": True}),
        (Optional[str], {"type": "STRING", "nullable": True}),  # noqa: UP045 - the old form, too
        (list[int], {"type": "ARRAY", "items": {"type": "INTEGER"}}),
        (Annotated[int, "any"], {"type": "INTEGER"}),
        (Word, {"type": "STRING"}),
        (
            Address,
            {
                "type": "OBJECT",
                "properties": {
                    "street": {"type": "STRING", "description": "with the number."},
                    "city": {"type": "STRING"},
                    "notes": {"type": "ARRAY", "items": {"type": "STRING"}},
                },
                "required": ["street"],
            },
        ),
    ],
)
def test_types_are_told_in_the_subset_that_both_surfaces_take(hint: Any, schema: Any) -> None:
    assert schema_of(hint) == schema


def test_the_authors_words_come_before_the_form() -> None:
    told = schema_of(date | None, "the day of the visit.")
    assert told["description"] == "the day of the visit. A date as YYYY-MM-DD."
    assert told["nullable"] is True


@pytest.mark.parametrize(
    "hint",
    [dict[str, int], list, bytes, Any, int | str, int | str | None, Weight, Literal[True], Loop],
)
def test_what_cannot_be_told_is_refused(hint: Any) -> None:
    with pytest.raises(Unsupported):
        schema_of(hint)


def test_descriptions_do_not_leak_between_uses() -> None:
    schema_of(date, "one")
    assert schema_of(date, "two")["description"] == "two A date as YYYY-MM-DD."


def test_helpers_look_through_wrappings() -> None:
    assert bare(Annotated[Word, 1]) is str
    assert optional(str) is None
    assert optional(str | None) is str
