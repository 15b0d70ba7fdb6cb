"""What the messages of the service become, told through a session."""

from collections import Counter
from typing import Any

import pytest

from agent.gemini.codec import decode_server
from agent.gemini.inbound import Inbound
from agent.gemini.models import profile_for
from agent.gemini.session_events import (
    GenerationComplete,
    GoingAway,
    HandleUpdated,
    InputTranscript,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    SessionEvent,
    ToolCall,
    ToolCallsCancelled,
    ToolCallsRequested,
    TurnComplete,
    UsageReported,
    VoiceActivity,
)
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionDeclaration, FunctionResponse
from agent.gemini.usage import Usage
from tests.gemini.parties import (
    D25,
    audio_part,
    content,
    frame,
    pcm_of,
    ready_session,
    speech,
    told,
    tool_call,
)

TURN_OVER = TurnComplete(None, None)


def audio_in(events: list[SessionEvent]) -> list[list[int]]:
    return [event.pcm24k.tolist() for event in events if isinstance(event, ModelAudio)]


def new_inbound() -> Inbound:
    setup = build_setup(SetupOptions(D25, declarations=(FunctionDeclaration("look_up"),)))
    return Inbound(setup, profile_for(D25, "developer"), Counter())


def read(inbound: Inbound, message: bytes) -> list[SessionEvent]:
    return list(inbound.read(decode_server(message)))


def test_all_keys_of_a_frame_are_told_in_one_order() -> None:
    session = ready_session()
    events = told(
        session,
        frame(
            goAway={"timeLeft": "50s"},
            sessionResumptionUpdate={},
            toolCallCancellation={"ids": ["a"]},
            toolCall={"functionCalls": [{"id": "a", "name": "look_up", "args": {"x": 1}}]},
            serverContent={
                "turnComplete": True,
                "generationComplete": True,
                "outputTranscription": {"text": "Yes", "finished": True},
                "inputTranscription": {"text": "Hi", "finished": True},
                "modelTurn": {"parts": [audio_part(pcm_of(3))]},
                "interrupted": True,
            },
            voiceActivity={"type": "ACTIVITY_START", "audioOffset": "1.234s"},
            usageMetadata={"promptTokenCount": 5},
        ),
    )
    assert audio_in(events) == [[1, 1, 1]]
    assert [e for e in events if not isinstance(e, ModelAudio)] == [
        UsageReported(Usage(prompt_tokens=5, total_tokens=5)),
        VoiceActivity("start", 1.234),
        Interrupted(),
        InputTranscript("Hi", True),
        OutputTranscript("Yes", True),
        GenerationComplete(),
        ToolCallsRequested((ToolCall("a", "look_up", {"x": 1}),)),
        ToolCallsCancelled(("a",)),
        TURN_OVER,
        HandleUpdated(False),
        GoingAway(50.0),
    ]
    assert [type(e) for e in events].index(ModelAudio) == 3


@pytest.mark.parametrize(
    ("signal", "kind"), [("VAD_SIGNAL_TYPE_SOS", "start"), ("VAD_SIGNAL_TYPE_EOS", "end")]
)
def test_the_older_signals_of_speech_mean_the_same(signal: str, kind: str) -> None:
    message = frame(voiceActivityDetectionSignal={"vadSignalType": signal})
    assert told(ready_session(), message) == [VoiceActivity(kind, None)]


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        ({"timeLeft": "9.5s"}, 9.5),
        ({}, None),
        ({"timeLeft": "soon"}, None),
        ({"timeLeft": "-1s"}, 0.0),
    ],
)
def test_a_go_away_is_told_with_what_is_left(left: Any, seconds: float | None) -> None:
    assert read(new_inbound(), frame(goAway=left)) == [GoingAway(seconds)]


def test_a_cancellation_of_nothing_is_nothing() -> None:
    session = ready_session()
    assert told(session, frame(toolCallCancellation={"ids": ["x"]})) == []
    told(session, tool_call("a"))
    cancelled = told(session, frame(toolCallCancellation={"ids": ["a", "a", "x"]}))
    assert cancelled == [ToolCallsCancelled(("a",))]


def test_a_handle_is_kept_only_when_it_can_be_used() -> None:
    session = ready_session()
    for update, resumable, handle in (
        ({}, False, None),
        ({"newHandle": "h1"}, False, None),
        ({"resumable": True}, False, None),
        ({"newHandle": "h1", "resumable": True}, True, "h1"),
        ({}, False, "h1"),
        ({"newHandle": "h2", "resumable": True}, True, "h2"),
    ):
        events = told(session, frame(sessionResumptionUpdate=update))
        assert events == [HandleUpdated(resumable)]
        assert session.handle == handle


def test_values_nobody_knows_are_counted() -> None:
    session = ready_session()
    assert told(session, frame(voiceActivity={"type": "NEW"})) == []
    details = [{"modality": "SMELL", "tokenCount": 1}, {"modality": "AUDIO"}]
    told(session, frame(usageMetadata={"promptTokensDetails": details}))
    told(session, frame(voiceActivity={"type": "ACTIVITY_END"}))
    assert session.counters == {"unknown_enums": 2}


def test_calls_of_which_none_can_be_run_are_not_told() -> None:
    assert told(ready_session(), frame(toolCall={})) == []


def test_a_lost_connection_ends_what_was_being_said_and_forgets_what_was_asked() -> None:
    inbound = new_inbound()
    read(inbound, tool_call("a"))
    said = {"inputTranscription": {"text": "Hi"}, "outputTranscription": {"text": "Yes"}}
    read(inbound, content(**said))
    assert inbound.calls.blocking
    assert list(inbound.left()) == [InputTranscript("", True), OutputTranscript("", True)]
    assert not inbound.calls.blocking
    assert inbound.calls.answered([FunctionResponse("a", "look_up", {})]) == ()
    assert list(inbound.left()) == []


def test_the_next_connection_begins_with_a_turn_of_its_own() -> None:
    inbound = new_inbound()
    read(inbound, content(generationComplete=True))
    assert read(inbound, speech(pcm_of(3))) == []  # late
    list(inbound.left())
    assert audio_in(read(inbound, speech(pcm_of(3)))) == [[1, 1, 1]]


def test_a_lost_connection_takes_no_handle_away() -> None:
    inbound = new_inbound()
    read(inbound, frame(sessionResumptionUpdate={"newHandle": "h", "resumable": True}))
    list(inbound.left())
    assert inbound.handle == "h"


def test_how_far_the_service_has_listened_is_known_with_its_handle_only() -> None:
    inbound = new_inbound()
    for update, index in (
        ({"lastConsumedClientMessageIndex": "4"}, None),
        ({"newHandle": "h1", "resumable": True, "lastConsumedClientMessageIndex": "5"}, 5),
        ({"lastConsumedClientMessageIndex": 6}, 5),
        ({"newHandle": "h2", "resumable": True, "lastConsumedClientMessageIndex": 7}, 7),
        ({"newHandle": "h3", "resumable": True}, None),
    ):
        read(inbound, frame(sessionResumptionUpdate=update))
        assert inbound.acknowledged == index
