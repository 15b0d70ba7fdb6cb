import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audio.pcm import Pcm16, silence
from agent.audio.speech import SpeechDetector, SpeechEnded, SpeechStarted


def vowel(ms: int, dbfs: float = -25.0, rate: int = 8000) -> Pcm16:
    """A buzz with a voice's crossings whose loudness wavers as talk does."""
    t = np.arange(ms * rate // 1000) / rate
    buzz = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 12))
    buzz = buzz * (1.0 + 0.5 * np.sin(2 * np.pi * 5 * t)) + 0.5 * np.sin(2 * np.pi * 700 * t)
    return scaled(buzz, dbfs)


def hiss(ms: int, dbfs: float, seed: int = 1) -> Pcm16:
    return scaled(np.random.default_rng(seed).standard_normal(8 * ms), dbfs)


def scaled(x: np.ndarray, dbfs: float) -> Pcm16:
    y = x / np.sqrt(np.square(x).mean()) * 10 ** (dbfs / 20) * 32768
    pcm: Pcm16 = np.rint(np.clip(y, -32768, 32767)).astype(np.int16)
    return pcm


def quiet(ms: int) -> Pcm16:
    return silence(8 * ms)


def heard(*parts: Pcm16, by: SpeechDetector | None = None) -> list[SpeechStarted | SpeechEnded]:
    return (by or SpeechDetector()).process(np.concatenate(parts))


def test_speech_begins_and_ends_where_it_does() -> None:
    events = heard(quiet(500), vowel(600), quiet(800))
    assert events == [SpeechStarted(4000), SpeechEnded(8800)]


def test_a_beginning_is_told_after_onset_ms() -> None:
    detector = SpeechDetector(onset_ms=60)
    assert detector.process(np.concatenate([quiet(500), vowel(600)[: 8 * 59]])) == []
    assert detector.process(vowel(600)[8 * 59 : 8 * 60]) == [SpeechStarted(4000)]
    assert detector.speaking


def test_an_end_is_told_after_the_hangover() -> None:
    detector = SpeechDetector(hangover_ms=400)
    detector.process(np.concatenate([quiet(500), vowel(600), quiet(390)]))
    assert detector.speaking
    assert detector.process(quiet(10)) == [SpeechEnded(8800)]
    assert not detector.speaking


def test_a_pause_shorter_than_the_hangover_does_not_end_it() -> None:
    events = heard(quiet(500), vowel(400), quiet(350), vowel(400), quiet(800))
    assert events == [SpeechStarted(4000), SpeechEnded(8 * 1650)]


def test_a_longer_pause_makes_two_utterances() -> None:
    events = heard(quiet(500), vowel(400), quiet(600), vowel(400), quiet(800))
    assert [type(e) for e in events] == [SpeechStarted, SpeechEnded] * 2


def test_speech_from_the_first_sample_is_found() -> None:
    assert heard(vowel(300)) == [SpeechStarted(0)]


@pytest.mark.parametrize("ms", [1, 10, 30])
def test_clicks_are_not_speech(ms: int) -> None:
    click = scaled(np.random.default_rng(2).standard_normal(8 * ms), -10.0)
    assert heard(*[quiet(300), click] * 8) == []


def test_a_click_after_speech_does_not_move_its_end() -> None:
    events = heard(quiet(500), vowel(600), quiet(200), hiss(5, -10.0), quiet(800))
    assert events == [SpeechStarted(4000), SpeechEnded(8800)]


@pytest.mark.parametrize("dbfs", [-60.0, -50.0, -40.0, -30.0])
def test_line_noise_is_not_speech_at_any_level_nor_when_it_sets_in(dbfs: float) -> None:
    assert heard(hiss(5000, dbfs)) == []
    assert heard(quiet(1000), hiss(5000, dbfs)) == []


def test_what_is_quieter_than_any_caller_is_not_speech() -> None:
    assert heard(quiet(500), vowel(600, -55.0), quiet(500)) == []
    assert (
        heard(quiet(500), vowel(600, -55.0), quiet(800), by=SpeechDetector(min_level_dbfs=-60.0))
        != []
    )


def test_speech_is_found_in_noise_15_decibels_below() -> None:
    line = np.concatenate([quiet(1500), vowel(600), quiet(1500)]) + hiss(3600, -40.0)
    started, ended = heard(line)
    assert started.at_sample == pytest.approx(12_000, abs=400)
    assert ended.at_sample == pytest.approx(16_800, abs=400)


def test_more_margin_finds_less() -> None:
    line = np.concatenate([quiet(1500), vowel(600), quiet(1500)]) + hiss(3600, -34.0)
    assert heard(line, by=SpeechDetector(margin_db=6.5)) != []
    assert heard(line, by=SpeechDetector(margin_db=18.0)) == []


def test_a_tone_that_goes_on_and_on_is_learnt_as_noise() -> None:
    detector = SpeechDetector()
    tone = scaled(np.sin(2 * np.pi * 425 * np.arange(8 * 3000) / 8000), -25.0)
    started, ended = detector.process(np.concatenate([quiet(500), tone]))
    assert started == SpeechStarted(4000)
    assert ended.at_sample < 4000 + 8 * 700
    assert detector.floor_dbfs == pytest.approx(-25.0, abs=3.0)


def test_the_floor_follows_the_noise_down_and_up() -> None:
    detector = SpeechDetector()
    detector.process(hiss(3000, -40.0))
    assert detector.floor_dbfs == pytest.approx(-40.0, abs=1.5)
    detector.process(hiss(200, -55.0))
    assert detector.floor_dbfs == pytest.approx(-55.0, abs=1.5)
    detector.process(hiss(3000, -45.0))
    assert detector.floor_dbfs == pytest.approx(-45.0, abs=1.5)


def test_reset_forgets_stream_and_noise() -> None:
    detector = SpeechDetector()
    stream = np.concatenate([hiss(500, -50.0), vowel(600), quiet(37)])
    first = detector.process(stream)
    detector.reset()
    assert not detector.speaking
    assert detector.process(stream) == first


def test_other_rates_count_their_own_samples() -> None:
    detector = SpeechDetector(16000)
    stream = np.concatenate([silence(8000), vowel(600, rate=16000), silence(16000)])
    assert detector.process(stream) == [SpeechStarted(8000), SpeechEnded(17600)]


@given(cuts=st.lists(st.integers(0, 12_000), max_size=40))
def test_events_do_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    stream = np.concatenate([quiet(300), vowel(500), quiet(700)])
    detector = SpeechDetector()
    events = [e for piece in np.split(stream, sorted(cuts)) for e in detector.process(piece)]
    assert events == [SpeechStarted(2400), SpeechEnded(6400)]
