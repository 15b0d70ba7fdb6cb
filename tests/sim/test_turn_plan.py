import base64
import json
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sim import server_frames as frames
from agent.sim import turn_plan as plan
from agent.sim.faults import TurnFault
from agent.sim.server_io import RATE_HZ, Speech
from agent.sim.server_profiles import PROFILES
from agent.sim.turn_plan import Step, StepKind

WORDS = "One two three four five six seven eight nine ten eleven twelve."


def speech(seconds: float) -> Speech:
    n = round(seconds * RATE_HZ)
    return Speech((np.arange(n) % 30_000).astype(np.int16))


def reply(name: str, seconds: float = 3.0, *faults: TurnFault, words: str = WORDS) -> list[Step]:
    profile = PROFILES[name]
    gone_wrong = frozenset(faults)
    spoken = plan.spoken(profile, words, speech(seconds), gone_wrong, transcribed=True)
    parts = [plan.opening(profile, first=True), spoken, plan.ended()]
    return plan.faulty(plan.joined(plan.speed_of(profile, gone_wrong), *parts), gone_wrong)


def kinds(steps: list[Step]) -> list[str]:
    return [kind for kind, _ in groupby(step.kind.value for step in steps)]


def content(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(step.frame)["serverContent"]
    return found


def transcript(steps: list[Step]) -> str:
    said = (content(s).get("outputTranscription", {}) for s in steps if s.frame)
    return "".join(piece.get("text", "") for piece in said)


def sound(steps: list[Step]) -> bytes:
    parts = [
        part["inlineData"]["data"]
        for step in steps
        if step.kind is StepKind.AUDIO
        for part in content(step)["modelTurn"]["parts"]
    ]
    return b"".join(base64.b64decode(part, validate=True) for part in parts)


def of_kind(steps: list[Step], kind: StepKind) -> list[Step]:
    return [step for step in steps if step.kind is kind]


def test_25_thinks_first_and_transcribes_ahead_of_and_between_its_audio() -> None:
    steps = reply("dev-2.5")
    assert kinds(steps)[:4] == ["note", "transcript", "audio", "transcript"]
    assert content(steps[0])["modelTurn"]["parts"][0]["thought"] is True
    assert kinds(steps)[-2:] == ["generated", "complete"]
    assert not any("outputTranscription" in content(s) for s in of_kind(steps, StepKind.AUDIO))


def test_3x_bundles_audio_and_transcript_in_some_frames() -> None:
    for name in ("dev-3.1", "dev-3.8", "dev-3.8-xt"):
        steps = reply(name)
        audio = of_kind(steps, StepKind.AUDIO)
        bundled = [s for s in audio if "outputTranscription" in content(s)]
        assert 0 < len(bundled) < len(audio)
        assert not of_kind(steps, StepKind.TRANSCRIPT)


def test_only_31_opens_with_an_empty_content() -> None:
    opened = {name: content(reply(name)[0]) == {} for name in PROFILES if name != "dev-2.5"}
    assert [name for name, empty in opened.items() if empty] == ["dev-3.1"]


@pytest.mark.parametrize("name", ["vertex-2.5-half-cascade", "vertex-3.8"])
def test_vertex_transcribes_everything_before_the_first_audio(name: str) -> None:
    steps = reply(name)
    assert kinds(steps) == ["transcript", "audio", "generated", "complete"]
    transcripts = [content(s)["outputTranscription"] for s in of_kind(steps, StepKind.TRANSCRIPT)]
    assert transcripts[0] == {}
    assert transcripts[-1] == {"finished": True}
    assert 1 <= len(transcripts[1:-1]) <= 3


@pytest.mark.parametrize("name", PROFILES)
def test_every_word_and_every_sample_is_sent_once_and_in_order(name: str) -> None:
    steps = reply(name)
    assert transcript(steps) == WORDS
    assert sound(steps) == speech(3.0).pcm24k.tobytes()
    assert sum(step.audio_s for step in steps) == pytest.approx(3.0)


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_is_transcribed_unless_it_was_asked_for(name: str) -> None:
    steps = plan.spoken(PROFILES[name], WORDS, speech(1.5), transcribed=False)
    assert transcript(steps) == ""
    assert {step.kind for step in steps} == {StepKind.AUDIO}


@pytest.mark.parametrize(
    ("name", "shortest_ms", "longest_ms"),
    [
        ("dev-2.5", 60, 120),
        ("dev-3.1", 170, 210),
        ("dev-3.8", 170, 210),
        ("vertex-2.5-half-cascade", 200, 200),
        ("vertex-3.8", 190, 210),
    ],
)
def test_parts_have_the_profiles_length_and_the_tail_is_odd(
    name: str, shortest_ms: int, longest_ms: int
) -> None:
    audio = of_kind(reply(name, 3.0137), StepKind.AUDIO)
    lengths = [round(step.audio_s * 1000, 3) for step in audio]
    assert all(shortest_ms <= length <= longest_ms for length in lengths[:-1])
    assert lengths[-1] not in {round(length) for length in lengths}


def test_25_sends_a_short_utterance_in_one_frame() -> None:
    assert len(of_kind(reply("dev-2.5", 1.04), StepKind.AUDIO)) == 1
    assert len(of_kind(reply("dev-3.8", 1.04), StepKind.AUDIO)) > 1


def test_audio_comes_several_times_faster_than_it_plays() -> None:
    for name, profile in PROFILES.items():
        steps = reply(name, 8.0)
        [generated] = of_kind(steps, StepKind.GENERATED)
        assert generated.at_s == pytest.approx(8.0 / profile.speed)
        assert 3.0 <= profile.speed <= 5.0
        sent = 0.0
        for step in of_kind(steps, StepKind.AUDIO):
            assert step.at_s == pytest.approx(sent / profile.speed)
            sent += step.audio_s


def test_the_mime_type_has_a_rate_on_the_developer_api_only() -> None:
    for name, profile in PROFILES.items():
        turn = content(of_kind(reply(name), StepKind.AUDIO)[0])["modelTurn"]
        expected = "audio/pcm" if profile.vertex else "audio/pcm;rate=24000"
        assert turn["parts"][0]["inlineData"]["mimeType"] == expected
        assert turn.get("role") == ("model" if profile.vertex else None)


def test_the_same_speech_is_cut_and_encoded_once() -> None:
    said = speech(2.0)
    profile = PROFILES["dev-3.8"]
    first = said.chunks(profile.chunk_ms, profile.whole_below_s)
    assert said.chunks(profile.chunk_ms, profile.whole_below_s) is first
    assert speech(0.0).chunks((60,), 1.0) == ()


def test_written_replies_come_in_pieces() -> None:
    steps = plan.written(PROFILES["vertex-2.5-half-cascade"], WORDS)
    assert "".join(step.text for step in steps) == WORDS
    assert len(steps) > 1
    assert plan.written(PROFILES["dev-3.8"], "") == []


def test_half_cascade_brackets_its_calls_when_it_transcribes() -> None:
    half = PROFILES["vertex-2.5-half-cascade"]
    calls = [frames.Call("1", "f", {}), frames.Call("2", "g", {"a": 1})]
    steps = plan.called(half, calls, transcribed=True)
    assert kinds(steps) == ["transcript", "call", "transcript"]
    assert json.loads(steps[1].frame) == {
        "toolCall": {
            "functionCalls": [{"id": "1", "name": "f"}, {"id": "2", "name": "g", "args": {"a": 1}}]
        }
    }
    assert kinds(plan.called(half, calls, transcribed=False)) == ["call"]
    assert kinds(plan.called(PROFILES["dev-3.8"], calls, transcribed=True)) == ["call"]


# Faults


def test_premature_end_breaks_off_and_completes_at_once() -> None:
    steps = reply("dev-3.8", 4.0, TurnFault.PREMATURE_END)
    assert 1.5 < sum(step.audio_s for step in steps) < 2.5
    assert kinds(steps) == ["audio", "generated", "complete"]
    assert steps[-1].at_s == steps[-3].at_s
    assert len(transcript(steps)) < len(WORDS)


@pytest.mark.parametrize("fault", [TurnFault.EMPTY, TurnFault.REJECTED, TurnFault.MALFORMED_CALL])
def test_an_empty_turn_completes_and_no_more(fault: TurnFault) -> None:
    assert kinds(reply("dev-2.5", 4.0, fault)) == ["complete"]


def test_late_audio_follows_generation_complete() -> None:
    assert kinds(reply("dev-3.8", 4.0, TurnFault.LATE_AUDIO)) == [
        "audio", "generated", "audio", "complete",
    ]  # fmt: skip
    assert plan.faulty([], frozenset({TurnFault.LATE_AUDIO})) == []


@pytest.mark.parametrize("name", ["dev-2.5", "dev-3.8", "vertex-3.8"])
def test_a_doubled_transcript_says_every_piece_twice(name: str) -> None:
    steps = reply(name, 4.0, TurnFault.DOUBLED_TRANSCRIPT, words="one two three four")
    assert transcript(steps) == "one two threeone two three four four"


def test_tomorrows_messages_and_garbage_come_between_the_audio() -> None:
    for fault in (TurnFault.UNKNOWN_KEY, TurnFault.GARBAGE):
        steps = reply("dev-3.8", 4.0, fault)
        assert kinds(steps) == ["audio", "note", "audio", "generated", "complete"]
    assert plan.faulty([], frozenset({TurnFault.GARBAGE}))[0].at_s == 0.0
    assert plan.faulty([], frozenset({TurnFault.PREMATURE_END})) == []


def test_a_stalled_turn_goes_on_never() -> None:
    steps = reply("dev-3.8", 4.0, TurnFault.STALL)
    on_time = [step for step in steps if step.at_s < plan.FOREVER]
    assert 1.5 < sum(step.audio_s for step in on_time) < 2.5
    assert kinds(on_time) == ["audio"]


def test_burst_and_slow_change_the_speed_only() -> None:
    burst = reply("dev-3.8", 4.0, TurnFault.BURST)
    slow = reply("dev-3.8", 4.0, TurnFault.SLOW)
    assert burst[-1].at_s < 0.01
    assert slow[-1].at_s == pytest.approx(4.0 / 0.7)
    assert (
        [s.frame for s in burst]
        == [s.frame for s in slow]
        == [s.frame for s in reply("dev-3.8", 4.0)]
    )


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(PROFILES)),
    st.floats(0.0, 6.0),
    st.lists(st.sampled_from(["ab", "c", "de.", "fgh!"]), max_size=20),
    st.frozensets(st.sampled_from(TurnFault), max_size=3),
)
def test_any_turn_is_in_order_and_ends(
    name: str, seconds: float, words: list[str], faults: frozenset[TurnFault]
) -> None:
    steps = reply(name, seconds, *faults, words=" ".join(words))
    assert [step.at_s for step in steps] == sorted(step.at_s for step in steps)
    assert steps[-1].kind is StepKind.COMPLETE
    after = [
        s.kind
        for s in steps[next((i for i, s in enumerate(steps) if s.kind is StepKind.GENERATED), -1) :]
    ]
    assert (StepKind.AUDIO in after) <= (TurnFault.LATE_AUDIO in faults)
    if not faults:
        assert transcript(steps) == (
            " ".join(words)
            if of_kind(steps, StepKind.AUDIO) or PROFILES[name].transcript == "first"
            else ""
        )
