from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.tenants.hours import Closed, Hours, Open, is_within, state_of


def hours(**given: Any) -> Hours:
    return Hours.model_validate({"timezone": "America/New_York", "closed": {"say": "x"}, **given})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BUSINESS = hours(
    open={"mon-fri": "11:30-22:00", "sat": "12:00-15:00, 18:00-1:00"},
    holidays=["2026-12-24..2026-12-26", "01-01"],
)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-25 16:29", Closed(at("2026-11-25 16:30"))),  # a Wednesday, 11:29 there
        ("2026-11-25 16:30", Open(at("2026-11-26 03:00"))),
        ("2026-11-26 02:59", Open(at("2026-11-26 03:00"))),
        ("2026-11-26 03:00", Closed(at("2026-11-26 16:30"))),
        ("2026-11-28 20:30", Closed(at("2026-11-28 23:00"))),  # Saturday, between two spans
        ("2026-11-29 05:59", Open(at("2026-11-29 06:00"))),  # Sunday, 0:59, since Saturday
        ("2026-11-29 06:00", Closed(at("2026-11-30 16:30"))),  # Sundays are not named
        ("2026-12-24 18:00", Closed(at("2026-12-28 16:30"))),  # behind holidays and a Sunday
        ("2027-01-01 18:00", Closed(at("2027-01-02 17:00"))),  # each year
        ("2026-07-01 15:30", Open(at("2026-07-02 02:00"))),  # in summer
    ],
)
def test_the_state_and_until_when(moment: str, state: Open | Closed) -> None:
    assert BUSINESS.state(at(moment)) == state


def test_without_hours_it_is_always_open() -> None:
    assert Hours().state(at("2026-11-25 16:29")) == Open(None)


def test_every_day_from_midnight_to_midnight_does_not_close() -> None:
    assert hours(open={"mon-sun": "0:00-24:00"}).state(at("2026-11-25 16:29")) == Open(None)


def test_days_that_touch_are_one_opening() -> None:
    state = hours(open={"mon": "9:00-24:00", "tue": "0:00-12:00"}).state(at("2026-11-23 20:00"))
    assert state == Open(at("2026-11-24 17:00"))


def test_with_holidays_alone_other_days_are_open() -> None:
    closing = hours(holidays=["2026-12-25"])
    assert closing.state(at("2026-12-24 20:00")) == Open(at("2026-12-25 05:00"))
    assert closing.state(at("2026-12-25 05:00")) == Closed(at("2026-12-26 05:00"))
    assert closing.state(at("2026-11-25 05:00")) == Open(None)


def test_a_business_that_does_not_open_within_a_year_says_so() -> None:
    yearly = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]
    real = [text for text in yearly if text[:2] not in {"02", "04", "06", "09", "11"}]
    months = [f"2026-{month}-01..2026-{month}-{days}" for month, days in (("11", 30),)]
    gone = hours(
        open={"mon": "9:00-10:00"},
        holidays=[*real, *months, "2026-12-01..2027-11-30", "2027-12-01..2028-11-30"],
    )
    assert gone.state(at("2026-11-25 16:29")) == Closed(None)


def test_an_opening_whose_end_is_not_in_sight_ends_at_the_last_that_is() -> None:
    last = hours(
        open={"mon": "9:00-10:00"}, holidays=["2026-11-24..2027-11-20", "2027-11-21..2028-11-19"]
    )
    assert last.state(at("2026-11-23 14:30")) == Open(at("2026-11-23 15:00"))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"open": {"mon": "9:00-10:00"}, "closed": None}, "is missing; write closed: {say:"),
        ({"holidays": ["12-25"], "closed": None}, "is missing"),
        ({}, "is never said; give open or holidays as well"),
        ({"open": {}}, "holds no time at all"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        hours(**given)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_within_a_week_is_as_open_without_holidays(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    week = BUSINESS.open
    assert week is not None
    state = state_of(week, BUSINESS.timezone, moment)
    assert is_within(week, BUSINESS.timezone, moment) == isinstance(state, Open)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_until_is_the_moment_at_which_the_state_changes(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    state = BUSINESS.state(moment)
    assert state.until is not None
    assert state.until > moment
    assert type(BUSINESS.state(state.until)) is not type(state)
