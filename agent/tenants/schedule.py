"""Days of the week, spans of a day and holidays, read from text, without I/O.

Owners think in the clock on their wall: `mon-fri: 11:30-22:00`. A span belongs to the day on which
it begins and may end after midnight. It is laid on real days only when somebody asks about a
moment, so that a change of the clock moves the moment and not the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from agent.tenants.scalars import quoted
from agent.tenants.strict import Misfit, Part

DAY = 24 * 60
_NOON = 12 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {name: number for names in (_DAYS, _FULL) for number, name in enumerate(names)}
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})")
_MOST_HOLIDAYS = 366


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a day, by the clock on the wall.

    Attributes:
        start: minutes from midnight at the beginning of the day.
        end: likewise; past 24 hours, it lies in the next day.
    """

    start: int
    end: int

    def __str__(self) -> str:
        """As it stands in the file."""
        end = self.end if self.end <= DAY else self.end - DAY
        return f"{_clock(self.start)}-{_clock(end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def _span(value: object) -> Span:
    if isinstance(value, Span):
        return value
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{quoted(value)} is not a part of a day; write it as 11:30-22:00")
    start, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
    if start is None or end is None or start == DAY:
        raise ValueError(f"{quoted(value)} holds a time that no clock shows; 0:00 to 24:00")
    if start == end or (start == 0 and end == 0):
        raise ValueError(f"{quoted(value)} has no length; the whole day is 0:00-24:00")
    if end < start and end > _NOON:
        raise ValueError(
            f"{quoted(value)} ends before it begins; over midnight, it may last until 12:00"
        )
    return Span(start, end if end > start else end + DAY)


def _minutes(hours: str, minutes: str) -> int | None:
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= DAY else None


def days_of(text: str) -> list[int]:
    """The days of the week that a text names, Monday being 0: `mon-fri`, `sat`, `mon, wed`.

    Raises:
        ValueError: it names none.
    """
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = (name.strip().lower() for name in part.partition("-"))
        last = last if dash else first
        if first not in _NUMBERS or last not in _NUMBERS:
            raise ValueError(
                f"{quoted(text)} is not a day of the week; write mon, mon-fri or sat, sun"
            )
        begin, end = _NUMBERS[first], _NUMBERS[last]
        days.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return days


def _days(value: str) -> str:
    days_of(value)
    return value


def _listed(value: object) -> object:
    if value == "closed":
        return ()
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _fits(week: dict[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
    """The week, if no day is named twice and no span lies in another."""
    problems: list[tuple[tuple[Part, ...], str]] = []
    named: dict[int, str] = {}
    for key, spans in week.items():
        for day in days_of(key):
            if day in named:
                problems.append(((key,), f"{_DAYS[day]} is named twice; also in {named[day]}"))
            named[day] = key
        ordered = sorted(spans, key=lambda span: span.start)
        for one, other in pairwise(ordered):
            if other.start < one.end:
                problems.append(((key,), f"{one} and {other} overlap"))
    if not any(week.values()):
        problems.append(((), "holds no time at all; give a day a time, as mon-fri: 11:30-22:00"))
    if problems:
        raise Misfit(*problems)
    return week


type SpanText = Annotated[
    Span, BeforeValidator(_span, json_schema_input_type=str), PlainSerializer(str)
]
type Spans = Annotated[
    tuple[SpanText, ...],
    Field(max_length=20),
    BeforeValidator(_listed, json_schema_input_type=str | list[str]),
]
type Week = Annotated[
    dict[Annotated[str, AfterValidator(_days)], Spans],
    Field(max_length=7),
    AfterValidator(_fits),
]
"""Days of the week and the parts of each; a day that is not named has none."""

WHOLE_WEEK: Mapping[str, tuple[Span, ...]] = {"mon-sun": (Span(0, DAY),)}


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day, or days, that are unlike their day of the week.

    Attributes:
        first: the first day; its year means nothing when the holiday returns.
        last: the last day.
        yearly: it returns each year.
    """

    first: date
    last: date
    yearly: bool = False

    def __str__(self) -> str:
        """As it stands in the file."""
        if self.yearly:
            return f"{self.first:%m-%d}"
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"

    def holds(self, day: date) -> bool:
        """Whether a day is one of these."""
        if self.yearly:
            return (day.month, day.day) == (self.first.month, self.first.day)
        return self.first <= day <= self.last


def _holiday(value: object) -> Holiday:
    if isinstance(value, Holiday):
        return value
    first, dots, last = (part.strip() for part in str(value).partition(".."))
    try:
        if re.fullmatch(r"\d\d-\d\d", first) and not dots:
            day = date.fromisoformat(f"2000-{first}")  # a leap year, for 02-29
            return Holiday(day, day, yearly=True)
        holiday = Holiday(date.fromisoformat(first), date.fromisoformat(last if dots else first))
    except ValueError:
        raise ValueError(
            f"{quoted(value)} is not a date; write 2026-12-25, 12-25 for each year, "
            "or 2026-12-24..2027-01-02"
        ) from None
    if holiday.last < holiday.first:
        raise ValueError(f"{quoted(value)} ends before it begins")
    if (holiday.last - holiday.first).days >= _MOST_HOLIDAYS:
        raise ValueError(f"{quoted(value)} is longer than a year")
    return holiday


type HolidayText = Annotated[
    Holiday, BeforeValidator(_holiday, json_schema_input_type=str), PlainSerializer(str)
]


def intervals(
    week: Mapping[str, tuple[Span, ...]],
    holidays: tuple[Holiday, ...],
    zone: tzinfo,
    at_utc: datetime,
    n_days: int,
) -> Iterator[tuple[datetime, datetime]]:
    """The spans of a week as they fall on real days, in the order in which they begin, in UTC.

    A holiday takes away what begins on it; what began the evening before goes on. Where the clock
    shows a time twice, a span begins at the first and ends at the second; a time that it skips
    counts as the moment after the gap.

    Args:
        week: as read from the file.
        holidays: days without spans.
        zone: whose clock the week means.
        at_utc: spans that may hold this moment come first.
        n_days: how many days to look at.
    """
    by_day: dict[int, list[Span]] = {number: [] for number in range(7)}
    for key, spans in week.items():
        for number in days_of(key):
            by_day[number] = sorted(spans, key=lambda span: span.start)
    first = at_utc.astimezone(zone).date() - timedelta(days=1)
    for offset in range(n_days):
        day = first + timedelta(days=offset)
        if any(holiday.holds(day) for holiday in holidays):
            continue
        for span in by_day[day.weekday()]:
            begin, end = _moment(day, span.start, zone, 0), _moment(day, span.end, zone, 1)
            if begin < end:
                yield begin, end


def _moment(day: date, minutes: int, zone: tzinfo, fold: int) -> datetime:
    days, minute = divmod(minutes, DAY)
    clock = time(minute // 60, minute % 60, fold=fold)
    local = datetime.combine(day + timedelta(days=days), clock, zone)
    if fold and local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(
        tzinfo=None
    ):
        local = local.replace(fold=0)  # a time that is skipped: count from before the gap
    return local.astimezone(UTC)
