from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from agent.tenants.scalars import (
    Greeting,
    NumberPattern,
    PhoneNumber,
    Spoken,
    SpokenBriefly,
    Switch,
    TimeZone,
    decimal,
    duration,
    duration_text,
    quoted,
    size,
    size_text,
    whole,
)


class Timed(BaseModel):
    after: Annotated[float, duration(0.1, 7200)]


class Free(BaseModel):
    temperature: Annotated[float, decimal(0, 2)]


class Counted(BaseModel):
    count: Annotated[int, whole(1, 10)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20m", 1200.0), ("4s", 4.0), ("250ms", 0.25), ("1.5h", 5400.0), ("0.05d", 4320.0),
        (" 4 s ", 4.0), (3, 3.0),
    ],
)  # fmt: skip
def test_durations_become_seconds(text: object, seconds: float) -> None:
    assert Timed.model_validate({"after": text}).after == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("4", '"4" is not a duration; write 20m, 4s or 250ms'),
        ("-4s", '"-4s" is not a duration'),
        ("1e3s", "is not a duration"),
        ("50ms", '"50ms" is not between 100ms and 2h'),
        ("3h", '"3h" is not between 100ms and 2h'),
        (["4s"], "valid number"),
    ],
)
def test_a_wrong_duration_says_how_to_write_one(text: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem.replace("(", "\\(")):
        Timed.model_validate({"after": text})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "250ms"),
        (4.0, "4s"),
        (90.0, "90s"),
        (120.0, "2m"),
        (7200.0, "2h"),
        (86_400.0, "1d"),
        (0.0, "0s"),
    ],
)
def test_durations_are_told_as_owners_write_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


class Sized(BaseModel):
    most: Annotated[int, size(1024, 4 * 1024 * 1024)]


@pytest.mark.parametrize(
    ("value", "n_bytes"),
    [("64KiB", 65536), ("1 mib", 1048576), ("1536B", 1536), (2048, 2048)],
)
def test_sizes_become_bytes(value: object, n_bytes: int) -> None:
    assert Sized.model_validate({"most": value}).most == n_bytes


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("64", '"64" is not a size; write 64KiB or 1MiB'),
        ("64kB", "is not a size"),
        ("1023B", '"1023B" is not between 1KiB and 4MiB'),
        ("5MiB", '"5MiB" is not between 1KiB and 4MiB'),
        (["1KiB"], "valid integer"),
    ],
)
def test_a_wrong_size_says_how_to_write_one(value: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Sized.model_validate({"most": value})


def test_an_odd_size_is_told_in_bytes() -> None:
    assert [size_text(n) for n in (1500, 2048, 3 * 1024 * 1024)] == ["1500B", "2KiB", "3MiB"]


@pytest.mark.parametrize("value", ["0.7", 0.7])
def test_decimal_numbers_are_read(value: object) -> None:
    assert Free.model_validate({"temperature": value}).temperature == 0.7


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("warm", '"warm" is not a number; write it as 0.7'),
        ("1e0", "is not a number"),
        ("-1", "is not a number"),
        ("0", "0 is not above 0 and at most 2"),
        ("2.1", "2.1 is not above 0 and at most 2"),
        (3, "3 is not above 0"),
        (None, "valid number"),
    ],
)
def test_other_decimals_are_refused(value: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Free.model_validate({"temperature": value})


@pytest.mark.parametrize("value", ["7", 7])
def test_whole_numbers_are_read_from_digits(value: object) -> None:
    assert Counted.model_validate({"count": value}).count == 7


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x", '"x" is not a whole number'),
        ("1.5", "is not a whole number"),
        ("0", "0 is not between 1 and 10"),
        ("9" * 5000, "is not a whole number"),
        (None, "valid integer"),
    ],
)
def test_other_numbers_are_refused(value: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Counted.model_validate({"count": value})


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("yes", True), ("On", True), ("true", True), ("no", False), ("OFF", False), (False, False)],
)
def test_switches_read_what_people_write(value: object, meaning: bool) -> None:
    assert TypeAdapter[bool](Switch).validate_python(value) is meaning


def test_a_switch_is_not_guessed() -> None:
    with pytest.raises(ValidationError, match='"perhaps" is not true or false'):
        TypeAdapter[bool](Switch).validate_python("perhaps")


@pytest.mark.parametrize("text", ["+15550100100", "+1 (555) 010-0100", "+1.555.010.0100"])
def test_numbers_lose_their_separators(text: str) -> None:
    assert TypeAdapter[str](PhoneNumber).validate_python(text) == "+15550100100"


@pytest.mark.parametrize("text", ["15550100100", "+0155501001", "+1", "+1555010010000000", "bob"])
def test_a_number_is_international_or_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="not a number in international form"):
        TypeAdapter[str](PhoneNumber).validate_python(text)


def test_a_number_that_is_no_text_is_left_to_the_type() -> None:
    with pytest.raises(ValidationError, match="valid string"):
        TypeAdapter[str](PhoneNumber).validate_python(["+15550100100"])


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("+1 555 010 0100", "+15550100100"),
        ("+1 (555)*", "+1555*"),
        ("+4*", "+4*"),
        ("default", "default"),
        ("sip:Sales", "sip:sales"),
    ],
)
def test_a_list_of_numbers_holds_beginnings_too(text: str, pattern: str) -> None:
    assert TypeAdapter[str](NumberPattern).validate_python(text) == pattern


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("+*", '"\\+\\*" is not the beginning of a number; write it as \\+1555\\*'),
        ("1555*", "is not the beginning of a number"),
        ("+1*5*", "is not the beginning of a number"),
        ("Default", "is not a number in international form"),
        (["+1*"], "valid string"),
    ],
)
def test_what_begins_no_number_is_refused(text: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TypeAdapter[str](NumberPattern).validate_python(text)


def test_a_spoken_sentence_is_one_line() -> None:
    adapter = TypeAdapter[str](Spoken)
    assert adapter.validate_python("Good\n  morning ") == "Good morning"
    with pytest.raises(ValidationError):
        adapter.validate_python(["x"])


@pytest.mark.parametrize("kind", [Spoken, SpokenBriefly, Greeting])
@pytest.mark.parametrize("character", ["\x00", "\x07", "\x9c", "\ud800", "\ufffe"])
def test_what_nobody_can_say_and_no_document_can_carry_is_refused(
    kind: type[str], character: str
) -> None:
    adapter = TypeAdapter[str](kind)
    with pytest.raises(ValidationError, match=f"nobody can say, U\\+{ord(character):04X}|unicode"):
        adapter.validate_python(f"Good {character} morning")
    assert adapter.validate_python("Grüße, 你好 \U0001f600 <&>") == "Grüße, 你好 \U0001f600 <&>"


def test_time_zones_are_looked_up() -> None:
    adapter = TypeAdapter[ZoneInfo](TimeZone)
    assert adapter.validate_python("Europe/Rome") == ZoneInfo("Europe/Rome")
    assert adapter.validate_python(ZoneInfo("UTC")) == ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Europe/Romme", 'did you mean "Europe/Rome"'),
        ("???", "as Europe/Rome"),
        ("../../etc/passwd", "is not a time zone"),
        ("Europe", "is not a time zone"),
    ],
)
def test_an_unknown_time_zone_is_refused(text: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=hint.replace(".", "\\.").replace("?", "\\?")):
        TypeAdapter[ZoneInfo](TimeZone).validate_python(text)


def test_long_values_are_cut_in_messages() -> None:
    assert quoted("x" * 100) == '"' + "x" * 60 + '..."'
