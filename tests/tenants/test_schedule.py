from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from agent.tenants.schedule import (
    DAY,
    WHOLE_WEEK,
    Holiday,
    HolidayText,
    Span,
    Week,
    days_of,
    intervals,
)
from agent.tenants.strict import Misfit

ROME = ZoneInfo("Europe/Rome")


class Plan(BaseModel):
    week: Week | None = None
    holidays: tuple[HolidayText, ...] = ()


def week(given: dict[str, Any]) -> dict[str, tuple[Span, ...]]:
    read = Plan.model_validate({"week": given}).week
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", [0]),
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("sat-mon", [5, 6, 0]),
        ("Tuesday, thu", [1, 3]),
        ("mon - tue , sun", [0, 1, 6]),
    ],
)
def test_days_are_named_as_people_name_them(text: str, days: list[int]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "mo", "mon-", "weekdays", "mon-fri-sun", "1"])
def test_other_names_are_no_days(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a day of the week; write mon, mon-fri"):
        week({text: "9:00-10:00"})


@pytest.mark.parametrize(
    ("given", "spans"),
    [
        ("9:30-17:00", [(570, 1020)]),
        ("09:30 \u2013 17:00", [(570, 1020)]),
        ("9:00-12:00, 13:00-24:00", [(540, 720), (780, DAY)]),
        (["9:00-12:00", "13:00-14:00"], [(540, 720), (780, 840)]),
        ("18:00-1:30", [(1080, DAY + 90)]),
        ("18:00-0:00", [(1080, DAY)]),
        ("22:00-12:00", [(1320, DAY + 720)]),
        ("0:00-24:00", [(0, DAY)]),
        ((Span(540, 600),), [(540, 600)]),
    ],
)
def test_a_day_has_one_span_or_more(given: object, spans: list[tuple[int, int]]) -> None:
    (read,) = week({"mon": given}).values()
    assert [(span.start, span.end) for span in read] == spans


def test_a_day_may_be_closed_and_a_span_is_written_as_it_was() -> None:
    read = week({"mon": "9:05-17:00, 18:00-1:30, 6:00-7:00", "sun": "closed"})
    assert read["sun"] == ()
    assert [str(span) for span in read["mon"]] == ["9:05-17:00", "18:00-1:30", "6:00-7:00"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("9-17", '"9-17" is not a part of a day; write it as 11:30-22:00'),
        ("9:00", '"9:00" is not a part of a day'),
        ("9:60-10:00", '"9:60-10:00" holds a time that no clock shows; 0:00 to 24:00'),
        ("9:00-24:30", "holds a time that no clock shows"),
        ("24:00-1:00", "holds a time that no clock shows"),
        ("9:00-9:00", '"9:00-9:00" has no length; the whole day is 0:00-24:00'),
        ("0:00-0:00", "has no length"),
        (
            "22:00-12:30",
            '"22:00-12:30" ends before it begins; over midnight, it may last until 12:00',
        ),
        ([["y"]], "\"['y']\" is not a part of a day"),
        ([{"start": 1, "end": 2}], "is not a part of a day"),
    ],
)
def test_what_is_no_span_says_how_to_write_one(text: object, problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        week({"mon": text})
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"mon-fri": "9:00-10:00", "fri": "9:00-10:00"}, [(("fri",), "fri is named twice; also")]),
        ({"mon, mon": "9:00-10:00"}, [(("mon, mon",), "mon is named twice; also in mon, mon")]),
        (
            {"mon": "12:00-15:00, 9:00-13:00"},
            [(("mon",), "9:00-13:00 and 12:00-15:00 overlap")],
        ),
        ({}, [((), "holds no time at all; give a day a time")]),
        ({"mon": "closed", "tue": []}, [((), "holds no time at all")]),
    ],
)
def test_a_week_that_contradicts_itself_is_refused(
    given: dict[str, Any], problems: list[tuple[tuple[str, ...], str]]
) -> None:
    with pytest.raises(ValidationError) as caught:
        week(given)
    (error,) = caught.value.errors()
    misfit = error["ctx"]["error"]
    assert isinstance(misfit, Misfit)
    for (path, message), (wanted, begin) in zip(misfit.problems, problems, strict=True):
        assert path == wanted
        assert message.startswith(begin)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2026-12-25", [date(2026, 12, 25)], [date(2027, 12, 25), date(2026, 12, 24)]),
        ("12-25", [date(2026, 12, 25), date(2027, 12, 25)], [date(2026, 12, 24)]),
        ("02-29", [date(2028, 2, 29)], [date(2027, 3, 1)]),
        (
            "2026-12-24 .. 2027-01-02",
            [date(2026, 12, 24), date(2027, 1, 2)],
            [date(2027, 1, 3), date(2026, 12, 23)],
        ),
    ],
)
def test_holidays_are_dates(text: str, inside: list[date], outside: list[date]) -> None:
    (holiday,) = Plan.model_validate({"holidays": [text]}).holidays
    assert all(holiday.holds(day) for day in inside)
    assert not any(holiday.holds(day) for day in outside)
    assert Plan(holidays=(holiday,)).holidays == (holiday,)
    assert Plan(holidays=(holiday,)).model_dump()["holidays"] == (text.replace(" ", ""),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("25.12.2026", '"25.12.2026" is not a date; write 2026-12-25, 12-25 for each year, or'),
        ("02-30", "is not a date"),
        (["2026-12-25"], "is not a date"),
        ("12-24..12-26", "is not a date"),
        ("2026-12-25..", "is not a date"),
        ("2026-12-26..2026-12-24", "ends before it begins"),
        ("2026-01-01..2028-01-01", "is longer than a year"),
    ],
)
def test_what_is_no_date_says_how_to_write_one(text: object, problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Plan.model_validate({"holidays": [text]})
    assert problem in str(caught.value)


def laid(
    given: dict[str, Any], day: date, n_days: int = 2, *holidays: Holiday
) -> list[tuple[str, str]]:
    """What falls on some days in Rome, in UTC; `intervals` begins the day before."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = intervals(week(given), holidays, ROME, at, n_days)
    return [(f"{begin:%d %H:%M}", f"{end:%d %H:%M}") for begin, end in found]


def test_spans_are_laid_on_real_days_in_their_order() -> None:
    assert laid({"mon-sun": "18:00-1:00, 9:00-12:00"}, date(2026, 11, 25)) == [
        ("24 08:00", "24 11:00"),
        ("24 17:00", "25 00:00"),
        ("25 08:00", "25 11:00"),
        ("25 17:00", "26 00:00"),
    ]


def test_a_holiday_takes_away_what_begins_on_it() -> None:
    holiday = Holiday(date(2026, 11, 25), date(2026, 11, 25))
    assert laid({"mon-sun": "18:00-1:00"}, date(2026, 11, 25), 3, holiday) == [
        ("24 17:00", "25 00:00"),
        ("26 17:00", "27 00:00"),
    ]


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("0:00-24:00", "28 23:00", "29 22:00"),  # 23 hours
        ("1:00-4:00", "29 00:00", "29 02:00"),
        ("2:30-4:00", "29 01:30", "29 02:00"),  # begins in the gap: after it, at 3:30
        ("1:00-2:30", "29 00:00", "29 01:30"),  # ends in the gap
    ],
)
def test_when_the_clock_goes_forward(text: str, begin: str, end: str) -> None:
    assert laid({"sun": text}, date(2026, 3, 29)) == [(begin, end)]


def test_a_span_that_the_clock_skips_is_not_there() -> None:
    assert laid({"sun": "2:00-3:00"}, date(2026, 3, 29)) == []


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("0:00-24:00", "24 22:00", "25 23:00"),  # 25 hours
        ("1:00-2:30", "24 23:00", "25 01:30"),  # ends when the clock shows 2:30 again
        ("2:30-4:00", "25 00:30", "25 03:00"),  # begins when it first shows 2:30
    ],
)
def test_when_the_clock_goes_back(text: str, begin: str, end: str) -> None:
    assert laid({"sun": text}, date(2026, 10, 25)) == [(begin, end)]


def test_the_whole_week_leaves_no_gap() -> None:
    at = datetime(2026, 10, 25, tzinfo=UTC)
    found = list(intervals(WHOLE_WEEK, (), ROME, at, 10))
    assert all(end == begin for (_, end), (begin, _) in pairwise(found))
