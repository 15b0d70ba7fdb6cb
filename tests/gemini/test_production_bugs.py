"""What has gone wrong for others in production, played to a session: each would show here.

docs/production-bugs.md names the test for every bug of docs/protocols/gemini-live.md 4.2.
"""

import json
from typing import Any

import pytest

from agent.gemini.models import Surface, profile_for
from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionState
from agent.gemini.session_events import (
    GoingAway,
    HandleUpdated,
    Leaving,
    Moved,
    SendFrame,
    ToolCallsRequested,
    TurnComplete,
    Why,
)
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.tools import FunctionResponse
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Cut, Planned, Refusal, Resumption, Shut, ending
from agent.sim.scripted import Script
from tests.gemini.moving import Pair, ready
from tests.gemini.parties import (
    D25,
    content,
    frame,
    new_session,
    pcm_of,
    ready_session,
    sent,
    speech,
    state_of,
    told,
    tool_call,
)
from tests.gemini.steps import DEADLINE, HANDLE, SET_UP, resumable, set_up, setup_in


def test_b2_the_resume_is_accepted_though_the_service_wants_the_old_socket_closed() -> None:
    pair = ready(Faults(planned=ending(At(2.0), 10.0)))  # refuses overlap, as the service does
    pair.hush(6.0)
    assert pair.moved.resumed
    assert pair.session.figures.failed_attempts == 0


def test_b3_the_deadline_holds_though_the_service_falls_silent() -> None:
    session = resumable()
    session.caller_speech(True, 1.0)
    session.receive(1, frame(goAway={"timeLeft": "10s"}), 1.0)
    session.connected(2, 1.1)
    session.effects()
    session.handle_timer(9.0)  # and not a word from the service
    [leaving] = [e for e in session.events() if isinstance(e, Leaving)]
    assert (leaving.planned, leaving.why) == (True, Why.GO_AWAY)


def test_b4_a_notice_is_told_and_the_handle_is_used() -> None:
    session = resumable()
    assert GoingAway(10.0) in told(session, frame(goAway={"timeLeft": "10s"}))
    session.connected(2, 1.2)
    session.lost(1, Loss(1000, ""), 1.3)
    assert setup_in(session.effects())["sessionResumption"]["handle"] == "h-1"


def test_b5_the_developer_api_is_never_asked_for_transparent_resumption() -> None:
    setup = build_setup(SetupOptions("gemini-3.8-live", transparent=True))
    session = LiveSession(setup, profile_for("gemini-3.8-live", "developer"))
    session.start(0.0)
    assert setup_in(set_up(session, 1, 0.0))["sessionResumption"] == {}


def test_b7_planned_moves_are_not_counted_as_failures() -> None:
    pair = Pair(moves=MovePolicy(age_s=3.0))
    pair.hush(60.0)
    assert pair.session.figures.moves > 10
    assert pair.session.state is SessionState.READY


def test_b8_and_b9_what_is_said_without_a_connection_is_kept_and_sent_once() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    session.connected(2, 20.1)
    for value in range(3):
        session.send_audio(pcm_of(640, value), 20.2)
    session.send_text("hello", 20.2)
    assert [e for e in session.effects() if isinstance(e, SendFrame)][1:] == []
    session.receive(2, SET_UP, 20.3)
    kinds = [next(iter(message["realtimeInput"])) for message in sent(session)]
    assert kinds == ["audio", "audio", "audio", "text"]


def test_b10_a_drop_before_the_first_handle_keeps_the_conversation() -> None:
    planned = (Planned(At(8.0), Cut(), session=1),)
    pair = ready(Faults(planned=planned, resumption=Resumption(handles="none")))
    pair.say(then=10.0)
    assert not pair.moved.resumed
    [history] = pair.sent("clientContent")
    assert {turn["role"] for turn in history["turns"]} == {"user", "model"}


@pytest.mark.parametrize("profile", ["dev-2.5", "dev-3.1", "dev-3.8", "vertex-3.8"])
def test_b11_a_fresh_session_is_told_of_functions_in_a_way_it_takes(profile: str) -> None:
    planned = (Planned(At(9.0), Cut(), session=1),)
    pair = Pair(
        Faults(planned=planned, resumption=Resumption(handles="none")),
        profile=profile,
        script=Script(tool=("look_up", {"order": 7}), tool_every=1),
    )
    pair.hush(1.0)
    pair.say(then=12.0)
    assert not pair.moved.resumed
    assert "look_up" in json.dumps(pair.sent("clientContent"))
    assert pair.session.figures.failed_attempts == 0
    assert pair.session.state is SessionState.READY


def test_b12_a_move_waits_for_the_answer_and_the_handle_after_it() -> None:
    session = resumable()
    told(session, tool_call("a"))
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.1)
    session.send_tool_responses([FunctionResponse("a", response={"output": 1})], 2.0)
    told(session, speech(pcm_of(10)), 3.0)
    told(session, content(generationComplete=True), 3.1)
    told(session, content(turnComplete=True), 3.2)
    assert session.state is SessionState.PREPARING
    told(session, HANDLE, 3.3)
    assert state_of(session) is SessionState.CLOSING


def test_b15_the_payload_that_ended_the_connection_is_not_sent_again() -> None:
    session = resumable()
    session.caller_speech(True, 1.0)
    for _ in range(5):
        session.send_audio(pcm_of(640), 1.0)
    session.effects()
    session.lost(1, Loss(1007, "Request contains an invalid argument."), 2.0)
    effects = set_up(session, 2, 2.1)
    frames = [e.frame for e in effects if isinstance(e, SendFrame)]
    assert not any(b'"audio"' in text for text in frames)
    assert session.figures.caller_ms_lost == 200


