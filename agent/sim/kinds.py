"""What a caller can be asked for: how each kind of answer is said and what it means; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from agent.sim.phrases import Phrase, parse
from agent.sim.spoken import MONTHS, NUMBERS, ORDINALS, WEEKDAYS, number_words

type Value = str | int

_NEAR = {"today": 0, "tonight": 0, "tomorrow": 1}
_MINUTES = {"fifteen": 15, "thirty": 30, "forty five": 45}
_HALVES = {
    "a m": 0,
    "p m": 12,
    "in the morning": 0,
    "in the afternoon": 12,
    "in the evening": 12,
}
_DIGITS = {number_words(digit): str(digit) for digit in range(10)} | {"oh": "0"}


def _one_of(words: Iterable[str]) -> Phrase:
    return parse("|".join(words))


SHARED_RULES: Mapping[str, Phrase] = {
    "ORDINAL": _one_of(ORDINALS),
    "MONTH": _one_of(MONTHS),
    "MINUTES": _one_of(_MINUTES),
    "DIGIT": _one_of(_DIGITS),
}
"""Rules that the phrases of several slots refer to."""


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between bounds, both included."""

    least: int
    most: int

    def phrase(self) -> Phrase:
        """How it is said."""
        return _one_of(number_words(number) for number in range(self.least, self.most + 1))

    def read(self, words: Sequence[str], today: date) -> Value | None:
        """What it means."""
        number = NUMBERS.get(" ".join(words))
        return number if number is not None and self.least <= number <= self.most else None


@dataclass(frozen=True, slots=True)
class Digits:
    """So many digits, read one by one; the value is text, since it may begin with zeros."""

    length: int

    def phrase(self) -> Phrase:
        """How they are said."""
        return parse("<DIGIT> " * self.length)

    def read(self, words: Sequence[str], today: date) -> Value | None:
        """What they are."""
        return "".join(_DIGITS[word] for word in words)


@dataclass(frozen=True, slots=True)
class Day:
    """A day from today on, within a year; the value is an ISO date."""

    def phrase(self) -> Phrase:
        """How it is said."""
        days = "|".join([*_NEAR, *WEEKDAYS])
        return parse(f"{days} | <MONTH> <ORDINAL> | the <ORDINAL> [of <MONTH>]")

    def read(self, words: Sequence[str], today: date) -> Value | None:
        """Which day it is; a weekday is the next one, never today."""
        said = [word for word in words if word not in ("the", "of")]
        first = said[0]
        if first in _NEAR:
            return (today + timedelta(days=_NEAR[first])).isoformat()
        if first in WEEKDAYS:
            ahead = (WEEKDAYS.index(first) - today.weekday() - 1) % 7 + 1
            return (today + timedelta(days=ahead)).isoformat()
        month = next((word for word in said if word in MONTHS), None)
        number = ORDINALS[" ".join(word for word in said if word not in MONTHS)]
        for ahead in range(366):
            day = today + timedelta(days=ahead)
            if day.day == number and (month is None or month == MONTHS[day.month - 1]):
                return day.isoformat()
        return None


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, as `19:30`.

    Attributes:
        earliest, latest: `seven` is said of the morning or of the evening, whichever lies here, or
            nearer to it.
    """

    earliest: time
    latest: time

    def phrase(self) -> Phrase:
        """How it is said; hours outside are left out, since the fewer, the better it is heard."""
        ways = {
            "({}) [o'clock]": (0,),
            "({}) <MINUTES>": (15, 30, 45),
            "half past ({})": (30,),
            "quarter past ({})": (15,),
            "quarter to ({})": (-15,),
        }
        said = [way.format(hours) for way, at in ways.items() if (hours := self._hours(at))]
        early, late = self.earliest.hour < 12, self.latest.hour >= 12
        halves = [half for half, hours in _HALVES.items() if (late if hours else early)]
        return parse(f"({'|'.join(said)}) [{'|'.join(halves)}]")

    def _hours(self, minutes: Iterable[int]) -> str:
        """The hours of the clock that, with one of these minutes, lie within."""
        bounds = [at.hour * 60 + at.minute for at in (self.earliest, self.latest)]
        within = {
            (hour - 1) % 12 + 1
            for hour in range(25)
            for minute in minutes
            if bounds[0] <= hour * 60 + minute <= bounds[1]
        }
        return "|".join(number_words(hour) for hour in sorted(within))

    def read(self, words: Sequence[str], today: date) -> Value | None:
        """Which time it is."""
        said = " ".join(words)
        half = next((half for half in _HALVES if said.endswith(f" {half}")), None)
        if half is not None:
            said = said.removesuffix(f" {half}")
        minute = self._minute(said)
        late = _HALVES[half] if half is not None else self._half(minute)
        at = (minute + 60 * late) % (24 * 60)
        return f"{at // 60:02}:{at % 60:02}"

    @staticmethod
    def _minute(said: str) -> int:
        """Minutes since midnight or noon."""
        for before, minutes in (("half past ", 30), ("quarter past ", 15), ("quarter to ", -15)):
            if said.startswith(before):
                return NUMBERS[said.removeprefix(before)] % 12 * 60 + minutes
        hour, _, rest = said.partition(" ")
        return NUMBERS[hour] % 12 * 60 + _MINUTES.get(rest, 0)

    def _half(self, minute: int) -> int:
        """0 for the morning or 12 for the evening."""

        def outside(half: int) -> int:
            at = (minute + 60 * half) % (24 * 60)
            earliest, latest = (t.hour * 60 + t.minute for t in (self.earliest, self.latest))
            return max(earliest - at, at - latest, 0)

        return min((12, 0), key=outside)


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name, of those that are known: first and last, or last alone."""

    first: tuple[str, ...]
    last: tuple[str, ...]

    def phrase(self) -> Phrase:
        """How it is said."""
        return parse(f"[({'|'.join(self.first)})] ({'|'.join(self.last)})")

    def read(self, words: Sequence[str], today: date) -> Value | None:
        """The name as it is written."""
        return " ".join(words).title()


@dataclass(frozen=True, slots=True)
class Selection:
    """One of a few things, each with the ways to call it."""

    values: Mapping[str, tuple[str, ...]]

    def phrase(self) -> Phrase:
        """How it is said."""
        return parse("|".join(f"({'|'.join(said)})" for said in self.values.values()))

    def read(self, words: Sequence[str], today: date) -> Value | None:
        """Which of them it is."""
        said = " ".join(words)
        return next(value for value, ways in self.values.items() if said in ways)


type Kind = Number | Digits | Day | Time | Name | Selection
