"""Turn-taking: transcripts, text, interruption, the end of turns (E-13 to E-20, E-22)."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pytest

from agent.audio.pcm import silence
from agent.sim.conversation import Conversation
from agent.sim.dialogue import Move, Nothing, Say
from agent.sim.faults import Faults, TurnFault
from agent.sim.mind import Timing
from agent.sim.server_io import Hear, Speak, Speech
from agent.sim.server_profiles import PROFILES
from agent.sim.session_config import read_setup
from agent.sim.talk_state import Phase
from tests.sim.model_line import Line, fault

XT = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}
NO_INTERRUPTION = {"realtimeInputConfig": {"activityHandling": "NO_INTERRUPTION"}}
EVERY = [(name, XT if name == "dev-3.8-xt" else {}) for name in PROFILES]


def words(line: Line) -> list[str]:
    """Labels without the audio's own transcripts and signals."""
    skipped = ("outputTranscription", "voiceActivity", "inputTranscription", "thought", "empty")
    return [word for word, _ in groupby(w for w in line.labels if w not in skipped)]


class Parrot:
    """Repeats what it hears; has nothing to say to silence."""

    grammar = "parrot"

    def greeting(self, text: str) -> Move:
        return Say(f"greeting {text}")

    def heard(self, text: str) -> Move:
        return Say(f"you said {text}") if text else Nothing()

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        return Say(f"{name} says {response}")


def said(line: Line) -> str:
    pieces = (got.content.get("outputTranscription", {}) for got in line.got)
    return "".join(piece.get("text", "") for piece in pieces)


# A turn


@pytest.mark.parametrize(("profile", "setup"), EVERY)
def test_an_utterance_is_answered_in_order(profile: str, setup: dict[str, Any]) -> None:
    line = Line(profile, setup=setup).set_up().forget().say(0, 0.6, then=1.0).run(3.0)
    ends = [word for word in words(line) if word != "groundingMetadata"]
    expected = ["audio", "generationComplete", "turnComplete", "usage"]
    if profile == "dev-3.8-xt":
        expected.insert(3, "interactionStatus")
    assert ends == expected
    assert line.audio_s == pytest.approx(2.0)


def test_the_answer_begins_a_moment_after_the_end_of_speech() -> None:
    line = Line(timing=Timing(think_s=0.3)).set_up().hush(1.0).say(0, 0.6, then=2.0)
    ended = line.first("voiceActivity").at
    assert line.all("voiceActivity")[1].at - ended == pytest.approx(0.6 + 0.5 - 0.04, abs=0.05)
    first = line.first("audio").at - line.all("voiceActivity")[1].at
    assert first == pytest.approx(0.3, abs=0.041)


def test_turn_complete_waits_until_the_audio_has_been_heard() -> None:
    line = Line(reply_s=4.0).set_up().text("hi").run(10.0)
    begun, complete = line.first("audio").at, line.first("turnComplete").at
    assert line.first("generationComplete").at - begun == pytest.approx(1.0)
    assert complete - begun == pytest.approx(4.0)
    at_once = (
        Line(reply_s=4.0, timing=Timing(realtime_playback=False)).set_up().text("hi").run(10.0)
    )
    assert at_once.first("turnComplete").at == at_once.first("generationComplete").at


def test_usage_rides_with_turn_complete_and_grows() -> None:
    line = Line().set_up().text("hi").run(5.0).text("and").run(5.0)
    first, second = (got.message["usageMetadata"] for got in line.all("turnComplete"))
    assert first["responseTokenCount"] == 50
    assert second["promptTokenCount"] > first["totalTokenCount"]
    vertex = Line("vertex-3.8").set_up().text("hi").run(5.0).first("turnComplete")
    assert vertex.message["usageMetadata"]["candidatesTokenCount"] == 50


def test_half_cascade_grounds_its_turns_and_25_counts_its_thoughts() -> None:
    half = Line("vertex-2.5-half-cascade").set_up().turn("hi").run(5.0)
    assert half.first("turnComplete").content["groundingMetadata"] == {}
    thoughtful = Line("dev-2.5").set_up().turn("hi").run(5.0)
    assert thoughtful.first("turnComplete").message["usageMetadata"]["thoughtsTokenCount"] > 0


def test_a_mind_with_nothing_to_say_completes_an_empty_turn() -> None:
    line = Line(mind=Parrot()).set_up().text("hi").run(5.0).forget().text("").run(5.0)
    assert line.labels == ["turnComplete", "usage"]


def test_text_modality_is_written_without_voice() -> None:
    setup = {"generationConfig": {"responseModalities": ["TEXT"]}}
    line = Line("vertex-2.5-half-cascade", setup=setup, mind=Parrot()).set_up().turn("Ada")
    line.run(5.0)
    parts = [got.content["modelTurn"]["parts"][0]["text"] for got in line.all("text")]
    assert "".join(parts) == "greeting Ada"
    assert line.labels[-4:] == ["generationComplete", "turnComplete", "groundingMetadata", "usage"]
    usage = line.first("turnComplete").message["usageMetadata"]
    assert usage["candidatesTokensDetails"][0] == {"modality": "TEXT", "tokenCount": 3}


