"""What the model's content becomes, told through a session."""

from typing import Any

import numpy as np
import pytest

from agent.gemini.session import LiveSession
from agent.gemini.session_events import (
    GenerationComplete,
    InputTranscript,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    SessionEvent,
    TurnComplete,
)
from agent.gemini.tools import FunctionResponse
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
    user,
)

TURN_OVER = TurnComplete(None, None)


def said(*parts: dict[str, Any]) -> bytes:
    return content(modelTurn={"parts": list(parts), "role": "model"})


def audio_in(events: list[SessionEvent]) -> list[list[int]]:
    return [event.pcm24k.tolist() for event in events if isinstance(event, ModelAudio)]


@pytest.mark.parametrize(
    "mime", ["audio/pcm;rate=24000", "audio/pcm", "AUDIO/PCM; rate=24000", "audio/l16;rate=24000"]
)
def test_audio_of_24_khz_is_taken_with_or_without_its_rate(mime: str) -> None:
    [event] = told(ready_session(), speech(pcm_of(4800, -2), mime))
    assert isinstance(event, ModelAudio)
    assert event.pcm24k.dtype == np.int16
    assert event.pcm24k.tolist() == [-2] * 4800


@pytest.mark.parametrize(
    ("mime", "counter"),
    [
        ("audio/pcm;rate=16000", "bad_audio"),
        ("audio/mp3", "other_media"),
        ("video/mp4", "other_media"),
        ("", "other_media"),
    ],
)
def test_other_audio_and_other_media_are_counted_and_refused(mime: str, counter: str) -> None:
    session = ready_session()
    assert told(session, speech(pcm_of(10), mime)) == []
    assert session.counters == {counter: 1}


def test_half_a_sample_is_refused_and_none_is_nothing() -> None:
    session = ready_session()
    odd = said({"inlineData": {"mimeType": "audio/pcm", "data": "AAAA"}})
    assert told(session, odd) == []
    assert told(session, said({"inlineData": {"mimeType": "audio/pcm"}})) == []
    assert session.counters == {"bad_audio": 1}


def test_thoughts_and_texts_and_code_are_never_told() -> None:
    session = ready_session()
    parts = [
        {"text": "I should...", "thought": True},
        {**audio_part(pcm_of(2)), "thought": True},
        {"text": "plain"},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
        {"executableCode": {"code": "1"}},
    ]
    assert told(session, said(*parts)) == []
    assert session.counters == {"thoughts": 2, "texts": 1}


def test_audio_after_generation_complete_is_dropped_until_a_new_turn() -> None:
    session = ready_session()
    done, turn = content(generationComplete=True), content(turnComplete=True)
    assert told(session, done) == [GenerationComplete()]
    assert told(session, speech(pcm_of(1))) == []
    assert session.counters == {"late_audio": 1}
    assert told(session, turn) == [TURN_OVER]
    assert audio_in(told(session, speech(pcm_of(1)))) == [[1]]


def test_what_is_said_of_a_result_is_taken_though_the_generation_that_called_ended_after_it() -> (
    None
):
    session = ready_session()
    told(session, tool_call("a"))
    session.send_tool_responses([FunctionResponse("a", "look_up", {})], 1.0)
    assert told(session, content(generationComplete=True)) == [GenerationComplete()]
    assert audio_in(told(session, speech(pcm_of(1)))) == [[1]]
    told(session, content(generationComplete=True))
    assert told(session, speech(pcm_of(1))) == []


def new_turn_by_text(session: LiveSession) -> None:
    session.send_text("Go on.", 1.0)


def new_turn_by_content(session: LiveSession) -> None:
    session.send_content([user("Go on.")], 1.0, turn_complete=True)


def new_turn_by_answer(session: LiveSession) -> None:
    told(session, tool_call("a"))
    session.send_tool_responses([FunctionResponse("a", "look_up", {})], 1.0)


def new_turn_by_speech(session: LiveSession) -> None:
    told(session, frame(voiceActivity={"type": "ACTIVITY_START"}))


