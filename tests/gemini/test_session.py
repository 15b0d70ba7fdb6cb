"""The life of a session: states, time limits, losses."""

import pytest

from agent.errors import DialError, LocalProtocolError
from agent.gemini.closes import ConnectionLostError, LossKind
from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionLimits, SessionState
from agent.gemini.session_events import (
    CloseConnection,
    HandleUpdated,
    OpenConnection,
    Ready,
    SendFrame,
    SessionFailed,
    UsageReported,
)
from agent.gemini.setup import VadOptions
from agent.gemini.setup_messages import SessionResumptionConfig, Setup
from agent.gemini.tools import FunctionResponse
from tests.gemini.parties import (
    D25,
    content,
    frame,
    live_audio,
    new_session,
    pcm_of,
    ready_session,
    sent,
    sent_json,
    told,
    tool_call,
    user,
)

ONE = MovePolicy(moves=False)
"""One connection, whose loss ends the session."""


def failure(session: LiveSession) -> SessionFailed:
    [event] = session.events()
    assert isinstance(event, SessionFailed)
    assert session.state is SessionState.CLOSED
    assert session.next_timer() is None
    return event


def test_a_session_dials_sets_up_and_is_ready() -> None:
    session = new_session()
    assert (session.state, session.next_timer()) == (SessionState.NEW, None)
    session.start(1.0)
    assert session.effects() == [OpenConnection(1)]
    assert (session.state, session.next_timer()) == (SessionState.CONNECTING, 9.0)
    session.connected(1, 2.0)
    [setup] = sent(session)
    assert setup["setup"]["model"] == "models/gemini-3.8-live"
    assert (session.state, session.next_timer()) == (SessionState.CONNECTING, 12.0)
    assert not session.ready
    assert told(session, frame(setupComplete={"sessionId": "s-1"}), 3.0) == [Ready("s-1")]
    assert (session.state, session.next_timer()) == (SessionState.READY, 3.0 + 50 * 60)
    assert session.ready
    assert session.effects() == []


def test_nothing_but_setup_goes_out_before_the_service_is_ready() -> None:
    session = new_session()
    session.send_text("first", 0.0)
    session.start(0.0)
    session.send_audio(pcm_of(640), 0.0)
    session.effects()
    session.connected(1, 0.0)
    session.send_content([user("then")], 0.0, turn_complete=False)
    session.send_audio(pcm_of(320), 0.0)
    session.end_audio(0.0)
    assert [list(message) for message in sent(session)] == [["setup"]]
    session.receive(1, '{"setupComplete":{}}', 0.1)
    assert sent(session) == [
        {"realtimeInput": {"text": "first"}},
        live_audio(pcm_of(640)),
        {"clientContent": {"turns": [{"parts": [{"text": "then"}], "role": "user"}]}},
        live_audio(pcm_of(320)),
        {"realtimeInput": {"audioStreamEnd": True}},
    ]


def test_keys_beside_setup_complete_count_as_well() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    update = {"newHandle": "h", "resumable": True}
    events = told(session, frame(sessionResumptionUpdate=update, setupComplete={}))
    assert events == [Ready(None), HandleUpdated(True)]


def test_what_comes_before_setup_complete_is_counted_and_ignored() -> None:
    session = new_session()
    session.start(0.0)
    assert told(session, content(turnComplete=True)) == []
    session.connected(1, 0.0)
    assert told(session, content(turnComplete=True)) == []
    assert session.state is SessionState.CONNECTING
    assert session.counters == {"received_out_of_place": 1, "received_before_setup": 1}


@pytest.mark.parametrize(
    ("connect", "due", "phase", "text"),
    [
        (False, 8.0, "dial", "no connection within 8 s"),
        (True, 10.0, "setup", "no setupComplete within 10 s"),
    ],
)
def test_a_service_that_does_not_answer_is_given_up(
    connect: bool, due: float, phase: str, text: str
) -> None:
    session = new_session(moves=ONE)
    session.start(0.0)
    if connect:
        session.connected(1, 0.0)
    session.effects()
    assert session.next_timer() == due
    session.handle_timer(due - 0.001)
    assert session.events() == []
    session.handle_timer(due)
    assert session.effects() == [CloseConnection(1, 1000, "")]
    failed = failure(session)
    assert (failed.phase, failed.reason) == (phase, text)
    assert isinstance(failed.error, DialError)
    assert failed.error.retryable