def test_the_first_typed_text_is_a_greeting_and_later_ones_are_heard() -> None:
    line = Line(mind=Parrot()).set_up().text("Ada").run(5.0)
    assert said(line) == "greeting Ada"
    assert said(line.forget().text("Bo").run(5.0)) == "you said Bo"
    spoken_first = Line(mind=Parrot()).set_up().say(1, 0.5, then=4.0).text("Ada").run(5.0)
    assert said(spoken_first) == "you said utterance 1you said Ada"


# Input transcription


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("dev-2.5", [{"text": " utterance"}, {"text": " 2"}]),
        ("dev-3.1", [{"text": "utterance 2"}]),
        ("dev-3.8", [{"text": "utterance 2"}]),
        ("vertex-2.5-half-cascade", [{"text": "utterance 2"}, {"finished": True}]),
        ("vertex-3.8", [{"text": "utterance 2"}, {"finished": True}]),
    ],
)
def test_input_is_transcribed_in_the_profiles_manner(
    profile: str, expected: list[dict[str, Any]]
) -> None:
    line = Line(profile).set_up().say(2, 0.6, then=4.0)
    got = [got.content["inputTranscription"] for got in line.all("inputTranscription")]
    assert got == expected


def test_input_transcription_can_come_after_the_first_audio() -> None:
    line = Line("dev-3.8").set_up().say(2, 0.6, then=4.0)
    assert line.first("inputTranscription").at > line.first("audio").at
    early = Line("dev-3.8", timing=Timing(transcript_late_s=0.0)).set_up().say(2, 0.6, then=4.0)
    assert early.first("inputTranscription").at < early.first("audio").at


@pytest.mark.parametrize(("profile", "sent"), [("dev-2.5", False), ("dev-3.8", True)])
def test_3x_transcribes_input_unasked(profile: str, sent: bool) -> None:
    line = Line(profile)
    line.send({"setup": {"model": line.model}}).run(0.1).say(2, 0.6, then=4.0)
    assert bool(line.all("inputTranscription")) is sent
    assert not line.all("outputTranscription")


# Text


@pytest.mark.parametrize("profile", ["dev-3.1", "dev-3.8", "vertex-3.8"])
def test_realtime_text_interrupts_3x(profile: str) -> None:
    line = Line(profile, reply_s=8.0).set_up().text("hi").run(1.0).forget().text("stop").run(1.0)
    assert words(line)[:4] == ["interrupted", "turnComplete", "usage", "audio"]


@pytest.mark.parametrize("profile", ["dev-2.5", "vertex-2.5-half-cascade"])
def test_realtime_text_waits_for_the_end_of_a_25_reply(profile: str) -> None:
    line = Line(profile, reply_s=4.0).set_up().text("hi").run(1.0).forget().text("and").run(12.0)
    assert "interrupted" not in words(line)
    assert words(line).count("turnComplete") == 2


@pytest.mark.parametrize("profile", ["dev-2.5", "dev-3.8", "vertex-3.8"])
def test_complete_client_content_always_interrupts(profile: str) -> None:
    line = Line(profile, reply_s=8.0).set_up().text("hi").run(1.0).forget().turn("stop").run(1.0)
    assert words(line)[0] == "interrupted"


def test_incomplete_client_content_waits_and_is_answered_when_completed() -> None:
    line = Line(mind=Parrot()).set_up().forget()
    line.turn("Ada", complete=False).run(5.0)
    assert line.labels == []
    line.send({"clientContent": {"turnComplete": True}}).run(5.0)
    assert said(line) == "greeting Ada"


# Interruption


def test_speech_during_generation_stops_it_without_generation_complete() -> None:
    line = Line(reply_s=10.0).set_up().text("hi").run(0.7).forget().say(0, 0.2).run(0.3)
    assert words(line) == ["audio", "interrupted", "turnComplete", "usage"]
    assert line.audio_s < 10.0


def test_speech_after_generation_but_before_it_was_heard_interrupts_too() -> None:
    line = Line(reply_s=4.0).set_up().text("hi").run(2.0)
    assert words(line)[-1] == "generationComplete"
    assert words(line.forget().say(0, 0.2)) == ["interrupted", "turnComplete", "usage"]


def test_speech_after_everything_was_heard_interrupts_nothing() -> None:
    line = Line(reply_s=2.0).set_up().text("hi").run(4.0).forget().say(0, 0.2)
    assert words(line) == []


