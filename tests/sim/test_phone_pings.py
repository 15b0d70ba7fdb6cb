"""Pings and what is known of them."""

import pytest

from agent.sim.phone_pings import MOST_OPEN, Pings


def test_each_ping_is_another_and_its_answer_is_timed_once() -> None:
    pings = Pings(1.0)
    first, second = pings.ping(10.0), pings.ping(11.0)
    assert first != second
    pings.ponged(second, 11.25)
    pings.ponged(first, 12.0)
    pings.ponged(first, 13.0)
    pings.ponged(b"nobody asked", 13.0)
    assert pings.waits_s == pytest.approx([0.25, 2.0])
    assert pings.n_sent == 2


def test_of_very_many_that_nobody_answers_the_oldest_are_forgotten() -> None:
    pings = Pings()
    sent = [pings.ping(0.0) for _ in range(MOST_OPEN + 1)]
    pings.ponged(sent[0], 1.0)
    assert pings.waits_s == []
    pings.ponged(sent[1], 1.0)
    assert pings.waits_s == [1.0]