def test_a_failed_dial_says_what_the_dialler_said() -> None:
    session = new_session()
    session.start(0.0)
    session.lost(1, Loss(None, "h:1 refused with HTTP 401", 401, retryable=False), 1.0)
    failed = failure(session)
    assert (failed.phase, failed.code) == ("dial", None)
    assert isinstance(failed.error, DialError)
    assert (failed.error.status, failed.error.retryable) == (401, False)
    assert "check the key" not in failed.reason
    assert "refused with HTTP 401; the service does not accept the key" in str(failed.error)


def test_a_setup_that_is_refused_is_a_dial_error_with_the_services_reason() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.lost(1, Loss(1008, "models/x is not found for API version v1beta"), 1.0)
    failed = failure(session)
    assert (failed.phase, failed.code) == ("setup", 1008)
    assert isinstance(failed.error, DialError)
    assert not failed.error.retryable


def test_a_resume_is_a_phase_of_its_own_and_its_handle_is_never_told() -> None:
    setup = Setup("models/gemini-3.8-live", session_resumption=SessionResumptionConfig("h-secret"))
    session = LiveSession(setup, new_session().profile, moves=ONE)
    session.start(0.0)
    session.connected(1, 0.0)
    session.lost(1, Loss(1008, "no session h-secret"), 1.0)
    failed = failure(session)
    assert (failed.phase, failed.reason) == ("resume", "no session ***")
    assert "h-secret" not in f"{failed!r} {failed.error}"


def test_a_lost_connection_ends_the_session_that_has_one_and_says_what_it_was() -> None:
    session = ready_session(moves=ONE)
    session.lost(1, Loss(1011, "Deadline expired before operation could complete."), 5.0)
    assert session.effects() == []
    failed = failure(session)
    assert (failed.phase, failed.code) == ("live", 1011)
    assert isinstance(failed.error, ConnectionLostError)
    assert failed.error.kind is LossKind.EXPIRED


def test_an_announced_error_stands_in_for_a_missing_reason() -> None:
    session = ready_session(moves=ONE)
    error = {"code": 8, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}
    assert told(session, frame(error=error)) == []
    session.lost(1, Loss(1006, ""), 1.0)
    failed = failure(session)
    assert failed.reason == "RESOURCE_EXHAUSTED Quota."
    assert isinstance(failed.error, ConnectionLostError)
    assert failed.error.kind is LossKind.QUOTA


def test_unreadable_frames_are_survived_up_to_a_limit() -> None:
    session = ready_session(limits=SessionLimits(malformed_in_a_row=3), moves=ONE)
    for text in ("x", "[]", '{"usageMetadata":{}}', "x", '{"serverContent":1}'):
        session.receive(1, text, 1.0)
    [event] = session.events()
    assert isinstance(event, UsageReported)
    session.receive(1, b"\xff", 1.0)
    assert session.effects() == [CloseConnection(1, 1002, "unreadable frames")]
    failed = failure(session)
    assert "malformed frame" in str(failed.error)
    assert (failed.phase, session.counters["malformed"]) == ("live", 5)


def test_frames_of_unknown_keys_are_counted_and_ignored() -> None:
    session = ready_session()
    assert told(session, frame(brandNew={}, other=1)) == []
    assert told(session, frame()) == []
    assert session.counters == {"unknown_keys": 2}


def test_closing_says_goodbye_once_and_nothing_follows() -> None:
    session = ready_session()
    session.close(1.0)
    session.close(1.0)
    session.lost(1, Loss(1000, ""), 1.0)
    session.send_audio(pcm_of(1), 1.0)
    session.send_text("late", 1.0)
    session.receive(1, frame(goAway={}), 1.0)
    session.handle_timer(99.0)
    assert session.effects() == [CloseConnection(1, 1000, "")]
    assert session.events() == []
    assert session.counters == {"sent_after_close": 2, "received_out_of_place": 1}


