"""Connections that look alive and are not, and sessions that look resumed and are not."""

from math import inf

import pytest

from agent.gemini.health import MAY_BE_COMPRESSED, Health

COMPRESS_FROM = 100_000
COMPRESSED = int(COMPRESS_FROM * MAY_BE_COMPRESSED)


def test_a_service_that_says_nothing_though_the_caller_spoke_is_dead_in_time() -> None:
    health = Health(30.0, COMPRESS_FROM)
    assert health.dead_at == inf
    health.caller_spoke(10.0)
    health.caller_spoke(20.0)
    assert health.dead_at == 40.0
    health.heard()
    assert health.dead_at == inf
    health.caller_spoke(50.0)
    assert health.dead_at == 80.0
    health.moved(resumed=True)
    assert health.dead_at == inf


@pytest.mark.parametrize(
    ("before", "after", "forgotten"),
    [
        (4_000, 4_100, False),
        (4_000, 2_000, False),  # half is there
        (4_000, 1_999, True),
        (200, 60, False),  # a short conversation proves nothing
        (COMPRESSED, 600, False),
        (COMPRESSED - 1, 600, True),
    ],
)
def test_a_context_that_fell_over_a_move_was_forgotten(
    before: int, after: int, forgotten: bool
) -> None:
    health = Health(30.0, COMPRESS_FROM)
    health.used(before)
    health.moved(resumed=True)
    assert health.used(after) is forgotten
    assert health.used(1) is False  # only the first turn tells


def test_a_turn_without_a_count_leaves_it_to_the_next() -> None:
    health = Health(30.0, COMPRESS_FROM)
    health.used(4_000)
    health.moved(resumed=True)
    assert health.used(0) is False
    assert health.used(500) is True


def test_two_moves_without_a_turn_between_compare_over_both() -> None:
    health = Health(30.0, COMPRESS_FROM)
    health.used(4_000)
    health.moved(resumed=True)
    health.moved(resumed=True)
    assert health.used(500) is True


def test_a_fresh_session_has_forgotten_nothing_nor_has_one_resumed_from_it() -> None:
    health = Health(30.0, COMPRESS_FROM)
    health.used(4_000)
    health.moved(resumed=False)
    assert health.used(500) is False
    health.used(4_000)
    health.moved(resumed=False)
    health.moved(resumed=True)
    assert health.used(500) is False


def test_a_context_that_falls_without_a_move_was_compressed() -> None:
    health = Health(30.0, COMPRESS_FROM)
    health.used(4_000)
    assert health.used(500) is False
