from dataclasses import dataclass
from datetime import date, time
from enum import Enum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agent.errors import ToolError
from agent.tools.results import MAX_BYTES, MAX_ERROR, answer_with, error_with


class Size(Enum):
    SMALL = "small"


@dataclass
class Booked:
    day: date
    at: time
    size: Size
    status: str = "booked"


class Model(BaseModel):
    day: date


class Struct(msgspec.Struct):
    day: date


@pytest.mark.parametrize(
    ("result", "output"),
    [
        (
            Booked(date(2026, 11, 27), time(19), Size.SMALL),
            {"day": "2026-11-27", "at": "19:00:00", "size": "small", "status": "booked"},
        ),
        (Model(day=date(2026, 11, 27)), {"day": "2026-11-27"}),
        ([Struct(date(2026, 11, 27))], [{"day": "2026-11-27"}]),
        ({1: float("nan")}, {"1": None}),
        ("text", "text"),
        (None, {"status": "done"}),
    ],
)
def test_results_become_plain_json(result: object, output: object) -> None:
    assert answer_with(result) == {"output": output}


def loop() -> object:
    inside: list[object] = []
    inside.append(inside)
    return inside


@pytest.mark.parametrize("result", [object(), {"a": object()}, loop(), {("a", 1): 2}, float("nan")])
def test_what_json_cannot_say_is_told_as_such(result: object) -> None:
    with pytest.raises(ToolError, match="The function ran, but its result cannot be told"):
        answer_with(result)


def test_a_long_list_keeps_whole_items_and_says_so() -> None:
    answer = answer_with([{"order": n} for n in range(5000)])
    kept = answer["output"]
    assert kept == [{"order": n} for n in range(len(kept))]
    assert answer["truncated"] == f"Too long: only the first {len(kept)} of 5000 items are here."
    assert MAX_BYTES * 0.8 < len(msgspec.json.encode(answer)) <= MAX_BYTES


@pytest.mark.parametrize("result", ["é" * 50_000, "é" * 5_000, {"a": '"' * 50_000}, ["x" * 50_000]])
def test_a_long_text_is_cut_and_says_so(result: object) -> None:
    answer = answer_with(result)
    assert "only the beginning of" in answer["truncated"]
    assert len(msgspec.json.encode(answer)) <= MAX_BYTES


@given(st.lists(st.text(max_size=3000), max_size=30))
def test_an_answer_is_never_too_large(result: list[str]) -> None:
    assert len(msgspec.json.encode(answer_with(result))) < MAX_BYTES


@pytest.mark.parametrize("result", [[], {}, "", (), set()])
def test_what_is_empty_is_called_so(result: object) -> None:
    assert answer_with(result)["status"] == "done, and the result is empty"


def test_fifty_megabytes_are_cut_before_they_are_written() -> None:
    items = answer_with([{"order": n} for n in range(1_000_000)])
    assert items["truncated"].endswith("of 1000000 items are here.")
    assert items["output"][:2] == [{"order": 0}, {"order": 1}]
    text = answer_with("x" * 50_000_000)
    assert text["truncated"] == "Too long: only the beginning of 50000000 characters is here."
    whole = answer_with({str(n): "x" * 1000 for n in range(50_000)})
    assert whole["truncated"] == "Too long: only the beginning of it is here."
    empty = answer_with([""] * 5_000_000)
    assert empty["truncated"].endswith("of 5000000 items are here.")
    for answer in (items, text, whole, empty):
        assert len(msgspec.json.encode(answer)) <= MAX_BYTES


def test_an_error_says_whether_to_try_again() -> None:
    assert error_with("No.", retryable=False) == {"error": "No.", "retryable": False}


def test_an_error_is_never_too_large() -> None:
    assert error_with("x" * 50_000, retryable=True) == {"error": "x" * MAX_ERROR, "retryable": True}
