"""What waits behind a gate, and what brackets the caller's activity, on the way out."""

from math import inf

import pytest

from agent.gemini.ledger import Kind
from agent.gemini.outbound import GATED_LIMIT
from agent.gemini.setup import VadOptions
from agent.gemini.tools import FunctionResponse
from tests.gemini.parties import (
    D25,
    live_audio,
    pcm_of,
    ready_session,
    sent,
    told,
    tool_call,
)
from tests.gemini.way import END, START, Way, text


def gated() -> Way:
    way = Way()
    way.out.gate(10.0)
    return way


def test_behind_a_gate_audio_is_dropped_but_for_the_last_moment_and_texts_wait() -> None:
    """In the last 0.2 s the caller may have begun to speak without anybody having noticed yet."""
    way = gated()
    for number in range(8):
        way.packet(number)
    way.text("a")
    way.out.other(text("answer"), Kind.ASKS, bound=True)
    assert way.sent() == ["answer"]
    way.out.ungate()
    way.packet(8)
    way.out.handle_timer(11.0)
    assert way.sent() == [3, 4, 5, 6, 7, "a", 8]
    assert way.counters == {"audio_samples_gated": 3 * 640}
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
