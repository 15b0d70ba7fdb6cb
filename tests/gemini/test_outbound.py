"""What goes out of a session, and when."""

import base64
from collections import Counter
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.client_messages import RealtimeInput, RealtimeInputMessage
from agent.gemini.codec import encode_client
from agent.gemini.connection import Connection
from agent.gemini.ledger import Kind, Ledger
from agent.gemini.outbound import BURST_S, GATED_LIMIT, Outbound
from agent.gemini.session_events import SendFrame, SessionEffect
from agent.gemini.session_state import DEFAULT_LIMITS, MovePolicy
from agent.gemini.setup import VadOptions
from agent.gemini.tools import FunctionResponse
from tests.gemini.parties import (
    D25,
    live_audio,
    pcm_of,
    ready_session,
    sent,
    sent_json,
    told,
    tool_call,
)

START: dict[str, Any] = {"realtimeInput": {"activityStart": {}}}
END: dict[str, Any] = {"realtimeInput": {"activityEnd": {}}}
SPEED = 4.0
PACKET_S = 0.04


def text(words: str) -> bytes:
    return encode_client(RealtimeInputMessage(RealtimeInput(text=words)))


class Way:
    """The way out, its ledger, and what went out."""

    def __init__(
        self, *, manual: bool = False, acknowledges: bool = False, up: bool = True
    ) -> None:
        self.effects: list[SessionEffect] = []
        self.counters: Counter[str] = Counter()
        policy = MovePolicy(replay_speed=SPEED)
        self.ledger = Ledger(policy, self.counters, acknowledges=acknowledges)
        self.out = Outbound(self.effects, self.ledger, policy, self.counters, manual=manual)
        self.connection = Connection(0, DEFAULT_LIMITS, 0.0)
        if up:
            self.connect(0.0, resumed=False)

    def connect(self, now: float, *, resumed: bool = True) -> None:
        self.connection = Connection(self.connection.number + 1, DEFAULT_LIMITS, now)
        plan = self.ledger.plan(resumed=resumed, covers=False, media=True)
        self.out.carried_by(self.connection)
        self.out.take_over(plan, now)

    def packet(self, name: int) -> None:
        """40 ms of the caller's line."""
        self.out.audio(name.to_bytes(2, "little") * 640)

    def text(self, words: str) -> None:
        self.out.live(text(words), Kind.ASKS)

    def sent(self) -> list[Any]:
        """What went out since the last time: numbers of packets, texts, else the message."""
        frames, self.effects[:] = self.effects.copy(), []
        for frame in frames:
            assert isinstance(frame, SendFrame)
            assert frame.connection == self.connection.number
        return [_name(effect) for effect in frames]


def _name(effect: SessionEffect) -> Any:
    message = sent_json(effect)
    live = message.get("realtimeInput", {})
    if "audio" in live:
        return int.from_bytes(_pcm(effect)[:2], "little")
    return live.get("text", message)


def _pcm(effect: SessionEffect) -> bytes:
    return base64.b64decode(sent_json(effect)["realtimeInput"]["audio"]["data"])


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


# The gate


def gated() -> Way:
    way = Way()
    way.out.gate(10.0)
    return way


def test_behind_a_gate_audio_is_dropped_and_texts_wait() -> None:
    way = gated()
    way.packet(1)
    way.text("a")
    way.out.other(text("answer"), Kind.ASKS, bound=True)
    assert way.sent() == ["answer"]
    way.out.ungate()
    way.packet(2)
    assert way.sent() == ["a", 2]
    assert way.counters == {"audio_samples_gated": 640}
    way.out.ungate()
    assert way.sent() == []


def test_texts_behind_a_gate_are_bounded() -> None:
    way = gated()
    for name in range(GATED_LIMIT + 2):
        way.text(str(name))
    way.out.ungate()
    assert way.sent() == [str(name) for name in range(GATED_LIMIT)]
    assert way.counters == {"frames_dropped": 2}


def test_a_gate_gives_way_in_time() -> None:
    way = gated()
    way.text("a")
    way.out.gate(20.0)
    assert way.out.gated_until == 20.0
    way.out.handle_timer(19.9)
    assert way.sent() == []
    way.out.handle_timer(20.0)
    assert way.sent() == ["a"]
    assert way.out.gated_until == inf
    assert way.counters == {"gate_timeouts": 1}


def test_a_loss_opens_the_gate_and_what_waited_is_kept() -> None:
    way = gated()
    way.text("a")
    way.out.hold()
    assert way.out.gated_until == inf
    way.packet(1)
    way.connect(11.0)
    assert way.sent() == ["a", 1]


def test_what_waited_behind_a_gate_keeps_its_kind() -> None:
    way = gated()
    way.out.live(text("a"), Kind.TELLS)
    way.out.ungate()
    assert not way.ledger.waits


def test_only_an_open_way_is_gated() -> None:
    way = Way(up=False)
    way.out.gate(10.0)
    assert way.out.gated_until == inf
    way.packet(1)
    way.connect(1.0)
    assert way.sent() == [1]


