"""Whether the model is at work."""

import pytest

from agent.gemini.session_events import (
    GenerationComplete,
    HandleUpdated,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    SessionEvent,
    ToolCall,
    ToolCallsCancelled,
    ToolCallsRequested,
    TurnComplete,
    VoiceActivity,
)
from agent.gemini.turn_track import MOST_LOST, TurnTrack
from tests.gemini.parties import pcm_of

AUDIO = ModelAudio(pcm_of(240))
WORDS = OutputTranscript("Hello", False)
TURN_OVER = TurnComplete(None, None)


def calls(*ids: str) -> ToolCallsRequested:
    return ToolCallsRequested(tuple(ToolCall(call_id, "look_up", {}) for call_id in ids))


def after(*events: SessionEvent) -> TurnTrack:
    track = TurnTrack()
    for event in events:
        track.read(event)
    return track


@pytest.mark.parametrize("first", [AUDIO, WORDS])
def test_a_turn_begins_with_its_first_output(first: SessionEvent) -> None:
    track = TurnTrack()
    assert track.read(first) is True
    assert track.generating
    assert track.read(AUDIO) is False
    assert track.read(WORDS) is False


@pytest.mark.parametrize(
    "event", [OutputTranscript("", True), VoiceActivity("start", None), HandleUpdated(True)]
)
def test_nothing_else_begins_one(event: SessionEvent) -> None:
    track = TurnTrack()
    assert track.read(event) is False
    assert not track.generating


@pytest.mark.parametrize(
    "end",
    [GenerationComplete(), TURN_OVER, Interrupted(), calls("a")],
    ids=lambda e: type(e).__name__,
)
def test_a_turn_ends_in_any_of_its_ways(end: SessionEvent) -> None:
    track = after(AUDIO, end)
    assert not track.generating
    assert track.read(AUDIO) is True


def test_a_handle_is_fresh_until_something_happens() -> None:
    assert after(HandleUpdated(True)).fresh_handle
    spoils: list[SessionEvent] = [AUDIO, WORDS, calls("a"), HandleUpdated(False)]
    for event in spoils:
        assert not after(HandleUpdated(True), event).fresh_handle
    harmless: list[SessionEvent] = [TURN_OVER, GenerationComplete(), VoiceActivity("end", None)]
    for event in harmless:
        assert after(HandleUpdated(True), event).fresh_handle
    track = after(HandleUpdated(True))
    track.told()
    assert not track.fresh_handle


def test_a_call_is_open_until_it_is_answered_or_cancelled() -> None:
    track = after(calls("a", "b", "c"))
    track.answered(frozenset({"a"}))
    track.read(ToolCallsCancelled(("b", "x")))
    assert track.calls_open
    track.answered(frozenset({"c"}))
    assert not track.calls_open


def test_a_handle_knows_nothing_of_an_answer_that_came_after_it() -> None:
    track = after(calls("a"), HandleUpdated(True))
    track.answered(frozenset({"x"}))
    assert track.fresh_handle
    track.answered(frozenset({"a"}))
    assert not track.fresh_handle


def test_with_the_connection_go_the_turn_and_the_calls() -> None:
    track = after(calls("a", "b"), AUDIO)
    assert track.lost() == ("a", "b")
    assert not track.generating
    assert not track.calls_open
    assert dict(track.lost_calls) == {"a": "look_up", "b": "look_up"}
    assert track.lost() == ()


def test_the_calls_lost_since_the_handle_are_named_until_a_newer_one_comes() -> None:
    track = after(calls("a"))
    track.lost()
    track.read(calls("b"))
    track.lost()
    assert track.just_lost == {"a": "look_up", "b": "look_up"}
    track.read(HandleUpdated(False))
    assert track.just_lost
    track.read(HandleUpdated(True))
    assert track.just_lost == {}
    assert list(track.lost_calls) == ["a", "b"]


def test_a_fresh_session_knows_of_no_lost_call() -> None:
    track = after(calls("a"))
    track.lost()
    track.begun_anew()
    assert track.just_lost == {}


def test_lost_calls_are_remembered_up_to_a_number() -> None:
    track = after(calls(*map(str, range(MOST_LOST + 2))))
    track.lost()
    assert list(track.lost_calls) == [str(number) for number in range(2, MOST_LOST + 2)]
