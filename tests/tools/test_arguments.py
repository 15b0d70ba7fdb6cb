from __future__ import annotations

import inspect
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.errors import ToolError
from agent.tools.arguments import parameter_of, read_arguments
from agent.tools.function import ArgumentsError

EMPTY = inspect.Parameter.empty


class Size(Enum):
    SMALL = "small"


@dataclass
class Visit:
    day: date
    people: int


@dataclass
class Party:
    visits: list[Visit]
    at: time | None = None


def deep() -> object:
    """A value as no caller could mean it."""
    value: object = "x"
    for _ in range(500):
        value = {"a": value}
    return value


def read(hint: Any, value: object) -> Any:
    return read_arguments("f", {"x": parameter_of("x", hint, EMPTY)}, {"x": value})["x"]


def refusal(hint: Any, value: object) -> str:
    with pytest.raises(ToolError) as caught:
        read(hint, value)
    assert caught.value.retryable
    return str(caught.value)


@pytest.mark.parametrize(
    ("hint", "sent", "meant"),
    [
        (int, "4", 4),
        (int, 4.0, 4),
        (float, "1.5", 1.5),
        (bool, "yes", True),
        (str, 1042, "1042"),
        (date, "2026-11-27", date(2026, 11, 27)),
        (time, "19:00", time(19)),
        (time, "19:00:00Z", time(19)),
        (datetime, "2026-11-27T19:00+01:00", datetime(2026, 11, 27, 19)),
        (Size, "small", Size.SMALL),
        (Literal["a", 2], "2", 2),
        (Literal["a", 2], 2, 2),
        (Literal["a", 2], 2.0, 2),
        (str, 1042.0, "1042"),
        (str, 1.5, "1.5"),
        (float, 3, 3.0),
        (Literal["a"] | None, "a", "a"),
        (Party, {"visits": []}, Party([])),
        (int | None, None, None),
        (date | None, "2026-11-27", date(2026, 11, 27)),
        (list[time], ["19:00"], [time(19)]),
        (Visit, {"day": "2026-11-27", "people": "4"}, Visit(date(2026, 11, 27), 4)),
    ],
)
def test_arguments_are_read_as_meant(hint: Any, sent: object, meant: object) -> None:
    assert read(hint, sent) == meant


@pytest.mark.parametrize(
    ("hint", "sent", "words"),
    [
        (int, "four", "x: Input should be a valid integer"),
        (int, 4.5, "x: Input should be a valid integer"),
        (int, None, "x: Input should be a valid integer"),
        (str, ["a"], "x: Input should be a valid string"),
        (str, True, "x: Input should be a valid string"),
        (date, "Friday", 'x: "Friday" is not a date; write it as YYYY-MM-DD'),
        (date, 20261127, 'x: "20261127" is not a date'),
        (time, 19, 'x: "19" is not a time of day; write it as HH:MM, 24 hours'),
        (time, "7pm", 'x: "7pm" is not a time of day'),
        (Size, "huge", 'x: "huge" is not one of small'),
        (list[int], "4", "x: Input should be a valid list"),
        (list[int], [1, "b"], "x.1: Input should be a valid integer"),
        (Visit, {"day": "2026-11-27"}, "x.people: Field required"),
        (Visit, {"day": "soon", "people": 4}, 'x.day: "soon" is not a date'),
        (Visit, {"day": "2026-11-27", "people": 4, "moon": 1}, 'x: there is no "moon" in it'),
        (str, {"a": "x" * 5000}, "xxx..."),
        (str, deep(), "x: Input should be a valid string (given: "),
        (float, "nan", 'x: "nan" is not a number'),
        (float, "1e999", "is not a number"),
        (float, float("inf"), "is not a number"),
        (float, "much", "x: Input should be a valid number"),
        (Literal["a"], {"a": 1}, "is not one of a"),
        (list[Visit], [{"day": "soon", "people": 4}], 'x.0.day: "soon" is not a date'),
        (Party, {"visits": [{"day": "2026-11-27", "people": "four"}]}, "x.visits.0.people: Input"),
        (Party, {"visits": [{"moon": 1}]}, 'x.visits.0: there is no "moon" in it'),
    ],
)
def test_a_refusal_tells_the_model_what_to_correct(hint: Any, sent: object, words: str) -> None:
    text = refusal(hint, sent)
    assert words in text
    assert text.startswith("f was not run: ")
    assert len(text) < 400


def test_all_problems_are_told_at_once() -> None:
    parameters = {"day": parameter_of("day", date, EMPTY), "n": parameter_of("n", int, EMPTY)}
    with pytest.raises(ToolError) as caught:
        read_arguments("f", parameters, {"day": "x", "wine": 1})
    assert str(caught.value) == (
        'f was not run: there is no argument "wine"; day: "x" is not a date; write it as '
        "YYYY-MM-DD; n is missing. Correct this and call it again; ask the caller for what you do "
        "not know."
    )


def test_what_has_a_default_may_be_left_out() -> None:
    assert read_arguments("f", {"x": parameter_of("x", int, 2)}, {}) == {"x": 2}


def test_an_optional_value_without_default_is_none() -> None:
    assert read_arguments("f", {"x": parameter_of("x", int | None, EMPTY)}, {}) == {"x": None}


def test_very_many_problems_stay_a_short_text() -> None:
    with pytest.raises(ToolError) as caught:
        read_arguments("f", {}, {f"k{i}": i for i in range(1000)})
    assert len(str(caught.value)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
HINTS = (
    str,
    int,
    float,
    bool,
    date,
    time,
    datetime,
    Size,
    Literal["a", 2],
    Visit,
    Party,
    list[Visit],
)


@given(st.sampled_from(HINTS), JSON)
def test_whatever_the_model_sends_is_read_or_refused_in_words(hint: Any, sent: Any) -> None:
    words = ""
    try:
        TypeAdapter(hint).validate_python(read(hint, sent))
    except ArgumentsError as error:
        words = str(error)
    assert len(words) < 1000
