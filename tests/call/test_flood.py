"""A phone that sends far more than a phone can say."""

import json

from agent.call.core import CallPlan, CallState
from agent.call.effects import Outcome
from agent.call.flood import MOST_IN_WINDOW, WINDOW_S, Flood
from tests.call.line import opened


def test_what_a_stalled_network_brings_at_once_is_no_flood() -> None:
    flood, now = Flood(), 1000.0
    for stall_s in (0.0, 5.0, 30.0):
        now += stall_s
        assert not any(flood.over(now) for _ in range(1500))
        for _ in range(10):
            now += 0.02
            assert not flood.over(now)
        now += WINDOW_S


def test_more_than_that_is_one() -> None:
    flood = Flood()
    assert not any(flood.over(5.0) for _ in range(MOST_IN_WINDOW))
    assert flood.over(5.0)
    assert flood.over(5.0 + WINDOW_S - 0.1)
    assert not flood.over(5.0 + WINDOW_S)


def test_a_flood_ends_the_call_and_nothing_more_is_read() -> None:
    line = opened(CallPlan("b"))
    text = json.dumps({"event": "nonsense"})
    for _ in range(MOST_IN_WINDOW):
        line.call.phone_received(text, line.now)
    assert line.call.state is CallState.ENDED
    assert line.call.outcome == Outcome.PHONE_PROTOCOL
    assert not line.call.phone_received(text, line.now)
