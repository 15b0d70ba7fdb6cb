"""Numbers, dates and times between the way they are said and the way programs write them; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SMALL = _names(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = _names(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)

NUMBERS = {word: number for number, word in enumerate(_SMALL)} | {
    f"{tens} {_SMALL[unit]}".removesuffix(" zero"): 10 * (index + 2) + unit
    for index, tens in enumerate(_TENS)
    for unit in range(10)
}
"""0 to 99, in words."""

ORDINALS = (
    {word: number for number, word in enumerate(_ORDINALS, 1)}
    | {f"twenty {_ORDINALS[unit - 1]}": 20 + unit for unit in range(1, 10)}
    | {"thirtieth": 30, "thirty first": 31}
)
"""1 to 31, in words."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = _names(
    "january february march april may june july august september october november december"
)

MOST_WORDS = 60
"""Of one utterance; what follows is not looked at."""

_NUMBER_WORDS = {number: word for word, number in NUMBERS.items()}
_ORDINAL_WORDS = {number: word for word, number in ORDINALS.items()}
_SHORT = (
    (r"\b(i|we|you|they)'d\b", r"\1 would"),
    (r"\b(i)'m\b", r"\1 am"),
    (r"\b(we|you|they)'re\b", r"\1 are"),
    (r"\b(it|that|what|there|name|when)'s\b", r"\1 is"),
    (r"\b(do|does|did|is|are|ca|wo)n't\b", r"\1 not"),
    (r"(?<=\d) ?([ap])\.?m\b\.?|\b([ap])\.m\b\.?|\b(p)m\b", r" \1\2\3 m "),
    (r"\b(\d{1,2})(?:st|nd|rd|th)\b", lambda found: f" {_ORDINAL_WORDS.get(int(found[1]), '')} "),
    (r"\b(\d{1,2}):(\d\d)\b", lambda found: _clock(int(found[1]), int(found[2]))),
)
_ISO_DAY = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_ISO_TIME = re.compile(r"\b([01]\d|2[0-3]):([0-5]\d)\b")
_CODE = re.compile(r"\b([A-Z]{1,4})-(\d{1,8})\b")


def words_of(text: str) -> list[str]:
    """The words of an utterance, heard or typed: `7:30 pm` is `seven thirty p m`."""
    text = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for pattern, said in _SHORT:
        text = re.sub(pattern, said, text)
    words: list[str] = []
    for token in re.findall(r"[a-z']+|\d+", text)[:MOST_WORDS]:
        words.extend(_digits(token) if token.isdigit() else [token.strip("'")])
    return [word for word in words if word]


def number_words(number: int) -> str:
    """A number from 0 to 99 in words."""
    return _NUMBER_WORDS[number]


def ordinal_words(number: int) -> str:
    """The ordinal of a number from 1 to 31."""
    return _ORDINAL_WORDS[number]


def aloud(value: object) -> str:
    """A value as it is said, with the days, times and codes in it."""
    match value:
        case bool() | None:
            return ""
        case int() if 0 <= value < len(_NUMBER_WORDS):
            return _NUMBER_WORDS[value]
        case str():
            text = _ISO_DAY.sub(lambda found: _day_aloud(*map(int, found.groups())), value)
            text = _ISO_TIME.sub(lambda found: _time_aloud(*map(int, found.groups())), text)
            return _CODE.sub(lambda found: " ".join(found[1] + found[2]), text)
        case Mapping():
            return ""
        case Iterable():
            return _joined([aloud(item) for item in value])
        case _:
            return str(value)


def _joined(texts: list[str]) -> str:
    texts = [text for text in texts if text]
    return " or ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def _digits(token: str) -> list[str]:
    """Up to two digits are a number; more are read one by one."""
    if len(token) <= 2 and not (len(token) == 2 and token[0] == "0"):
        return _NUMBER_WORDS[int(token)].split()
    return [_SMALL[int(digit)] for digit in token]


def _clock(hour: int, minute: int) -> str:
    """A time written with a colon, in the words of the twelve-hour clock."""
    if hour > 23 or minute > 59:
        return f"{hour} {minute}"
    half = "" if 1 <= hour <= 12 else " p m" if hour else " a m"
    minutes = f" {_NUMBER_WORDS[minute]}" if minute else ""
    return f"{_NUMBER_WORDS[(hour - 1) % 12 + 1]}{minutes}{half}"


def _day_aloud(year: int, month: int, day: int) -> str:
    try:
        at = date(year, month, day)
    except ValueError:
        return f"{year}-{month:02}-{day:02}"
    weekday, name = WEEKDAYS[at.weekday()], MONTHS[month - 1]
    return f"{weekday.title()}, {name.title()} {_ORDINAL_WORDS[day]}"


def _time_aloud(hour: int, minute: int) -> str:
    at = time(hour, minute)
    part = "morning" if at.hour < 12 else "afternoon" if at.hour < 17 else "evening"
    minutes = (
        f" {_NUMBER_WORDS[minute]}" if minute > 9 else f" oh {_SMALL[minute]}" if minute else ""
    )
    return f"{_NUMBER_WORDS[(hour - 1) % 12 + 1]}{minutes or " o'clock"} in the {part}"
