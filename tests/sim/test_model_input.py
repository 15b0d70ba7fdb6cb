"""What a session takes from its client: audio, activity, turns (E-10 to E-13, E-25)."""

import base64
import json
from typing import Any

import pytest

from agent.audio.pcm import to_bytes
from agent.sim.faults import Faults
from agent.sim.live_server import ServerState
from agent.sim.scripted import Script, Scripted, marker
from tests.sim.model_line import Line, calling, tools


def blob(data: bytes, mime_type: str = "audio/pcm;rate=16000") -> dict[str, Any]:
    encoded = base64.b64encode(data).decode()
    return {"realtimeInput": {"audio": {"mimeType": mime_type, "data": encoded}}}


def manual(**setup: Any) -> dict[str, Any]:
    return {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}, **setup}


def reason_of(line: Line) -> tuple[int, str]:
    assert line.close is not None
    assert line.server.state is ServerState.CLOSED
    return line.close.code, line.close.reason


# Audio


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
def test_audio_of_every_rate_is_heard(rate: int) -> None:
    line = Line().set_up()
    utterance = marker(4, 1.0, rate)
    for start in range(0, utterance.size, rate // 25):
        line.run(0.04).send(
            blob(to_bytes(utterance[start : start + rate // 25]), f"audio/pcm;rate={rate}")
        )
    line.hush(1.0).run(1.0)
    assert line.first("inputTranscription").content["inputTranscription"] == {"text": "utterance 4"}


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (b"\0\0\0", "audio/pcm;rate=16000"),
        (b"\0\0", "audio/wav"),
        (b"\0\0", ""),
        (b"\0\0", "audio/pcm;rate=44100"),
    ],
)
def test_audio_in_another_form_is_refused(data: bytes, mime_type: str) -> None:
    line = Line().set_up().send(blob(data, mime_type))
    assert reason_of(line) == (1007, "Request contains an invalid argument.")


def test_the_rate_may_be_left_out_and_snake_case_audio_is_heard_too() -> None:
    line = Line().set_up()
    for start in range(0, 16_000, 640):
        data = base64.urlsafe_b64encode(
            to_bytes(marker(1, 1.0, 16_000)[start : start + 640])
        ).decode()
        line.run(0.04).send({"realtime_input": {"audio": {"mime_type": "audio/pcm", "data": data}}})
    line.hush(1.0).run(1.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 1"


def test_media_chunks_count_by_their_first_and_video_is_taken() -> None:
    line = Line().set_up()
    utterance = marker(2, 1.0, 16_000)
    for start in range(0, 16_000, 640):
        data = base64.b64encode(to_bytes(utterance[start : start + 640])).decode()
        chunk = {"mimeType": "audio/pcm", "data": data}
        line.run(0.04).send({"realtimeInput": {"mediaChunks": [chunk, chunk]}})
    line.send({"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": ""}}})
    line.hush(1.0).run(1.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 2"


# Activity


def test_speech_start_and_end_are_told_with_their_offset_by_3x_models_only() -> None:
    for name in ("dev-3.1", "dev-3.8", "vertex-3.8"):
        line = Line(name).set_up().hush(1.0).say(0, 0.6, then=1.0)
        told = [got.message["voiceActivity"] for got in line.all("voiceActivity")]
        assert told == [
            {"type": "ACTIVITY_START", "audioOffset": "1s"},
            {"type": "ACTIVITY_END", "audioOffset": "1.6s"},
        ]
    for name in ("dev-2.5", "vertex-2.5-half-cascade"):
        assert not Line(name).set_up().hush(1.0).say(0, 0.6, then=1.0).all("voiceActivity")


def test_an_offset_of_zero_is_left_out() -> None:
    line = Line().set_up().say(0, 0.4)
    assert line.first("voiceActivity").message["voiceActivity"] == {"type": "ACTIVITY_START"}


def test_voice_activity_comes_before_the_interruption_it_causes() -> None:
    line = Line(reply_s=6.0).set_up().text("hi").run(0.6).forget().say(0, 0.4)
    assert [word for word in line.labels if word != "audio"][:3] == [
        "voiceActivity", "interrupted", "turnComplete",
    ]  # fmt: skip


def test_vertex_signals_activity_where_it_was_asked_to() -> None:
    line = Line("vertex-3.8", setup={"explicitVadSignal": True}).set_up().say(0, 0.6, then=1.0)
    kinds = [
        got.message["voiceActivityDetectionSignal"]["vadSignalType"]
        for got in line.all("voiceActivityDetectionSignal")
    ]
    assert kinds == ["VAD_SIGNAL_TYPE_SOS", "VAD_SIGNAL_TYPE_EOS"]


def test_audio_stream_end_ends_the_utterance_at_once() -> None:
    line = Line().set_up().say(3, 0.6)
    line.send({"realtimeInput": {"audioStreamEnd": True}}).run(1.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 3"
    line.forget().say(5, 0.6, then=2.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 5"


def test_manual_activity_hears_what_is_between_start_and_end_only() -> None:
    line = Line(setup=manual()).set_up()
    line.say(1, 1.0).send({"realtimeInput": {"activityStart": {}}})
    line.say(2, 1.0).send({"realtimeInput": {"activityEnd": {}}})
    line.say(3, 1.0).run(3.0)
    [heard] = [got.content["inputTranscription"]["text"] for got in line.all("inputTranscription")]
    assert heard == "utterance 2"
    assert line.recording.connections["a"].utterances == [16_000]


@pytest.mark.parametrize("field", ["activityStart", "activityEnd"])
def test_manual_activity_with_automatic_detection_is_refused(field: str) -> None:
    assert reason_of(Line().set_up().send({"realtimeInput": {field: {}}}))[0] == 1007


def test_audio_stream_end_without_automatic_detection_is_refused() -> None:
    line = Line(setup=manual()).set_up().send({"realtimeInput": {"audioStreamEnd": True}})
    assert reason_of(line)[0] == 1007


def test_unbalanced_manual_activity_is_ignored() -> None:
    line = Line(setup=manual()).set_up()
    for field in ("activityEnd", "activityStart", "activityStart", "activityEnd", "activityEnd"):
        line.send({"realtimeInput": {field: {}}})
    assert line.close is None
    assert len(line.recording.connections["a"].utterances) == 1


# Content


def heard_at(rate_hz: int) -> dict[str, Any]:
    return {"inlineData": {"mimeType": f"audio/pcm;rate={rate_hz}"}}


def contents(*turns: dict[str, Any]) -> str:
    return json.dumps({"clientContent": {"turns": turns, "turnComplete": True}})


@pytest.mark.parametrize(
    ("profile", "turn", "code"),
    [
        ("dev-2.5", {"parts": [{"text": "a"}]}, None),
        ("dev-3.1", {"parts": [{"text": "a"}]}, 1007),
        ("dev-3.8", {"role": "robot", "parts": []}, 1007),
        ("dev-3.8", {"role": "system", "parts": [{"text": "a"}]}, 1007),
        ("vertex-3.8", {"role": "system", "parts": [{"text": "a"}]}, None),
        ("dev-3.1", {"role": "user", "parts": [{"functionCall": {"name": "f"}}]}, 1007),
        ("dev-3.8", {"role": "user", "parts": [{"functionCall": {"name": "f"}}]}, None),
        ("dev-2.5", {"role": "user", "parts": [heard_at(16_000)]}, 1007),
        ("dev-3.8", {"role": "user", "parts": [heard_at(16_000)]}, None),
        ("dev-3.8", {"role": "user", "parts": [heard_at(24_000)]}, 1008),
    ],
)  # fmt: skip
def test_turns_hold_what_the_model_takes(
    profile: str, turn: dict[str, Any], code: int | None
) -> None:
    line = Line(profile).set_up().send(contents(turn))
    assert (line.close.code if line.close else None) == code


def test_initial_history_is_taken_without_a_reply() -> None:
    setup = {"historyConfig": {"initialHistoryInClientContent": True}}
    line = Line(setup=setup).set_up()
    line.turn("long ago").run(5.0)
    assert line.labels == ["setupComplete"]
    assert "audio" in line.turn("and now").run(5.0).labels


class Reading(Scripted):
    """Notes what it is handed."""

    def __init__(self) -> None:
        super().__init__(Script())
        self.has_read: list[tuple[str, str]] = []

    def read(self, role: str, text: str) -> None:
        self.has_read.append((role, text))


def test_a_mind_that_reads_is_handed_what_is_not_to_be_answered() -> None:
    mind = Reading()
    setup = {"historyConfig": {"initialHistoryInClientContent": True}}
    line = Line(setup=setup, mind=mind).set_up()
    line.turn("long ago").turn("by the way", complete=False).turn("and now")
    assert mind.has_read == [("user", "long ago"), ("user", "by the way")]
    assert Line().set_up().turn("by the way", complete=False).close is None


def test_a_context_update_changes_which_functions_the_model_may_call() -> None:
    line = Line(script=calling()).set_up().text("greet").run(5.0).forget()
    assert "toolCall" not in line.text("ask").run(5.0).labels
    line.send({"contextUpdate": {"tools": tools("BLOCKING")}})
    assert "toolCall" in line.text("ask").run(5.0).labels
    line.answer(*line.call_ids).run(5.0).forget()
    line.send({"contextUpdate": {"tools": {"tools": []}}})
    assert "toolCall" not in line.text("ask").run(5.0).labels


# The gate


def gated(profile: str, **faults: Any) -> Line:
    line = Line(
        profile, setup=tools("BLOCKING"), script=calling(), faults=Faults(**faults)
    ).set_up()
    return line.text("greet").run(6.0).forget().text("ask").run(0.6)


def test_realtime_input_during_a_blocking_call_ends_a_vertex_25_session() -> None:
    line = gated("vertex-2.5-half-cascade")
    assert "toolCall" in line.labels
    line.send(blob(b"\0\0" * 640))
    assert reason_of(line) == (1008, "Operation is not implemented, or supported, or enabled.")


def test_the_gate_is_off_on_the_developer_api_and_can_be_set() -> None:
    assert gated("dev-2.5").hush(1.0).close is None
    assert gated("vertex-2.5-half-cascade", tool_gate_frames=-1).hush(1.0).close is None
    line = gated("dev-2.5", tool_gate_frames=3).hush(0.08)
    assert line.close is None
    assert reason_of(line.hush(0.04))[0] == 1008


def test_the_gate_can_guard_some_of_the_calls_only() -> None:
    line = gated("vertex-2.5-half-cascade", tool_gate_share=0.5).hush(0.4)
    assert line.close is None
    line.answer(*line.call_ids).run(6.0).text("ask").run(2.0).hush(0.04)
    assert line.close is not None
    assert line.close.code == 1008


def test_an_answer_opens_the_gate() -> None:
    line = gated("vertex-2.5-half-cascade")
    line.answer(*line.call_ids).hush(2.0)
    assert line.close is None


def test_realtime_input_before_the_initial_history_waits_for_it() -> None:
    setup = {"historyConfig": {"initialHistoryInClientContent": True}}
    line = Line(setup=setup).set_up().forget().text("hello").say(2, 1.0, then=3.0)
    assert line.labels == []
    line.turn("We spoke before.").run(8.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 2"
    assert "audio" in line.labels


@pytest.mark.parametrize("way", ["contextUpdate", "system"])
def test_a_new_instruction_takes_the_place_of_the_old_one(way: str) -> None:
    instruction = {"parts": [{"text": "x" * 4_000}]}
    line = Line("vertex-3.8", setup={"systemInstruction": instruction}).set_up()
    short = {"parts": [{"text": "short"}]}
    if way == "contextUpdate":
        line.send({"contextUpdate": {"systemInstruction": short}})
    else:
        turns = [{"role": "system", **short}]
        line.send({"clientContent": {"turns": turns, "turnComplete": False}})
    line.text("hi").run(6.0)
    assert line.first("turnComplete").message["usageMetadata"]["promptTokenCount"] < 100
