"""The business of Bella Vista, an example restaurant: is a table free, and book it.

Each function here becomes a tool of the agent. The model reads the docstring and the types, so
write them for it: what the function does, when to use it, what each value means.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from _db import database

from agent.tools import CallContext, ToolError, repeatable

ZONE = ZoneInfo("America/New_York")
FIRST_SEATING = time(11, 30)
LAST_SEATING = time(21, 30)
MONDAY, SATURDAY = 0, 5
STAY = timedelta(minutes=90)
SEATS = 24
LARGEST_PARTY = 12

SCHEMA = """
CREATE TABLE IF NOT EXISTS bookings (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    day TEXT NOT NULL,
    time TEXT NOT NULL,
    people INTEGER NOT NULL,
    name TEXT NOT NULL,
    caller TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bookings_by_day ON bookings (day);
CREATE TABLE IF NOT EXISTS requests (
    key TEXT PRIMARY KEY,
    reference TEXT NOT NULL REFERENCES bookings (reference)
)
"""


@dataclass(frozen=True, kw_only=True)
class Free:
    """There is a table."""

    status: Literal["free"] = "free"


@dataclass(frozen=True, kw_only=True)
class Full:
    """There is no table then; at the other times of that day there is one."""

    status: Literal["full"] = "full"
    alternatives: list[str]


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Nobody is seated then."""

    status: Literal["closed"] = "closed"
    reason: str


@dataclass(frozen=True, kw_only=True)
class Booked:
    """The table is booked."""

    status: Literal["booked"] = "booked"
    reference: str
    day: date
    time: str
    people: int
    name: str


@repeatable
async def check_availability(
    day: date, time: time, people: int, context: CallContext
) -> Free | Full | Closed:
    """Look whether a table is free, without booking it.

    Args:
        day: the day of the visit.
        time: when the guests arrive.
        people: how many guests there are.
    """
    now = context.now(ZONE)
    return await asyncio.to_thread(_availability, context, day, time, people, now)


async def book_table(
    day: date, time: time, people: int, name: str, context: CallContext
) -> Booked | Full | Closed:
    """Book a table. Call it once you know day, time, number of people and the guest's name.

    A booking is made only when the answer's status is "booked"; tell the caller its reference.

    Args:
        day: the day of the visit.
        time: when the guests arrive.
        people: how many guests there are.
        name: under which name the table is booked.
    """
    now = context.now(ZONE)
    return await asyncio.to_thread(_book, context, day, time, people, name, now)


def _availability(
    context: CallContext, day: date, at: time, people: int, now: datetime
) -> Free | Full | Closed:
    if closed := _closed(day, at, people, now):
        return closed
    with database(context, SCHEMA, partial(_seed, now=now)) as db:
        return _full(db, day, at, people, now) or Free()


def _book(
    context: CallContext, day: date, at: time, people: int, name: str, now: datetime
) -> Booked | Full | Closed:
    if not name.strip():
        raise ToolError("A booking needs the guest's name: ask for it.", retryable=True)
    if closed := _closed(day, at, people, now):
        return closed
    with database(context, SCHEMA, partial(_seed, now=now)) as db:
        reference = _booked_before(db, context.idempotency_key)
        if reference is None:
            if full := _full(db, day, at, people, now):
                return full
            reference = _insert(db, day, at, people, name.strip(), context.caller, now)
            if context.idempotency_key:
                row = (context.idempotency_key, reference)
                db.execute("INSERT INTO requests VALUES (?, ?)", row)
    return Booked(reference=reference, day=day, time=_hour(at), people=people, name=name.strip())


def _booked_before(db: sqlite3.Connection, key: str) -> str | None:
    """The booking that this very request has made; without a key every request is a new one."""
    row = db.execute("SELECT reference FROM requests WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["reference"])


def _closed(day: date, at: time, people: int, now: datetime) -> Closed | None:
    if not 1 <= people <= LARGEST_PARTY:
        raise ToolError(f"Tables are for 1 to {LARGEST_PARTY} people.")
    if datetime.combine(day, at) <= now.replace(tzinfo=None):
        return Closed(reason="That time has passed.")
    if day.weekday() == MONDAY:
        return Closed(reason="We are closed on Mondays.")
    if not FIRST_SEATING <= at <= LAST_SEATING:
        return Closed(reason=f"We seat from {_hour(FIRST_SEATING)} to {_hour(LAST_SEATING)}.")
    return None


def _full(db: sqlite3.Connection, day: date, at: time, people: int, now: datetime) -> Full | None:
    """None when there is a table; else the nearest earlier and the nearest later time."""
    rows = db.execute("SELECT time, people FROM bookings WHERE day = ?", (day.isoformat(),))
    taken = [(time.fromisoformat(row["time"]), int(row["people"])) for row in rows]
    if _fits(taken, at, people):
        return None
    free = [slot for slot in _slots(day, now) if _fits(taken, slot, people)]
    earlier = [slot for slot in free if slot < at][-1:]
    later = [slot for slot in free if slot > at][:1]
    return Full(alternatives=[_hour(slot) for slot in earlier + later])


def _fits(taken: Iterable[tuple[time, int]], at: time, people: int) -> bool:
    """Whether the seats suffice; every party that overlaps counts as a whole."""
    present = sum(guests for arrival, guests in taken if abs(_apart(arrival, at)) < STAY)
    return present + people <= SEATS


def _apart(one: time, other: time) -> timedelta:
    day = date.min
    return datetime.combine(day, one) - datetime.combine(day, other)


def _slots(day: date, now: datetime) -> list[time]:
    """Every half hour at which guests are seated that day and that is still to come."""
    slot, last = datetime.combine(day, FIRST_SEATING), datetime.combine(day, LAST_SEATING)
    slots = []
    while slot <= last:
        if slot > now.replace(tzinfo=None):
            slots.append(slot.time())
        slot += timedelta(minutes=30)
    return slots


def _hour(at: time) -> str:
    return at.strftime("%H:%M")


def _insert(
    db: sqlite3.Connection,
    day: date,
    at: time,
    people: int,
    name: str,
    caller: str | None,
    now: datetime,
) -> str:
    number = db.execute("SELECT coalesce(max(id), 1041) + 1 FROM bookings").fetchone()[0]
    reference = f"BV-{number}"
    row = (number, reference, day.isoformat(), _hour(at), people, name, caller)
    db.execute(
        "INSERT INTO bookings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, now.isoformat(timespec="seconds")),
    )
    return reference


def _seed(db: sqlite3.Connection, now: datetime) -> None:
    """A party takes the dining room on the next four Saturdays at half past seven."""
    today = now.date()
    saturday = today + timedelta(days=(SATURDAY - today.weekday()) % 7)
    for week in range(4):
        day = saturday + timedelta(weeks=week)
        _insert(db, day, time(19, 30), SEATS - 2, "Regatta Club", None, now)
