"""The small types of a tenant file, read from text, without I/O: durations, numbers, switches."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from agent.tenants.placeholders import with_places, without_places
from agent.tenants.sip_address import is_sip, sip_entry

# What the types below take, for the schema of the file: an editor reads YAML in its own way, so
# that a number may reach its check with or without its quotes.
type _DurationText = Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)\s*$")]
type _DecimalText = Annotated[str, Field(pattern=r"^\d{1,6}(\.\d{1,6})?$")]
type _WholeText = Annotated[str, Field(pattern=r"^\d{1,9}$")]
type _SwitchText = Annotated[
    str,
    Field(
        pattern="^([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|[Oo][Ff][Ff])$"
    ),
]
type _NumberText = Annotated[
    str, Field(pattern=r"^[\s().-]*\+[\s().-]*[1-9]([\s().-]*[0-9]){6,14}[\s().-]*$")
]
type _NumberUnquoted = Annotated[int, Field(ge=1_000_000, lt=10**15)]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SIZE_UNITS = {"B": 1, "KIB": 1024, "MIB": 1024 * 1024}
_SIZE = re.compile(r"(\d{1,9})\s*(B|KiB|MiB)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().-]")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_PREFIX = re.compile(r"\+[1-9]\d{0,13}\*")
DEFAULT = "default"
"""In a list of numbers: whatever number nobody else answers."""
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def quoted(value: object, limit: int = 60) -> str:
    """The value between quotes, cut to a length that fits a line."""
    text = str(value)
    return f'"{text}"' if len(text) <= limit else f'"{text[:limit]}..."'


def duration_text(seconds: float) -> str:
    """Seconds as an owner writes them: `250ms`, `4s`, `20m`, `30d`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    for unit in ("d", "h", "m"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"


def seconds_of(text: str) -> float | None:
    """Seconds of `20m`, `4s` or `250ms`; None: it is no duration."""
    found = _DURATION.fullmatch(text.strip())
    return float(found[1]) * _UNITS[found[2]] if found else None


def duration(at_least: float, at_most: float) -> BeforeValidator:
    """A validator from `20m`, `4s`, `250ms` (or a number of seconds, from Python) to seconds.

    Args:
        at_least: smallest value taken, in seconds.
        at_most: largest value taken, in seconds.
    """

    def read(value: object) -> object:
        if isinstance(value, int | float):
            seconds = float(value)
        elif isinstance(value, str):
            found = seconds_of(value)
            if found is None:
                raise ValueError(f"{quoted(value)} is not a duration; write 20m, 4s or 250ms")
            seconds = found
        else:
            return value
        if not at_least <= seconds <= at_most:
            low, high = duration_text(at_least), duration_text(at_most)
            raise ValueError(f"{quoted(value)} is not between {low} and {high}")
        return seconds

    return BeforeValidator(read, json_schema_input_type=_DurationText)


def whole(at_least: int, at_most: int) -> BeforeValidator:
    """A validator from digits to an integer within bounds, both included."""

    def read(value: object) -> object:
        if isinstance(value, str):
            if not re.fullmatch(r"\d{1,9}", value):
                raise ValueError(f"{quoted(value)} is not a whole number")
            value = int(value)
        if isinstance(value, int) and not at_least <= value <= at_most:
            raise ValueError(f"{value} is not between {at_least} and {at_most}")
        return value

    bounded = Annotated[int, Field(ge=at_least, le=at_most)]
    return BeforeValidator(read, json_schema_input_type=bounded | _WholeText)


def decimal(above: float, at_most: float) -> BeforeValidator:
    """A validator from `0.7` to a number above the one bound and at most the other."""

    def read(value: object) -> object:
        if isinstance(value, str):
            if not re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", value):
                raise ValueError(f"{quoted(value)} is not a number; write it as 0.7")
            value = float(value)
        if isinstance(value, int | float) and not above < value <= at_most:
            raise ValueError(f"{value:g} is not above {above:g} and at most {at_most:g}")
        return value

    bounded = Annotated[float, Field(gt=above, le=at_most)]
    return BeforeValidator(read, json_schema_input_type=bounded | _DecimalText)


def size_text(n_bytes: int) -> str:
    """Bytes as an owner writes them: `64KiB`, `1MiB`."""
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if n_bytes >= unit and n_bytes % unit == 0:
            return f"{n_bytes // unit}{name}"
    return f"{n_bytes}B"


def size(at_least: int, at_most: int) -> BeforeValidator:
    """A validator from `64KiB` or `1MiB` (or a number of bytes, from Python) to bytes."""

    def read(value: object) -> object:
        if isinstance(value, str):
            found = _SIZE.fullmatch(value.strip())
            if not found:
                raise ValueError(f"{quoted(value)} is not a size; write 64KiB or 1MiB")
            n_bytes = int(found[1]) * _SIZE_UNITS[found[2].upper()]
        elif isinstance(value, int):
            n_bytes = value
        else:
            return value
        if not at_least <= n_bytes <= at_most:
            low, high = size_text(at_least), size_text(at_most)
            raise ValueError(f"{quoted(value)} is not between {low} and {high}")
        return n_bytes

    return BeforeValidator(read, json_schema_input_type=str)


def _switch(value: object) -> object:
    if isinstance(value, str):
        if value.lower() not in _SWITCH:
            raise ValueError(f"{quoted(value)} is not true or false")
        return _SWITCH[value.lower()]
    return value


def phone_number(value: object) -> object:
    """A telephone number without its separators: `+1 (555) 010-0100` is `+15550100100`.

    Raises:
        ValueError: the text is not a number in international form (E.164).
    """
    if not isinstance(value, str):
        return value
    number = _SEPARATORS.sub("", value)
    if not _E164.fullmatch(number):
        raise ValueError(
            f"{quoted(value)} is not a number in international form; write it as +15550100100"
        )
    return number


def number_pattern(value: object) -> object:
    """A number, the beginning of numbers as `+1555*`, a SIP address as `sip:sales`, or `default`.

    The last is for all that nobody else has.

    Raises:
        ValueError: the text is none of these.
    """
    if not isinstance(value, str) or value == DEFAULT:
        return value
    if is_sip(value):
        return sip_entry(value)
    beginning = _SEPARATORS.sub("", value)
    if not beginning.endswith("*"):
        return phone_number(value)
    if not _PREFIX.fullmatch(beginning):
        raise ValueError(f"{quoted(value)} is not the beginning of a number; write it as +1555*")
    return beginning


def _time_zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        close = get_close_matches(value[:100], sorted(available_timezones()), n=1)
        hint = f"; did you mean {quoted(close[0])}?" if close else ", as Europe/Rome"
        raise ValueError(f"{quoted(value)} is not a time zone{hint}") from None


def _line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _sayable(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff":
            raise ValueError(f"holds a character that nobody can say, U+{ord(character):04X}")
    return value


type Switch = Annotated[bool, BeforeValidator(_switch, json_schema_input_type=bool | _SwitchText)]
type TimeZone = Annotated[ZoneInfo, BeforeValidator(_time_zone, json_schema_input_type=str)]
type PhoneNumber = Annotated[
    str,
    BeforeValidator(phone_number, json_schema_input_type=_NumberText | _NumberUnquoted),
]
type _PatternText = Annotated[
    str,
    Field(
        pattern=r"^([\s().-]*\+[\s().-]*[1-9]([\s().-]*[0-9])*[\s().-]*\*?[\s().-]*|sips?:.+|default)$"
    ),
]
type NumberPattern = Annotated[
    str,
    BeforeValidator(number_pattern, json_schema_input_type=_PatternText | _NumberUnquoted),
]
"""A number, `+1555*`, `sip:sales` or `default`."""
type Spoken = Annotated[
    str,
    BeforeValidator(_line),
    Field(min_length=1, max_length=1000),
    AfterValidator(_sayable),
    AfterValidator(without_places),
]
"""A sentence that is said aloud: line breaks of the file mean nothing."""
type Greeting = Annotated[
    str,
    BeforeValidator(_line),
    Field(min_length=1, max_length=1000),
    AfterValidator(_sayable),
    AfterValidator(with_places),
]
"""One in which something about the caller may stand, as `{caller.name|there}`."""
type SpokenBriefly = Annotated[
    str,
    BeforeValidator(_line),
    Field(min_length=1, max_length=200),
    AfterValidator(_sayable),
    AfterValidator(without_places),
]
"""One that nobody may have to wait for: at 200 characters it takes some fifteen seconds."""