def test_only_what_was_heard_of_an_interrupted_turn_stays_in_the_context() -> None:
    line = Line(reply_s=10.0).set_up().text("hi").run(4.4).forget().say(0, 0.2, then=4.0).run(9.0)
    cut, answer = (got.message["usageMetadata"] for got in line.all("turnComplete"))
    heard = answer["promptTokenCount"] - cut["promptTokenCount"]
    assert 90 < heard < 125
    assert cut["responseTokenCount"] == 250


def test_the_interrupting_utterance_is_answered() -> None:
    line = Line(mind=Parrot(), reply_s=6.0).set_up().text("hi").run(1.0).forget()
    line.say(4, 0.6, then=2.0)
    assert said(line).endswith("you said utterance 4")


def test_no_interruption_lets_the_reply_finish_and_answers_afterwards() -> None:
    line = Line(setup=NO_INTERRUPTION, mind=Parrot(), reply_s=4.0).set_up().text("hi").run(1.0)
    line.say(4, 0.6, then=10.0)
    assert "interrupted" not in words(line)
    assert line.audio_s == pytest.approx(8.0)
    assert said(line) == "greeting hiyou said utterance 4"


def test_a_caller_who_goes_on_speaking_is_answered_once_to_everything() -> None:
    line = Line(mind=Parrot(), timing=Timing(think_s=0.5)).set_up().forget()
    line.say(1, 0.4, then=0.6).say(2, 0.4, then=4.0)
    assert said(line) == "you said utterance 1 utterance 2"
    assert words(line)[:2] == ["interrupted", "turnComplete"]


def test_a_greeting_that_a_cough_interrupted_is_still_given() -> None:
    line = Line(mind=Parrot(), timing=Timing(think_s=0.5)).set_up().forget()
    line.tones.hear = lambda pcm16k, grammar="": ""  # type: ignore[method-assign]
    line.text("Ada").say(1, 0.2, then=4.0)
    assert said(line) == "greeting Ada"


def test_a_lost_turn_complete_leaves_only_interrupted() -> None:
    line = Line(reply_s=8.0, faults=fault(TurnFault.LOST_TURN_COMPLETE)).set_up()
    line.text("hi").run(1.0).forget().say(0, 0.2)
    assert words(line) == ["audio", "interrupted"]


# Ear and voice that take their time


def conversation(profile: str = "dev-3.8") -> Conversation:
    config = read_setup({"model": "m", "outputAudioTranscription": {}}, PROFILES[profile])
    return Conversation(
        config, PROFILES[profile], Parrot(), iter(range(1, 100)), Timing(), Faults()
    )


def test_the_mind_is_asked_when_the_ear_is_done_and_the_time_to_think_is_over() -> None:
    slow = conversation()
    slow.speech_ended(silence(1600), 0.1, 10.0)
    [hear] = slow.outputs()
    assert isinstance(hear, Hear)
    assert hear.grammar == "parrot"
    assert slow.next_timer() is None
    slow.heard(hear.utterance_id, "", 12.0)
    slow.handle_timer(12.0)
    assert slow.phase is Phase.LISTENING
    quick = conversation()
    quick.speech_ended(silence(1600), 0.1, 10.0)
    quick.heard(1, "hello", 10.1)
    assert quick.next_timer() == pytest.approx(10.35)
    quick.handle_timer(10.35)
    speak = [out for out in quick.outputs() if isinstance(out, Speak)]
    assert [out.text for out in speak] == ["you said hello"]


def test_an_utterance_recognised_after_its_turn_was_interrupted_joins_the_next() -> None:
    talk = conversation()
    talk.speech_ended(silence(1600), 0.1, 10.0)
    talk.speech_began(10.2)
    talk.heard(1, "a table", 10.3)
    talk.speech_ended(silence(1600), 0.1, 11.0)
    talk.heard(2, "for two", 11.1)
    talk.handle_timer(12.0)
    spoken = [out.text for out in talk.outputs() if isinstance(out, Speak)]
    assert spoken == ["you said a table for two"]


def test_a_reply_voiced_after_its_turn_was_interrupted_is_not_sent() -> None:
    talk = conversation()
    talk.typed("hi", 10.0, interrupts=True)
    talk.handle_timer(10.5)
    [speak] = talk.outputs()
    assert isinstance(speak, Speak)
    talk.speech_began(10.6)
    talk.outputs()
    talk.spoken(speak.speech_id, Speech(silence(24_000)), 10.7)
    assert talk.outputs() == []
    talk.speech_ended(silence(1600), 0.1, 11.0)
    talk.heard(2, "", 11.1)
    talk.handle_timer(12.0)
    again = [out.text for out in talk.outputs() if isinstance(out, Speak)]
    assert again == ["greeting hi"]


# Extended thinking


def test_extended_thinking_says_whether_it_is_idle() -> None:
    line = Line("dev-3.8-xt", setup=XT).set_up().text("hi").run(5.0)
    assert line.first("turnComplete").content["interactionStatus"] == "IDLE"
    plain = Line("dev-3.8").set_up().text("hi").run(5.0)
    assert "interactionStatus" not in plain.first("turnComplete").content
