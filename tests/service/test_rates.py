"""Token buckets: how often something may happen."""

from hypothesis import given
from hypothesis import strategies as st

from agent.service.rates import Bucket, Buckets


def test_so_many_at_once_and_then_one_by_one() -> None:
    bucket = Bucket(2, 0.5, 2, 0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert bucket.wait_s(0.0) == 2.0
    assert not bucket.take(1.9)
    assert bucket.take(2.0)
    assert bucket.wait_s(100.0) == 0.0
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = Bucket(1, 1.0, 1, 10.0)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)
    assert not bucket.take(10.5)
    assert bucket.take(11.0)


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_the_size_and_what_time_brought(pauses: list[float]) -> None:
    bucket, now, taken = Bucket(3, 2.0, 3, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now)
    assert taken <= 3 + 2.0 * now + 1e-6


def test_each_name_has_its_own() -> None:
    buckets = Buckets()
    assert buckets.take("a", 1, 1.0, 0.0)
    assert not buckets.take("a", 1, 1.0, 0.0)
    assert buckets.take("b", 1, 1.0, 0.0)


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    buckets = Buckets(most=3)
    for number in range(100):
        assert buckets.take(number, 1, 0.001, 0.0)
        buckets.take("busy", 1, 0.001, 0.0)
    assert len(buckets) == 3
    assert not buckets.take("busy", 1, 0.001, 0.0)


def test_a_changed_limit_holds_at_once() -> None:
    buckets = Buckets()
    assert buckets.take("a", 10, 1.0, 0.0)
    assert [buckets.take("a", 2, 1.0, 0.0) for _ in range(3)] == [True, True, False]
    assert [buckets.take("a", 10, 1.0, 0.0) for _ in range(1)] == [False]
