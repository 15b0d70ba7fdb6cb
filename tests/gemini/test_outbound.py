"""What goes out of a session, and when."""

from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.connection import Connection
from agent.gemini.ledger import Kind
from agent.gemini.outbound import BURST_S
from agent.gemini.session_state import DEFAULT_LIMITS
from tests.gemini.way import PACKET_S, SPEED, Way, text


def test_while_a_connection_carries_the_session_everything_goes_out_at_once() -> None:
    way = Way()
    way.packet(1)
    way.text("a")
    way.out.other(text("b"), Kind.TELLS)
    assert way.sent() == [1, "a", "b"]
    assert way.connection.index == 3
    assert way.out.due == inf


def test_before_a_connection_is_ready_nothing_goes_out_and_then_all_in_order() -> None:
    way = Way(up=False)
    way.packet(1)
    way.text("a")
    way.packet(2)
    way.out.untracked(b"nobody to tell")
    assert way.sent() == []
    way.connect(1.0, resumed=False)
    assert way.sent() == [1, "a", 2]


def test_what_only_the_new_connection_needs_goes_before_what_was_kept() -> None:
    way = Way(up=False)
    way.text("kept")
    way.out.carried_by(Connection(1, DEFAULT_LIMITS, 0.0))
    assert way.effects == []
    way.connect(1.0)
    way.out.untracked(text("told"))
    way.out.hold()
    way.out.carried_by(way.connection)
    way.out.untracked(text("told"))
    assert way.sent() == ["kept", "told", "told"]
    assert way.connection.index == 3


def test_without_a_connection_what_is_new_waits_too() -> None:
    way = Way(up=False)
    plan = way.ledger.plan(resumed=False, covers=False, media=True)
    way.out.take_over(plan, 0.0)
    way.packet(1)
    way.text("a")
    assert way.effects == []


def test_what_was_kept_is_sent_no_faster_than_allowed_and_the_new_queues_behind_it() -> None:
    way = Way(up=False)
    for name in range(40):  # 1.6 s
        way.packet(name)
    way.connect(10.0)
    assert way.sent() == list(range(21))  # a burst of 0.2 s at four times the speed, and one
    assert way.out.due == pytest.approx(10.01)
    way.packet(40)
    way.text("a")
    assert way.sent() == []
    way.out.handle_timer(10.005)
    assert way.sent() == []
    way.out.handle_timer(10.01)
    assert way.sent() == [21]
    way.out.handle_timer(11.0)
    assert way.sent() == [*range(22, 41), "a"]
    assert way.out.due == inf
    way.packet(41)
    assert way.sent() == [41]


ACTION = st.one_of(
    st.tuples(st.just("packet"), st.integers(1, 4)),
    st.tuples(st.just("text"), st.none()),
    st.tuples(st.just("timer"), st.floats(0.001, 0.3)),
    st.tuples(st.just("lose"), st.none()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTION, max_size=60))
def test_the_order_is_kept_and_the_speed_whatever_happens(
    actions: list[tuple[str, Any]],
) -> None:
    way = Way(acknowledges=True)
    way.ledger.acknowledged(0)
    now, since, packets, handed = 0.0, 0.0, 0, 0
    frames: list[int] = []
    for action, value in actions:
        if action == "packet":
            for _ in range(value):
                way.packet(handed)
                handed += 1
        elif action == "text":
            way.text(str(handed))
            handed += 1
        elif action == "timer":
            now += value
            way.out.handle_timer(now)
            assert way.out.due > now
        else:
            way.out.hold()
            assert way.out.due == inf
            way.connect(now)
            since, packets, frames = now, 0, []
        pending = way.out.due < inf
        for name in way.sent():
            packets += isinstance(name, int)
            frames.append(int(name))
        assert frames == list(range(len(frames)))
        if pending:
            assert (packets - 1) * PACKET_S <= SPEED * (now - since + BURST_S) + 1e-9
        else:
            assert len(frames) == handed


STREAM_END = {"realtimeInput": {"audioStreamEnd": True}}


def test_what_is_sent_again_after_the_stream_has_ended_ends_too() -> None:
    """Else the service waits for more of it, and answers when the caller is back."""
    way = Way()
    way.ledger.speech(started=True, ago=0)
    way.packet(1)
    way.ledger.speech(started=False, ago=0)
    way.out.end_audio()
    assert way.sent() == [1, STREAM_END]
    way.out.hold()
    way.connect(1.0)
    assert way.sent() == [1, STREAM_END]
    way.out.hold()
    way.packet(2)
    way.connect(2.0)
    assert way.sent() == [1, 2]  # it goes on, and has not ended


def test_an_end_that_waits_is_sent_once() -> None:
    way = Way(up=False)
    way.packet(1)
    way.out.end_audio()
    way.connect(1.0)
    assert way.sent() == [1, STREAM_END]


def test_nothing_goes_out_after_the_end() -> None:
    way = Way(manual=True)
    way.out.gate(10.0)
    way.text("a")
    way.out.shut()
    way.packet(1)
    way.text("b")
    way.out.activity(True)
    way.out.untracked(b"c")
    way.out.gate(10.0)
    way.out.ungate()
    way.out.handle_timer(20.0)
    way.out.hold()
    assert way.sent() == []
    assert (way.out.due, way.out.gated_until) == (inf, inf)
    assert way.counters == {"sent_after_close": 3}


@given(st.lists(st.sampled_from(["packet", "text", "gate", "ungate", "hold"]), max_size=12))
def test_nothing_goes_out_after_the_end_whatever_came_before(actions: list[str]) -> None:
    way = Way(manual=True)
    for action in actions:
        _act(way, action)
    way.out.shut()
    way.effects.clear()
    for action in actions:
        _act(way, action)
    way.out.handle_timer(99.0)
    assert way.effects == []
    assert (way.out.due, way.out.gated_until) == (inf, inf)


def _act(way: Way, action: str) -> None:
    match action:
        case "packet":
            way.packet(1)
        case "text":
            way.text("a")
        case "gate":
            way.out.gate(10.0)
        case "ungate":
            way.out.ungate()
        case _:
            way.out.hold()