def test_what_is_left_of_a_plan_waits_behind_a_gate_but_an_answer_does_not() -> None:
    way = Way(up=False)
    for name in range(40):
        way.packet(name)
    way.connect(10.0)
    assert way.sent() == list(range(21))
    way.out.gate(30.0)
    assert way.out.due == inf
    way.out.handle_timer(15.0)
    way.text("waits")
    way.out.other(text("told"), Kind.TELLS)
    way.out.other(text("answer"), Kind.ASKS, bound=True)
    assert way.sent() == ["answer"]
    way.out.ungate()
    assert way.out.due <= 15.0
    way.out.handle_timer(16.0)
    assert way.sent() == [*range(21, 40), "told", "waits"]


# The bracket of manual activity


def test_activity_is_told_once_each_way() -> None:
    way = Way(manual=True)
    for speaking in (False, True, True, False, False):
        way.out.activity(speaking)
    assert way.sent() == [START, END]


def test_the_bracket_is_put_right_after_a_gate() -> None:
    way = Way(manual=True)
    way.out.activity(True)
    way.out.gate(10.0)
    way.out.activity(False)
    assert way.sent() == [START]
    way.out.ungate()
    assert way.sent() == [END]


def test_the_bracket_is_put_right_when_the_connection_goes_behind_a_gate() -> None:
    way = Way(manual=True, acknowledges=True)
    way.ledger.acknowledged(0)
    way.out.activity(True)
    way.out.gate(10.0)
    way.out.activity(False)
    way.out.hold()
    way.sent()
    way.connect(1.0)
    assert way.sent() == [START, END]


def test_an_utterance_that_began_without_a_connection_is_bracketed_in_its_place() -> None:
    way = Way(manual=True)
    way.out.hold()
    way.packet(1)
    way.out.activity(True)
    way.packet(2)
    way.out.activity(False)
    way.packet(3)
    way.connect(1.0)
    assert way.sent() == [1, START, 2, END, 3]
    way.out.activity(True)
    assert way.sent() == [START]


def test_silence_that_was_kept_is_not_put_in_a_bracket() -> None:
    way = Way(manual=True)
    way.out.hold()
    way.packet(1)
    way.connect(1.0)
    assert way.sent() == [1]


@pytest.mark.parametrize("over", [False, True])
def test_an_utterance_that_the_loss_cut_begins_anew_with_a_bracket(over: bool) -> None:
    way = Way(manual=True)
    way.out.activity(True)
    way.packet(1)
    way.out.hold()
    way.sent()
    way.packet(2)
    if over:
        way.out.activity(False)
    way.connect(1.0)
    assert way.sent() == ([START, 2, END] if over else [START, 2])
    way.out.activity(False)
    assert way.sent() == ([] if over else [END])


def test_a_service_that_says_what_it_has_is_told_no_bracket_twice() -> None:
    way = Way(manual=True, acknowledges=True)
    way.ledger.acknowledged(0)
    way.out.activity(True)
    way.packet(1)
    way.ledger.acknowledged(1)
    way.out.hold()
    way.sent()
    way.connect(1.0)
    assert way.sent() == [1]
    way.out.activity(False)
    assert way.sent() == [END]


# The end


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


def test_what_the_caller_says_behind_a_gate_follows_the_answer_and_silence_does_not() -> None:
    session = ready_session(D25)
    told(session, tool_call("a"))
    for _ in range(20):
        session.send_audio(pcm_of(640, 1), 1.0)
    session.caller_speech(True, 1.0)
    for _ in range(5):
        session.send_audio(pcm_of(640, 2), 1.0)
    assert sent(session) == []
    session.send_tool_responses([FunctionResponse("a", response={})], 2.0)
    while (due := session.next_timer()) is not None and due < 10.0:
        session.handle_timer(due)
    first, *rest = sent(session)
    assert "toolResponse" in first
    silent, spoken = live_audio(pcm_of(640, 1)), live_audio(pcm_of(640, 2))
    assert rest == [silent] * 5 + [spoken] * 5
    assert session.counters["audio_samples_gated"] == 15 * 640


def test_speech_behind_a_gate_is_marked_for_a_service_that_detects_nothing() -> None:
    session = ready_session(D25, vad=VadOptions(manual=True))
    told(session, tool_call("a"))
    session.send_activity(True, 1.0)
    session.send_audio(pcm_of(640), 1.0)
    session.send_activity(False, 1.0)
    session.send_tool_responses([FunctionResponse("a", response={})], 2.0)
    assert [next(iter(m.get("realtimeInput", m))) for m in sent(session)] == [
        "toolResponse",
        "activityStart",
        "audio",
        "activityEnd",
    ]


def test_what_waits_behind_a_gate_at_the_end_is_not_counted_as_lost() -> None:
    session = ready_session(D25)
    told(session, tool_call("a"))
    session.caller_speech(True, 1.0)
    session.send_audio(pcm_of(640), 1.0)
    session.close(2.0)
    assert session.figures.caller_ms_lost == 0
