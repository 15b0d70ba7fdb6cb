"""What goes out of a session, and when."""

from typing import Any

import pytest

from agent.errors import LocalProtocolError
from agent.gemini.setup import VadOptions
from agent.gemini.tools import FunctionResponse
from tests.gemini.parties import (
    D25,
    D38,
    frame,
    live_audio,
    new_session,
    pcm_of,
    ready_session,
    sent,
    told,
    tool_call,
    user,
)

TEXT = {"realtimeInput": {"text": "hello"}}
START: dict[str, Any] = {"realtimeInput": {"activityStart": {}}}
END: dict[str, Any] = {"realtimeInput": {"activityEnd": {}}}


def answer(call_id: str, **fields: Any) -> FunctionResponse:
    return FunctionResponse(call_id, "look_up", {"output": 1}, **fields)


def answers(*ids: str, **fields: Any) -> dict[str, Any]:
    entries = [
        {**({"id": i} if i else {}), "name": "look_up", "response": {"output": 1}, **fields}
        for i in ids
    ]
    return {"toolResponse": {"functionResponses": entries}}


def gated() -> Any:
    session = ready_session(D25)
    told(session, tool_call("a", "b"), 10.0)
    return session


def test_audio_and_text_and_turns_go_out_at_once() -> None:
    session = ready_session()
    session.send_audio(pcm_of(640), 1.0)
    session.send_audio(pcm_of(0), 1.0)
    session.end_audio(1.0)
    session.send_text("hello", 1.0)
    session.send_content([user("a")], 1.0, turn_complete=True)
    session.send_content([], 1.0, turn_complete=True)
    assert sent(session) == [
        live_audio(pcm_of(640)),
        {"realtimeInput": {"audioStreamEnd": True}},
        TEXT,
        {"clientContent": {"turns": [{"parts": [{"text": "a"}], "role": "user"}],
                           "turnComplete": True}},
        {"clientContent": {"turnComplete": True}},
    ]  # fmt: skip


def test_audio_before_the_service_is_ready_is_bounded() -> None:
    session = new_session()
    session.start(0.0)
    for value in range(60):
        session.send_audio(pcm_of(1600, value), 0.0)  # 6 s in all
    session.connected(0.0)
    session.effects()
    session.receive(frame(setupComplete={}), 0.0)
    assert sent(session) == [live_audio(pcm_of(1600, value)) for value in range(10, 60)]
    assert session.counters == {"audio_samples_dropped": 16_000}


def test_activity_is_told_once_each_way_and_only_where_detection_is_manual() -> None:
    session = ready_session(vad=VadOptions(manual=True))
    for speaking in (False, True, True, False, False):
        session.send_activity(speaking, 1.0)
    session.end_audio(1.0)
    assert sent(session) == [START, END]
    with pytest.raises(LocalProtocolError, match="automatic detection"):
        ready_session().send_activity(True, 1.0)
    with pytest.raises(LocalProtocolError, match="automatic detection"):
        ready_session(vad=VadOptions(silence_ms=5)).send_activity(True, 1.0)


def test_live_input_is_held_back_while_a_blocking_call_is_open_where_it_would_kill() -> None:
    session = gated()
    session.send_audio(pcm_of(320), 11.0)
    session.send_text("hello", 11.0)
    session.send_tool_responses([answer("a")], 12.0)
    session.send_audio(pcm_of(320), 12.0)
    assert sent(session) == [answers("a")]
    session.send_tool_responses([answer("b")], 13.0)
    assert sent(session) == [answers("b"), TEXT]
    session.send_audio(pcm_of(320), 13.0)
    assert sent(session) == [live_audio(pcm_of(320))]
    assert session.counters == {"audio_samples_gated": 640}
    assert session.next_timer() is None


def test_a_cancelled_call_lifts_the_gate() -> None:
    session = gated()
    told(session, frame(toolCallCancellation={"ids": ["a"]}), 11.0)
    session.send_audio(pcm_of(320), 11.0)
    assert sent(session) == []
    told(session, frame(toolCallCancellation={"ids": ["b"]}), 11.0)
    session.send_audio(pcm_of(320), 11.0)
    assert sent(session) == [live_audio(pcm_of(320))]


def test_the_gate_gives_way_in_time() -> None:
    session = gated()
    session.send_text("hello", 11.0)
    assert session.next_timer() == 20.0
    session.handle_timer(20.0)
    assert session.next_timer() is None
    assert sent(session) == [TEXT]
    session.send_audio(pcm_of(320), 20.0)
    assert sent(session) == [live_audio(pcm_of(320))]
    assert session.counters == {"gate_timeouts": 1}


def test_the_bracket_of_activity_is_put_right_after_the_gate() -> None:
    session = ready_session(D25, vad=VadOptions(manual=True))
    session.send_activity(True, 1.0)
    told(session, tool_call("a"), 10.0)
    session.send_activity(False, 11.0)
    assert sent(session) == [START]
    session.send_tool_responses([answer("a")], 12.0)
    assert sent(session) == [answers("a"), END]


def test_no_gate_where_the_model_needs_none() -> None:
    for session in (ready_session(D38), ready_session(D25, behavior="NON_BLOCKING")):
        told(session, tool_call("a"))
        session.send_audio(pcm_of(320), 2.0)
        assert sent(session) == [live_audio(pcm_of(320))]
        assert session.next_timer() is None


def test_commands_wait_for_the_service_and_are_counted_after_the_end() -> None:
    session = new_session()
    session.send_text("hello", 0.0)
    session.start(0.0)
    session.connected(0.0)
    session.effects()
    session.receive(frame(setupComplete={}), 0.0)
    assert sent(session) == [TEXT]
    session.close(1.0)
    session.effects()
    session.send_text("late", 1.0)
    session.send_audio(pcm_of(1), 1.0)
    assert sent(session) == []
    assert session.counters == {"sent_after_close": 2}
