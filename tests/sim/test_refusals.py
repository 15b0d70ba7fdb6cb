"""Attempts that are refused, by number and by time."""

from agent.sim.mishaps import Refusal, Shut
from agent.sim.refusals import Refusals


def test_the_first_so_many_upgrades_from_a_number_on_get_a_status() -> None:
    refusals = Refusals([Refusal(first=2, times=2, status=503)])
    assert [refusals.upgrade(float(i)) for i in range(5)] == [None, 503, 503, None, None]
    assert refusals.setup(0.0, resumes=True) is None


def test_for_so_many_seconds_from_the_first() -> None:
    refusals = Refusals([Refusal(times=None, seconds=5.0, status=429)])
    assert [refusals.upgrade(at) for at in (10.0, 14.9, 15.0, 99.0)] == [429, 429, None, None]


def test_for_ever() -> None:
    refusals = Refusals([Refusal(times=None)])
    assert all(refusals.setup(float(i), resumes=False) for i in range(100))


def test_only_resumes_count_where_only_they_are_refused() -> None:
    close = Shut(1007, "invalid")
    refusals = Refusals([Refusal(resumes_only=True, close=close)])
    assert refusals.setup(0.0, resumes=False) is None
    assert refusals.setup(0.0, resumes=True) == close
    assert refusals.setup(0.0, resumes=True) is None


def test_several_refusals_count_each_for_itself() -> None:
    refusals = Refusals([Refusal(times=1, status=503), Refusal(first=2, times=1, status=429)])
    assert [refusals.upgrade(0.0) for _ in range(3)] == [503, 429, None]
