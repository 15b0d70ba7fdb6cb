from math import inf

from agent.call.absence import OPENING_S, Absence
from agent.call.cover import Cover, CoverPlan


def test_the_first_wait_is_covered_only_when_it_lasts() -> None:
    cover = Cover(CoverPlan())
    absence = Absence(cover)
    absence.opening(10.0)
    assert (absence.since, absence.deadline) == (10.0, 10.0 + OPENING_S)
    absence.advance(10.0, 10.1)
    assert not cover.on
    absence.advance(10.0, 10.0 + OPENING_S)
    assert cover.on
    assert absence.deadline == inf


def test_a_model_that_is_there_in_time_is_not_covered() -> None:
    absence = Absence(Cover(CoverPlan()))
    absence.opening(10.0)
    absence.ready()
    assert (absence.since, absence.deadline) == (None, inf)


def test_a_later_wait_is_covered_at_once_and_so_is_the_rest_of_the_first() -> None:
    for opens in (True, False):
        cover = Cover(CoverPlan())
        absence = Absence(cover)
        if opens:
            absence.opening(19.9)
        absence.begins(20.0)
        absence.advance(20.0, 20.0)
        assert (absence.since, cover.on) == (20.0, True)
        absence.over()
        absence.advance(None, 20.5)
        assert (absence.since, cover.on) == (None, False)
