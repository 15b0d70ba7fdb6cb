from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from agent.audio.pcm import level_dbfs
from agent.errors import ConfigError
from agent.sim import voice
from agent.sim.voice import PEAK, Voice

pytestmark = pytest.mark.speech
WORDS = "I would like to book a table for four people."


@pytest.fixture
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "_cache", voice._Cache(0))


def test_speech_has_its_level_and_its_peaks_stay_below_the_limit() -> None:
    pcm = Voice().speak(WORDS)
    frames = pcm[: pcm.size // 480 * 480].reshape(-1, 480)
    loudest = max(level_dbfs(frame) for frame in frames)
    spoken = np.concatenate([f for f in frames if level_dbfs(f) > loudest - 30])
    assert pcm.dtype == np.int16
    assert level_dbfs(spoken) == pytest.approx(-20, abs=0.2)
    assert np.abs(pcm.astype(int)).max() <= PEAK * 32768 + 1


def test_the_three_rates_carry_the_same_sound() -> None:
    by_rate = {rate: Voice().speak(WORDS, rate) for rate in (8_000, 16_000, 24_000)}
    seconds = {rate: pcm.size / rate for rate, pcm in by_rate.items()}
    assert max(seconds.values()) - min(seconds.values()) < 0.001
    low = by_rate[8_000].astype(float)
    from_high = by_rate[24_000][::3][: low.size].astype(float)
    band = slice(0, low.size // 4)  # up to 2 kHz, far below where the images of [::3] fold
    spectra = np.stack([np.abs(np.fft.rfft(x))[band] for x in (low, from_high)])
    assert np.corrcoef(spectra)[0, 1] > 0.97


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="11025 Hz is none of"):
        Voice().speak(WORDS, 11_025)


@pytest.mark.usefixtures("no_cache")
def test_the_same_words_give_the_same_samples_whatever_was_said_between() -> None:
    first = Voice().speak(WORDS)
    Voice("en-us+f2", rate_wpm=220, pitch=80).speak("Something else!")
    again = Voice().speak(WORDS)
    assert first is not again
    np.testing.assert_array_equal(first, again)


def test_what_was_said_before_is_kept_and_cannot_be_changed() -> None:
    pcm = Voice().speak("Kept.")
    assert Voice().speak("Kept.") is pcm
    with pytest.raises(ValueError, match="read-only"):
        pcm[0] = 1


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache = voice._Cache(limit=400)
    sounds = {name: np.zeros(100, np.int16) for name in "abc"}
    cache.put(("a",), sounds["a"])
    cache.put(("b",), sounds["b"])
    assert cache.get(("a",)) is sounds["a"]
    cache.put(("c",), sounds["c"])
    assert cache.get(("b",)) is None
    assert cache.get(("a",)) is sounds["a"]


def test_speed_pitch_and_variant_are_heard() -> None:
    usual = Voice().speak(WORDS)
    assert Voice(rate_wpm=240).speak(WORDS).size < 0.8 * usual.size
    for other in (Voice(pitch=90), Voice("en-us+f2")):
        assert not np.array_equal(other.speak(WORDS), usual)


@pytest.mark.parametrize("name", ["klingon-x", "en-us+nobody", "en-us+", "", "../en"])
def test_an_unknown_voice_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match="espeak-ng has no voice"):
        Voice(name)


@pytest.mark.parametrize("text", ["", " ", "\0", "..."])
def test_nothing_to_say_is_silence(text: str) -> None:
    assert not Voice().speak(text).any()


def test_any_text_can_be_said() -> None:
    assert Voice().speak("<b>[[bad]] \ud800 é 東京\0 end").any()


@pytest.mark.usefixtures("no_cache")
def test_threads_get_what_they_asked_for() -> None:
    texts = [f"This is number {number}." for number in range(8)]
    alone = [Voice().speak(text, 8_000) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: Voice().speak(text, 8_000), texts))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(ConfigError, match=r"pip install 'seamline\[sim\]'"):
        Voice()