def test_closing_before_the_start_needs_no_connection() -> None:
    session = new_session()
    session.close(0.0)
    assert (session.effects(), session.state) == ([], SessionState.CLOSED)


def test_a_connection_that_comes_too_late_is_closed_again() -> None:
    session = new_session()
    session.start(0.0)
    session.close(1.0)
    session.effects()
    session.connected(1, 2.0)
    assert session.effects() == [CloseConnection(1, 1000, "")]


def test_a_connection_that_is_reported_twice_is_set_up_once() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.connected(1, 0.0)
    session.receive(1, frame(setupComplete={}), 0.1)
    session.connected(1, 0.2)
    assert [type(effect) for effect in session.effects()] == [OpenConnection, SendFrame]
    assert session.counters == {"facts_out_of_place": 2}


def test_steps_out_of_order_are_our_bug() -> None:
    session = new_session()
    with pytest.raises(LocalProtocolError, match="never started was connected"):
        session.connected(1, 0.0)
    with pytest.raises(LocalProtocolError, match="never started"):
        session.lost(1, Loss(None, ""), 0.0)
    session.start(0.0)
    with pytest.raises(LocalProtocolError, match="state CONNECTING was STARTED"):
        session.start(0.0)


def test_the_setup_is_sent_as_it_was_given() -> None:
    setup = Setup("models/m")
    session = LiveSession(setup, new_session().profile)
    session.start(0.0)
    session.connected(1, 0.0)
    assert sent_json(session.effects()[1]) == {"setup": {"model": "models/m"}}


def test_every_command_reaches_the_wire() -> None:
    session = ready_session(D25, vad=VadOptions(manual=True))
    session.send_audio(pcm_of(320), 1.0)
    session.send_audio(pcm_of(0), 1.0)
    session.send_activity(True, 1.0)
    session.send_text("hello", 1.0)
    session.send_content([user("a")], 1.0, turn_complete=True)
    session.send_content([user("b")], 1.0, turn_complete=False)
    session.end_audio(1.0)  # nothing to flush where detection is manual
    told(session, tool_call("a"))
    session.send_audio(pcm_of(320), 2.0)
    told(session, tool_call("b"))
    told(session, frame(toolCallCancellation={"ids": ["b"]}))
    session.send_tool_responses([FunctionResponse("a", response={})], 3.0)
    session.send_tool_responses([FunctionResponse("a", response={})], 3.0)
    turn = {"parts": [{"text": "a"}], "role": "user"}
    assert sent(session) == [
        live_audio(pcm_of(320)),
        {"realtimeInput": {"activityStart": {}}},
        {"realtimeInput": {"text": "hello"}},
        {"clientContent": {"turns": [turn], "turnComplete": True}},
        {"clientContent": {"turns": [{**turn, "parts": [{"text": "b"}]}]}},
        {"toolResponse": {"functionResponses": [{"id": "a", "name": "look_up", "response": {}}]}},
        live_audio(pcm_of(320)),
    ]


def test_a_detection_of_its_own_may_be_tuned_and_is_not_manual() -> None:
    session = ready_session(vad=VadOptions(silence_ms=500))
    session.end_audio(1.0)
    assert sent(session) == [{"realtimeInput": {"audioStreamEnd": True}}]


def test_activity_is_told_only_where_detection_is_manual() -> None:
    with pytest.raises(LocalProtocolError, match="automatic detection"):
        ready_session().send_activity(True, 1.0)


def test_answers_while_other_calls_block_leave_the_gate() -> None:
    session = ready_session(D25)
    told(session, tool_call("a", "b"))
    session.send_tool_responses([FunctionResponse("a", response={})], 3.0)
    assert session.next_timer() == 11.0


def test_calls_that_block_need_no_gate_on_newer_models() -> None:
    session = ready_session()
    told(session, tool_call("a"))
    told(session, frame(toolCallCancellation={"ids": []}))
    told(session, frame(toolCallCancellation={"ids": ["a"]}))
    assert session.next_timer() == 50 * 60
