"""When to try again, and when no more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.backoff import LAST_CALL_S, QUOTA_PAUSE_S, Backoff
from agent.gemini.closes import LossKind
from agent.gemini.session_state import MovePolicy

DOWN = LossKind.UNAVAILABLE
POLICY = MovePolicy(budget_s=30.0, backoff_s=(0.5, 1.0, 2.0, 4.0), healthy_s=10.0, flaps=2)


def backoff(jitter: float = 0.0) -> Backoff:
    return Backoff(POLICY, lambda: jitter)


def test_pauses_grow_and_the_last_one_repeats() -> None:
    attempts = backoff()
    attempts.lost(None, 0.0)
    assert [attempts.failed(DOWN, 0.0) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert attempts.attempts == 6


def test_a_pause_is_shortened_by_up_to_half_but_the_one_that_failed_may_close() -> None:
    attempts = backoff(jitter=1.0)
    attempts.lost(None, 0.0)
    close_wait_s = POLICY.close_wait_s
    assert close_wait_s > 0.25
    assert [attempts.failed(DOWN, 0.0) for _ in range(4)] == [close_wait_s, 0.5, 1.0, 2.0]


def test_towards_the_end_of_the_budget_pauses_are_a_part_of_what_is_left() -> None:
    attempts = backoff()
    attempts.lost(None, 0.0)
    pauses = [attempts.failed(DOWN, now) for now in (0.0, 1.0, 3.0, 14.0, 20.0, 26.0)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 2.5, 1.0]


def test_where_nobody_answered_something_else_is_tried_as_soon_as_the_socket_may_be_closed() -> (
    None
):
    attempts = backoff()
    attempts.lost(None, 0.0)
    assert attempts.failed(LossKind.SILENT, 10.0, afresh=True) == POLICY.close_wait_s


def test_a_connection_begins_the_count_anew() -> None:
    attempts = backoff()
    attempts.lost(None, 0.0)
    attempts.failed(DOWN, 0.0)
    attempts.failed(DOWN, 1.0)
    attempts.connected()
    assert (attempts.since, attempts.attempts) == (None, 0)
    attempts.lost(None, 50.0)
    assert attempts.failed(DOWN, 50.0) == 0.5


def test_one_more_attempt_is_made_just_before_the_budget_is_used_up() -> None:
    attempts = backoff()
    attempts.lost(None, 0.0)
    assert attempts.over_at == 30.0
    assert attempts.failed(DOWN, 28.75) == 0.25
    assert attempts.failed(DOWN, 29.0) is None


def test_a_quota_is_left_alone_for_long() -> None:
    attempts = Backoff(MovePolicy(budget_s=120.0), lambda: 0.5)
    attempts.lost(None, 0.0)
    assert attempts.failed(LossKind.QUOTA, 0.0) == QUOTA_PAUSE_S
    short = backoff()
    short.lost(None, 0.0)
    assert short.failed(LossKind.QUOTA, 2.0) == 30.0 - LAST_CALL_S - 2.0


def test_an_attempt_that_fails_though_nothing_was_lost_begins_the_budget() -> None:
    attempts = backoff()
    assert attempts.failed(DOWN, 5.0) == 0.5
    assert attempts.since == 5.0
    assert attempts.failed(DOWN, 35.0) is None


def test_connections_that_live_too_short_in_a_row_end_it() -> None:
    attempts = backoff()
    assert [attempts.lost(9.9, 0.0) for _ in range(3)] == [True, True, False]


def test_one_healthy_connection_wipes_out_the_short_ones_and_a_planned_leave_counts_for_nothing(
) -> None:  # fmt: skip
    attempts = backoff()
    lives = [1.0, 1.0, 10.0, 1.0, None, None, 1.0]
    assert all(attempts.lost(alive_s, 0.0) for alive_s in lives)
    assert not attempts.lost(1.0, 0.0)


@settings(deadline=None)
@given(
    st.floats(0.0, 1.0),
    st.lists(st.floats(0.0, 9.0), min_size=1),
    st.sampled_from(list(LossKind)),
)
def test_no_attempt_is_made_beyond_the_budget_and_there_is_always_an_end(
    jitter: float, took: list[float], kind: LossKind
) -> None:
    attempts = backoff(jitter)
    attempts.lost(1.0, 100.0)
    now = 100.0
    for n in range(1000):
        now += took[n % len(took)]
        pause = attempts.failed(kind, now)
        if pause is None:
            assert now >= 100.0 + POLICY.budget_s - LAST_CALL_S - 1e-6
            return
        assert pause > 0
        now += pause
        assert now <= 100.0 + POLICY.budget_s - LAST_CALL_S + 1e-6
    pytest.fail("no end")
