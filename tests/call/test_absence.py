"""When the caller's wait is covered."""

from math import inf

from agent.call.absence import BACK_S, OPENING_S, Absence
from agent.call.cover import Cover, CoverPlan

SLOW_S = 4.0


def made() -> tuple[Absence, Cover]:
    cover = Cover(CoverPlan())
    return Absence(cover, SLOW_S), cover


def test_the_first_wait_is_covered_only_when_it_lasts() -> None:
    absence, cover = made()
    absence.opening(10.0)
    assert (absence.since, absence.deadline(10.0)) == (10.0, 10.0 + OPENING_S)
    absence.advance(10.0, 10.1)
    assert not cover.on
    absence.advance(10.0, 10.0 + OPENING_S)
    assert cover.on
    assert absence.deadline(10.0) == inf


def test_a_model_that_is_there_in_time_is_not_covered() -> None:
    absence, _ = made()
    absence.opening(10.0)
    absence.ready()
    assert (absence.since, absence.deadline(None)) == (None, inf)


def test_a_later_wait_is_covered_at_once_and_so_is_the_rest_of_the_first() -> None:
    for opens in (True, False):
        absence, cover = made()
        if opens:
            absence.opening(19.9)
        absence.begins(20.0)
        absence.advance(19.0, 20.0)
        assert (absence.since, cover.on) == (20.0, True)
        absence.over()
        absence.advance(None, 20.5)
        assert (absence.since, cover.on) == (None, False)


def test_without_a_model_nobody_waits_before_it_went() -> None:
    absence, cover = made()
    absence.begins(20.0)
    absence.advance(12.0, 20.0)
    cover.take(160, 20.0, -inf)
    assert cover.phrases == 0  # 1.2 s after 12.0 it would have begun


def test_a_wait_goes_on_when_the_model_is_back_but_does_not_speak() -> None:
    absence, cover = made()
    absence.begins(20.0)
    absence.advance(20.5, 20.9)
    absence.over()
    absence.advance(20.5, 21.0)
    assert not cover.on
    assert absence.deadline(20.5) == 20.5 + BACK_S
    absence.advance(20.5, 20.5 + BACK_S)
    assert cover.on
    assert absence.deadline(20.5) == inf
    cover.take(160, 22.5, -inf)
    assert cover.phrases == 1


def test_a_model_that_is_there_may_take_longer() -> None:
    for came_back in (True, False):
        absence, cover = made()
        if came_back:
            absence.begins(20.0)
            absence.over()
            absence.spoke()
        assert absence.deadline(30.0) == 30.0 + SLOW_S
        absence.advance(30.0, 30.0 + SLOW_S - 0.1)
        assert not cover.on
        absence.advance(30.0, 30.0 + SLOW_S)
        assert cover.on
        absence.advance(None, 35.0)
        assert not cover.on


def test_a_model_that_goes_again_is_not_back() -> None:
    absence, _ = made()
    absence.begins(20.0)
    absence.over()
    absence.begins(21.0)
    absence.advance(None, 21.0)
    absence.ready()
    assert absence.deadline(30.0) == 30.0 + SLOW_S