def new_turn_by_end_of_speech(session: LiveSession) -> None:
    told(session, frame(voiceActivity={"type": "ACTIVITY_END"}))


def new_turn_by_transcript(session: LiveSession) -> None:
    told(session, content(inputTranscription={"text": " and"}))


def new_turn_by_interruption(session: LiveSession) -> None:
    told(session, content(interrupted=True))


@pytest.mark.parametrize(
    "begin",
    [
        new_turn_by_text,
        new_turn_by_content,
        new_turn_by_answer,
        new_turn_by_speech,
        new_turn_by_end_of_speech,
        new_turn_by_transcript,
        new_turn_by_interruption,
    ],
)
def test_a_lost_turn_complete_does_not_mute_the_model(begin: Any) -> None:
    session = ready_session()
    told(session, content(generationComplete=True))
    begin(session)
    assert audio_in(told(session, speech(pcm_of(1)))) == [[1]]


def test_turns_added_quietly_begin_nothing() -> None:
    session = ready_session()
    told(session, content(generationComplete=True))
    session.send_content([user("by the way")], 1.0, turn_complete=False)
    assert told(session, speech(pcm_of(1))) == []


def test_transcripts_are_ended_even_if_the_service_never_says_so() -> None:
    session = ready_session(D25)
    assert told(session, content(inputTranscription={"text": " hel"})) == [
        InputTranscript(" hel", False)
    ]
    assert told(session, content(outputTranscription={})) == []
    assert told(session, content(outputTranscription={"text": "Hi"})) == [
        OutputTranscript("Hi", False)
    ]
    assert told(session, content(generationComplete=True)) == [
        InputTranscript("", True),
        OutputTranscript("", True),
        GenerationComplete(),
    ]
    finished = {"finished": True}
    assert told(session, content(outputTranscription=finished, inputTranscription=finished)) == []
    assert told(session, content(turnComplete=True)) == [TURN_OVER]


def test_a_finish_of_its_own_ends_the_fragment() -> None:
    session = ready_session()
    told(session, content(outputTranscription={"text": "Hi"}, inputTranscription={"text": "a"}))
    finished = {"finished": True}
    assert told(session, content(outputTranscription=finished, inputTranscription=finished)) == [
        InputTranscript("", True),
        OutputTranscript("", True),
    ]


def test_an_interruption_ends_what_the_model_said_but_not_the_caller() -> None:
    session = ready_session()
    told(session, content(outputTranscription={"text": "I am"}, inputTranscription={"text": "No"}))
    assert told(session, content(interrupted=True)) == [OutputTranscript("", True), Interrupted()]
    assert told(session, content(turnComplete=True)) == [InputTranscript("", True), TURN_OVER]


def test_a_tool_call_ends_the_transcripts() -> None:
    session = ready_session()
    told(session, content(outputTranscription={"text": "Let me see"}))
    assert told(session, tool_call("a"))[0] == OutputTranscript("", True)


def test_an_exchange_of_several_turns_says_so() -> None:
    session = ready_session()
    going_on = content(turnComplete=True, interactionStatus="IN_PROGRESS")
    assert told(session, going_on) == [TurnComplete(None, "IN_PROGRESS")]
    assert told(session, content(interactionStatus="IDLE")) == [TurnComplete(None, "IDLE")]
    assert told(session, content(interactionStatus="IDLE")) == []
    ending = content(turnComplete=True, interactionStatus="REQUIRES_ACTION")
    assert told(session, ending) == [TurnComplete(None, "IDLE")]


def test_unknown_values_of_enums_are_kept_and_counted() -> None:
    session = ready_session()
    strange = content(turnComplete=True, turnCompleteReason="NEW", interactionStatus="NEW")
    assert told(session, strange) == [TurnComplete("NEW", "NEW")]
    assert session.counters["unknown_enums"] == 2
    known = content(turnComplete=True, turnCompleteReason="MALFORMED_FUNCTION_CALL")
    assert told(session, known) == [TurnComplete("MALFORMED_FUNCTION_CALL", None)]
    assert session.counters["unknown_enums"] == 2
