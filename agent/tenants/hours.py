"""When a business is open, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from agent.tenants.scalars import Spoken, TimeZone
from agent.tenants.schedule import WHOLE_WEEK, HolidayText, Span, Week, intervals
from agent.tenants.strict import Misfit, Strict

_LOOK_AHEAD_DAYS = 400
"""Longer than the longest holiday, so that the next opening is found behind it."""
_OVER_MIDNIGHT_DAYS = 3
"""A span holds a moment if it began on the same day or the one before; one more to be sure."""
_SOON = timedelta(days=8)
"""What stays open for longer than a week has no closing time worth telling."""


@dataclass(frozen=True, slots=True)
class Open:
    """The business is open.

    Attributes:
        until: when it closes, in UTC; None: not within a week.
    """

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Closed:
    """The business is closed.

    Attributes:
        until: when it opens, in UTC; None: not within a year.
    """

    until: datetime | None


def state_of(
    week: Mapping[str, tuple[Span, ...]],
    zone: tzinfo,
    at_utc: datetime,
    holidays: tuple[HolidayText, ...] = (),
) -> Open | Closed:
    """Whether a moment lies in the spans of a week, and until when that is so.

    Args:
        week: as read from the file.
        zone: whose clock the week means.
        at_utc: the moment, with its time zone.
        holidays: days without spans.
    """
    until: datetime | None = None
    for begin, end in intervals(week, holidays, zone, at_utc, _LOOK_AHEAD_DAYS):
        if until is None:
            if at_utc < begin:
                return Closed(begin)
            if at_utc < end:
                until = end
        elif begin > until:
            return Open(until)
        else:
            until = max(until, end)
        if until is not None and until - at_utc > _SOON:
            return Open(None)
    return Closed(None) if until is None else Open(until)


def is_within(week: Mapping[str, tuple[Span, ...]], zone: tzinfo, at_utc: datetime) -> bool:
    """Whether a moment lies in the spans of a week; arguments as for `state_of`."""
    spans = intervals(week, (), zone, at_utc, _OVER_MIDNIGHT_DAYS)
    return any(begin <= at_utc < end for begin, end in spans)


class WhenClosed(Strict):
    """What becomes of a call outside the opening hours.

    Attributes:
        say: what the caller hears before the call ends.
        then: voicemail: the caller may leave a message after it.
    """

    say: Spoken
    then: Literal["voicemail"] | None = None


class Hours(Strict):
    """The clock of the business.

    Attributes:
        timezone: where the business is; the agent is told the date and time there.
        open: when the agent answers: days, as mon-fri, and times, as 11:30-22:00; several with
            commas; over midnight as 18:00-1:00. Always, when left out.
        holidays: dates on which it does not: 2026-12-25, 12-25 for each year, or
            2026-12-24..2027-01-02. What began the evening before goes on.
        closed: what becomes of a call at other times.
    """

    timezone: TimeZone = ZoneInfo("UTC")
    open: Week | None = None
    holidays: Annotated[tuple[HolidayText, ...], Field(max_length=400)] = ()
    closed: WhenClosed | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        ever = self.open is not None or bool(self.holidays)
        if ever and self.closed is None:
            raise Misfit((("closed",), "is missing; write closed: {say: what callers then hear}"))
        if self.closed is not None and not ever:
            raise Misfit((("closed",), "is never said; give open or holidays as well"))
        return self

    def state(self, at_utc: datetime) -> Open | Closed:
        """Whether the business is open at a moment.

        Args:
            at_utc: with its time zone.
        """
        if self.closed is None:
            return Open(None)
        week = WHOLE_WEEK if self.open is None else self.open
        return state_of(week, self.timezone, at_utc, self.holidays)
