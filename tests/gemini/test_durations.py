"""Durations of the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gemini.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("50s", 50.0),
        ("9.5s", 9.5),
        ("3.000000001s", 3.000000001),
        ("0s", 0.0),
        ("-1.5s", -1.5),
        (9.5, 9.5),
        (4, 4.0),
    ],
)
def test_a_duration_is_read(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "value",
    [None, "", "s", "5", "5 s", "5m", "1e3s", ".5s", "5.s", "\u0665s", "nans", True, [], {},
     float("nan"), float("inf"), "999999999999s", 10**400],
)  # fmt: skip
def test_what_is_no_duration_is_none(value: object) -> None:
    assert parse_duration(value) is None


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9 - 1))
def test_what_is_written_is_read_back(whole: int, nanos: int) -> None:
    seconds = whole + nanos / 1e9
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(50.0, "50s"), (9.5, "9.5s"), (0.0, "0s"), (-1e-12, "0s"), (1e-9, "0.000000001s")],
)
def test_a_duration_is_written_without_trailing_zeroes(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
