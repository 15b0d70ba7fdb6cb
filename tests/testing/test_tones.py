"""The words of the tones come through codec and resampler, and only those that were heard."""

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import Resampler
from agent.audio.speech import SpeechDetector, SpeechEnded, SpeechStarted
from agent.testing.tones import CODES, PAUSE_MS, Tones

TEXT = "A table for four on Friday, please: under the name O'Neill. I say"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def by_telephone(pcm8k: Pcm16) -> Pcm16:
    return mulaw.decode(mulaw.encode(pcm8k))


def read(tones: Tones, pcm8k: Pcm16) -> str:
    return " ".join(word.text for word in tones.read(pcm8k))


def test_the_callers_words_arrive_at_the_models_rate() -> None:
    tones = Tones(Clock())
    up = Resampler(8000, 16000)
    sent = by_telephone(np.concatenate([tones.speak(TEXT, 8000), silence(400)]))
    assert read(tones, up.process(sent)[::2]) == TEXT


def test_the_agents_words_arrive_at_the_telephone() -> None:
    tones = Tones(Clock())
    down = Resampler(24000, 8000)
    sent = np.concatenate([tones.speak(TEXT, 24000), silence(1200)])
    assert read(tones, by_telephone(down.process(sent))) == TEXT


def test_every_code_is_read_as_its_word() -> None:
    tones = Tones(Clock())
    words = [f"w{number}" for number in range(CODES)]
    assert read(tones, by_telephone(tones.speak(" ".join(words), 8000))).split() == words


def test_words_that_were_cut_off_are_not_read() -> None:
    tones = Tones(Clock())
    sound = tones.speak("one two three", 8000)
    [_, two, three] = tones.read(sound)
    assert read(tones, sound[: two.start]) == "one"
    assert read(tones, sound[: (two.start + two.end) // 2 + 300]) == "one two"
    assert read(tones, sound[three.end - 200 :]) == ""


def test_a_word_says_where_it_was() -> None:
    tones = Tones(Clock())
    [word] = tones.read(np.concatenate([silence(800), tones.speak("hello", 8000), silence(800)]))
    assert abs(word.start - 800) <= 240
    assert abs(word.end - (800 + 1560)) <= 240


def test_of_words_that_share_a_code_the_latest_that_was_spoken_is_meant() -> None:
    clock = Clock()
    tones = Tones(clock)
    first = tones.speak("first", 8000)
    tones.speak("other " * (CODES - 1), 8000)
    clock.now = 100.0
    tones.speak("second", 8000)
    assert [word.text for word in tones.read(first, heard_from=50.0)] == ["first"]
    assert [word.text for word in tones.read(first)] == ["second"]
    assert tones.read(first, heard_from=-10.0) == []


@pytest.mark.parametrize("rate_hz", [8000, 24000])
def test_three_dots_are_a_pause(rate_hz: int) -> None:
    tones = Tones(Clock())
    together, apart = tones.speak("one two", rate_hz), tones.speak("one ... two", rate_hz)
    assert apart.size - together.size == PAUSE_MS * rate_hz // 1000


def test_no_words_are_no_sound() -> None:
    tones = Tones(Clock())
    assert tones.speak("", 8000).size == 0
    assert tones.read(silence(100)) == []


def test_noise_and_other_sound_are_no_words() -> None:
    tones = Tones(Clock())
    tones.speak("word " * CODES, 8000)
    noise = np.random.default_rng(0).normal(0, 3000, 16000).astype(np.int16)
    hum = np.round(8000 * np.sin(np.arange(16000) * 0.1)).astype(np.int16)
    assert tones.read(noise) == []
    assert tones.read(hum) == []


def test_a_speech_detector_takes_a_sentence_for_speech_from_end_to_end() -> None:
    sentence = Tones(Clock()).speak(TEXT, 8000)
    detector = SpeechDetector()
    events = detector.process(np.concatenate([silence(4000), sentence, silence(8000)]))
    [began, ended] = events
    assert isinstance(began, SpeechStarted)
    assert isinstance(ended, SpeechEnded)
    assert abs(began.at_sample - 4000) <= 160
    assert abs(ended.at_sample - (4000 + sentence.size)) <= 480
