"""Attempts that are refused, by number and by time."""

from agent.sim.mishaps import Refusal, Shut
from agent.sim.refusals import Refusals


def test_the_first_so_many_upgrades_from_a_number_on_get_a_status() -> None:
    refusals = Refusals([Refusal(first=2, times=2, status=503)])
    assert [refusals.upgrade(float(i)) for i in range(5)] == [None, 503, 503, None, None]
    assert refusals.setup(0.0, resumes=1) is None


def test_for_so_many_seconds_from_the_first() -> None:
    refusals = Refusals([Refusal(times=None, seconds=5.0, status=429)])
    assert [refusals.upgrade(at) for at in (10.0, 14.9, 15.0, 99.0)] == [429, 429, None, None]


def test_for_ever() -> None:
    refusals = Refusals([Refusal(times=None)])
    assert all(refusals.setup(float(i), resumes=None) for i in range(100))


def test_only_resumes_count_where_only_they_are_refused() -> None:
    close = Shut(1007, "invalid")
    refusals = Refusals([Refusal(resumes_only=True, close=close)])
    assert refusals.setup(0.0, resumes=None) is None
    assert refusals.setup(0.0, resumes=1) == close
    assert refusals.setup(0.0, resumes=1) is None


def test_several_refusals_count_each_for_itself() -> None:
    refusals = Refusals([Refusal(times=1, status=503), Refusal(first=2, times=1, status=429)])
    assert [refusals.upgrade(0.0) for _ in range(3)] == [503, 429, None]


def test_redials_are_refused_once_somebody_has_to_leave() -> None:
    refusals = Refusals([Refusal(times=2, status=503, redials_of=0)])
    assert [refusals.upgrade(0.0) for _ in range(3)] == [None, None, None]
    refusals.leaving(4)
    assert [refusals.upgrade(0.0) for _ in range(3)] == [503, 503, None]


def test_redials_are_refused_for_a_while_from_the_first() -> None:
    refusals = Refusals([Refusal(times=None, seconds=20.0, status=503, redials_of=0)])
    refusals.leaving(1)
    assert [refusals.upgrade(at) for at in (5.0, 24.9, 25.0)] == [503, 503, None]


def test_only_one_sessions_redials_are_refused() -> None:
    close = Shut(1011, "not now")
    refusals = Refusals([Refusal(times=None, close=close, redials_of=2)])
    refusals.leaving(1)
    assert refusals.setup(0.0, resumes=2) is None
    refusals.leaving(2)
    assert refusals.setup(0.0, resumes=1) is None
    assert refusals.setup(0.0, resumes=2) == close
    assert refusals.setup(0.0, resumes=None) == close
