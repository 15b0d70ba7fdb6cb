import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.audio.pcm import Pcm16, silence
from agent.sim.scripted import marker
from agent.sim.session_config import VadConfig
from agent.sim.vad import (
    BLOCK,
    LONGEST_BLOCKS,
    Activity,
    ActivityDetector,
    ActivityEnded,
    ActivityStarted,
    ManualActivity,
)


def config(prefix_ms: int = 40, silence_ms: int = 500, *, sensitive: bool = True) -> VadConfig:
    return VadConfig(False, sensitive, prefix_ms, silence_ms)


def tone(seconds: float) -> Pcm16:
    return marker(0, seconds, 16_000)


def quiet(seconds: float, dbfs: float = -60.0, seed: int = 1) -> Pcm16:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, 32768 * 10 ** (dbfs / 20), int(seconds * 16_000))
    return noise.astype(np.int16)


def heard(audio: Pcm16, detector: ActivityDetector, cut: int = 640) -> list[Activity]:
    return [
        activity
        for start in range(0, audio.size, cut)
        for activity in detector.process(audio[start : start + cut])
    ]


def bounds(activities: list[Activity]) -> list[tuple[str, float]]:
    return [(type(a).__name__, a.at_sample / 16_000) for a in activities]


def test_start_and_end_are_where_speech_was_not_where_they_were_committed() -> None:
    audio = np.concatenate([quiet(1.0), tone(0.8), quiet(1.0)])
    found = heard(audio, ActivityDetector(config()))
    assert bounds(found) == [("ActivityStarted", 1.0), ("ActivityEnded", 1.8)]


def test_the_utterance_has_its_onset_and_what_precedes_it() -> None:
    audio = np.concatenate([silence(16_000), tone(0.8), silence(16_000)])
    [_, ended] = heard(audio, ActivityDetector(config()))
    assert isinstance(ended, ActivityEnded)
    loud = np.flatnonzero(ended.pcm16k)
    assert loud[-1] - loud[0] > 0.79 * 16_000
    assert 0.2 * 16_000 < loud[0] < 0.5 * 16_000


@pytest.mark.parametrize("silence_ms", [100, 500, 1500])
def test_silence_duration_decides_when_an_end_is_committed(silence_ms: int) -> None:
    detector = ActivityDetector(config(silence_ms=silence_ms))
    detector.process(tone(0.5))
    shorter = (silence_ms - 20) * 16
    assert detector.process(silence(shorter)) == []
    assert bounds(detector.process(silence(BLOCK))) == [("ActivityEnded", 0.5)]


def test_a_pause_shorter_than_the_silence_duration_does_not_end_an_utterance() -> None:
    audio = np.concatenate([tone(0.5), silence(6400), tone(0.5), silence(16_000)])
    found = heard(audio, ActivityDetector(config()))
    assert bounds(found) == [("ActivityStarted", 0.0), ("ActivityEnded", 1.4)]


@pytest.mark.parametrize("prefix_ms", [20, 200, 500])
def test_prefix_padding_decides_how_much_speech_a_start_takes(prefix_ms: int) -> None:
    detector = ActivityDetector(config(prefix_ms=prefix_ms))
    blip = tone((prefix_ms - 20) / 1000)
    assert heard(np.concatenate([blip, silence(16_000)]), detector) == []
    assert not detector.speaking
    assert bounds(heard(tone(1.0), detector))[0][0] == "ActivityStarted"
    assert detector.speaking


def test_long_padding_forgives_the_holes_in_words() -> None:
    syllable = np.concatenate([tone(0.12), silence(640)])
    found = heard(np.tile(syllable, 10), ActivityDetector(config(prefix_ms=500)))
    assert bounds(found) == [("ActivityStarted", 0.0)]


def test_a_high_start_sensitivity_hears_what_a_low_one_does_not() -> None:
    soft = (tone(0.5) * 0.08).astype(np.int16)  # -42 dBFS
    assert heard(soft, ActivityDetector(config(sensitive=True)))
    assert not heard(soft, ActivityDetector(config(sensitive=False)))


def test_steady_noise_stops_being_speech() -> None:
    detector = ActivityDetector(config())
    heard(quiet(30.0, dbfs=-42.0), detector)
    assert not detector.speaking
    assert heard(quiet(5.0, dbfs=-42.0, seed=2), detector) == []
    assert bounds(heard(tone(0.5), detector))[0][0] == "ActivityStarted"


def test_a_paused_stream_ends_the_utterance_at_once() -> None:
    detector = ActivityDetector(config())
    assert detector.flush() == []
    heard(tone(0.5), detector)
    assert bounds(detector.flush()) == [("ActivityEnded", 0.5)]
    assert detector.flush() == []


def test_an_endless_utterance_is_ended() -> None:
    detector = ActivityDetector(config())
    found = heard(tone(61.0), detector, cut=16_000)
    assert [type(a) for a in found] == [ActivityStarted, ActivityEnded, ActivityStarted]
    assert isinstance(found[1], ActivityEnded)
    assert found[1].pcm16k.size == LONGEST_BLOCKS * BLOCK


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20))
def test_activity_does_not_depend_on_how_audio_is_cut(cuts: list[int]) -> None:
    audio = np.concatenate([quiet(0.5), tone(0.6), quiet(0.7), tone(0.2), quiet(0.7)])
    whole = ActivityDetector(config()).process(audio)
    detector = ActivityDetector(config())
    pieces: list[Activity] = []
    start = 0
    for i in range(audio.size):
        if start >= audio.size:
            break
        end = start + cuts[i % len(cuts)] + (1 if sum(cuts) == 0 else 0)
        pieces += detector.process(audio[start:end])
        start = end
    assert bounds(pieces) == bounds(whole)
    for one, other in zip(pieces, whole, strict=True):
        if isinstance(one, ActivityEnded) and isinstance(other, ActivityEnded):
            assert np.array_equal(one.pcm16k, other.pcm16k)


def test_manual_activity_hears_only_what_is_between_its_brackets() -> None:
    manual = ManualActivity()
    manual.process(tone(1.0))
    assert bounds(manual.start()) == [("ActivityStarted", 1.0)]
    inside = tone(0.5)
    assert manual.process(inside) == []
    [ended] = manual.end()
    manual.process(tone(1.0))
    assert isinstance(ended, ActivityEnded)
    assert ended.at_sample == 24_000
    assert np.array_equal(ended.pcm16k, inside)


def test_unbalanced_brackets_are_ignored() -> None:
    manual = ManualActivity()
    assert manual.end() == []
    assert len(manual.start()) == 1
    assert manual.start() == []
    [ended] = manual.end()
    assert isinstance(ended, ActivityEnded)
    assert ended.pcm16k.size == 0
    assert manual.end() == []


def test_a_bracket_that_stays_open_keeps_only_its_beginning() -> None:
    manual = ManualActivity()
    manual.start()
    for _ in range(70):
        manual.process(tone(1.0))
    [ended] = manual.end()
    assert isinstance(ended, ActivityEnded)
    assert ended.pcm16k.size == LONGEST_BLOCKS * BLOCK
