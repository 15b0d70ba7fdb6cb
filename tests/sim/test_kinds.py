from __future__ import annotations

from datetime import date, time

import pytest

from agent.sim.kinds import SHARED_RULES, Day, Digits, Kind, Name, Number, Selection, Time, Value
from agent.sim.phrases import find

TODAY = date(2026, 11, 21)  # a Saturday
EVENING = Time(time(11, 30), time(21, 30))


def read(kind: Kind, said: str) -> Value | None:
    words = said.split()
    ends = [found.end for found in find(kind.phrase(), SHARED_RULES, words)]
    assert len(words) in ends, f"the grammar does not hear {said!r}"
    return kind.read(words, TODAY)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("today", "2026-11-21"),
        ("tonight", "2026-11-21"),
        ("tomorrow", "2026-11-22"),
        ("sunday", "2026-11-22"),
        ("friday", "2026-11-27"),
        ("saturday", "2026-11-28"),
        ("the twenty first", "2026-11-21"),
        ("the twentieth", "2026-12-20"),
        ("the thirty first", "2026-12-31"),
        ("november twenty first", "2026-11-21"),
        ("november twentieth", "2027-11-20"),
        ("the second of december", "2026-12-02"),
        ("may first", "2027-05-01"),
        ("february twenty ninth", None),
        ("the thirtieth of february", None),
    ],
)
def test_days_are_the_next_ones(said: str, value: str | None) -> None:
    assert read(Day(), said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("seven", "19:00"),
        ("twelve", "12:00"),
        ("twelve thirty", "12:30"),
        ("eleven thirty", "11:30"),
        ("half past eleven", "11:30"),
        ("nine forty five", "21:45"),
        ("eight o'clock", "20:00"),
        ("quarter past eight", "20:15"),
        ("quarter to one", "12:45"),
        ("quarter to twelve", "11:45"),
        ("eleven fifteen", "11:15"),
        ("eleven thirty in the morning", "11:30"),
        ("seven thirty p m", "19:30"),
        ("twelve p m", "12:00"),
        ("one in the afternoon", "13:00"),
        ("half past six in the evening", "18:30"),
    ],
)
def test_times_fall_into_the_hours_of_business(said: str, value: str) -> None:
    assert read(EVENING, said) == value


def test_the_same_words_mean_the_morning_where_that_is_the_day() -> None:
    assert read(Time(time(8), time(12)), "nine fifteen") == "09:15"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (EVENING, "ten"),
        (EVENING, "eleven o'clock"),
        (EVENING, "quarter past ten"),
        (Time(time(17), time(21, 30)), "seven in the morning"),
        (Time(time(9), time(11)), "nine p m"),
        (Time(time(9), time(9, 10)), "nine thirty"),
    ],
)
def test_times_outside_are_not_heard(kind: Time, said: str) -> None:
    words = said.split()
    assert len(words) not in [found.end for found in find(kind.phrase(), SHARED_RULES, words)]


def test_midnight_and_noon_are_twelve() -> None:
    whole_day = Time(time(0), time(23, 59))
    assert [read(whole_day, f"twelve {half}") for half in ("a m", "p m")] == ["00:00", "12:00"]


def test_numbers_have_bounds() -> None:
    assert read(Number(1, 25), "twenty one") == 21
    assert Number(1, 12).read(["thirteen"], TODAY) is None
    assert Number(1, 12).read(["table"], TODAY) is None


def test_digits_are_text() -> None:
    assert read(Digits(4), "zero oh four two") == "0042"


def test_names_are_written_with_capitals() -> None:
    name = Name(("anna", "john"), ("miller", "o'hara"))
    assert read(name, "anna miller") == "Anna Miller"
    assert read(name, "miller") == "Miller"


def test_a_selection_is_called_by_any_of_its_ways() -> None:
    place = Selection({"inside": ("inside", "indoors"), "terrace": ("on the terrace",)})
    assert read(place, "indoors") == "inside"
    assert read(place, "on the terrace") == "terrace"