def test_b18_a_drop_during_a_function_does_not_ask_for_it_again_by_itself() -> None:
    session = resumable()
    told(session, tool_call("a"))
    session.lost(1, Loss(1011, "Internal error encountered."), 20.0)
    set_up(session, 2, 20.1)
    assert not any(isinstance(event, ToolCallsRequested) for event in session.events())


def test_b20_and_b36_the_services_ear_is_set_as_the_tenant_says() -> None:
    vad = VadOptions(
        start_sensitivity="low", end_sensitivity="low", silence_ms=1200, interruptible=False
    )
    session = new_session("gemini-3.1-flash-live-preview", vad=vad)
    session.start(0.0)
    session.effects()
    session.connected(1, 0.0)
    (message,) = sent(session)
    setup = message["setup"]
    assert setup["realtimeInputConfig"] == {
        "automaticActivityDetection": {
            "startOfSpeechSensitivity": "START_SENSITIVITY_LOW",
            "endOfSpeechSensitivity": "END_SENSITIVITY_LOW",
            "silenceDurationMs": 1200,
        },
        "activityHandling": "NO_INTERRUPTION",
    }


def test_b21_events_flow_on_over_many_turns() -> None:
    pair = ready(reply_s=1.0)
    for index in range(4):
        pair.say(index, then=3.0)
    assert len(pair.all(TurnComplete)) == 4


def test_b27_generation_complete_does_not_end_a_function() -> None:
    session = ready_session("gemini-live-2.5-flash", "vertex")
    told(session, tool_call("a"))
    told(session, content(generationComplete=True))
    told(session, content(turnComplete=True))
    session.send_tool_responses([FunctionResponse("a", response={"output": 1})], 2.0)
    assert [list(message) for message in sent(session)] == [["toolResponse"]]


def test_b28_words_that_come_late_stand_before_the_reply() -> None:
    session = ready_session()
    told(session, content(outputTranscription={"text": "From nine to five."}))
    told(session, content(inputTranscription={"text": "When are you open?"}))
    told(session, content(turnComplete=True))
    session.effects()
    session.lost(1, Loss(1007, ""), 30.0)
    [history] = [
        message["clientContent"]
        for effect in set_up(session, 2, 30.0)
        if isinstance(effect, SendFrame)
        and "clientContent" in (message := json.loads(effect.frame))
    ]
    assert [turn["role"] for turn in history["turns"]] == ["user", "model"]


def test_b29_and_b30_a_bracket_is_opened_before_the_audio_and_closed_once() -> None:
    session = ready_session(D25, vad=VadOptions(manual=True))
    session.send_activity(False, 1.0)
    session.send_activity(True, 1.0)
    session.send_audio(pcm_of(640), 1.0)
    session.effects()
    session.lost(1, DEADLINE, 2.0)
    session.send_audio(pcm_of(640), 2.0)
    session.effects()
    messages = [
        json.loads(e.frame)["realtimeInput"]
        for e in set_up(session, 2, 2.1)
        if isinstance(e, SendFrame) and b'"realtimeInput":' in e.frame
    ]
    assert [next(iter(message)) for message in messages] == ["activityStart", "audio", "audio"]
    session.send_activity(False, 3.0)
    session.send_activity(False, 3.0)
    assert sent(session) == [{"realtimeInput": {"activityEnd": {}}}]


def test_b33_no_connection_is_sent_a_second_setup() -> None:
    session = ready_session(D25)
    session.receive(1, HANDLE, 0.0)
    session.events()
    session.update_context(1.0, instruction="Be brief.")
    frames = [e for e in session.effects() if isinstance(e, SendFrame)]
    assert not any(b'"setup"' in effect.frame for effect in frames)


def test_b35_a_connection_that_ends_without_notice_and_a_resume_that_is_refused() -> None:
    refused = Refusal(resumes_only=True, close=Shut(1007, "Request contains an invalid argument."))
    planned = (Planned(At(8.0), Shut(1011), session=1),)
    pair = ready(Faults(planned=planned, refusals=(refused,)))
    pair.say(then=12.0)
    assert not pair.moved.resumed
    said = pair.say(1, then=6.0)
    assert pair.account(said, session=2).n_missing == 0


def test_b39_a_resume_without_its_context_is_noticed() -> None:
    faults = Faults(planned=(Planned(At(20.0), Shut(1011)),), resumption=Resumption(forgets=True))
    pair = ready(faults, reply_s=8.0)
    for index, pause_s in enumerate((7.0, 12.0, 20.0)):
        pair.say(index, then=pause_s)
    assert [moved.resumed for moved in pair.all(Moved)] == [True, False]
    assert pair.session.counters["contexts_lost"] == 1


@pytest.mark.parametrize(
    ("model", "surface", "key"),
    [
        ("gemini-3.1-flash-live-preview", "developer", "realtimeInput"),
        ("gemini-3.8-live", "developer", "realtimeInput"),
        (D25, "developer", "clientContent"),
    ],
)
def test_b40_a_text_makes_every_model_speak(model: str, surface: Surface, key: str) -> None:
    session = ready_session(model, surface)
    session.prompt("Greet the caller.", 1.0)
    (message,) = sent(session)
    assert list(message) == [key]
    assert message[key].get("turnComplete", True)


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"resumable": True},
        {"newHandle": "", "resumable": True},
        {"newHandle": "h-9"},
        {"newHandle": "h-9", "resumable": False},
    ],
)
def test_b41_a_handle_is_only_what_the_service_calls_one(update: dict[str, Any]) -> None:
    session = resumable()
    assert told(session, frame(sessionResumptionUpdate=update)) == [HandleUpdated(False)]
    assert session.handle == "h-1"
