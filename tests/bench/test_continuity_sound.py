"""Words of tones, spoken and read again."""

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import Resampler
from agent.call import phrases
from agent.sim.scripted import marker_in
from bench.continuity_sound import (
    FRAME,
    HEARD_RATE_HZ,
    OTHER_WORDS,
    REPLY,
    REPLY_S,
    REPLY_WORDS,
    Voice,
    first_sound_s,
    read,
    spoken,
    utterance,
)

FRAME_S = FRAME / HEARD_RATE_HZ


def on_the_telephone(pcm24k: Pcm16) -> Pcm16:
    return mulaw.decode(mulaw.encode(Resampler(24_000, 8_000).process(pcm24k)))


def joined(*pieces: Pcm16) -> Pcm16:
    return np.concatenate(pieces)


REPLY_HEARD = on_the_telephone(spoken(REPLY))


@pytest.mark.parametrize("lead", [0, 1, 16, 27, 28, 33, 80, 111, 127, 159])
def test_a_whole_reply_is_read_wherever_it_begins(lead: int) -> None:
    heard = read(joined(silence(lead + 800), REPLY_HEARD, silence(900)))
    assert heard.words == REPLY_WORDS
    assert heard.reply_s == pytest.approx(REPLY_S, abs=FRAME_S)
    assert (heard.again_s, heard.gap_s) == (0.0, 0.0)


def test_a_frame_that_is_missing_from_every_word_is_missed() -> None:
    words = REPLY_HEARD.reshape(len(REPLY_WORDS), -1)
    heard = read(joined(silence(800), words[:, FRAME:].reshape(-1), silence(900)))
    assert heard.words == REPLY_WORDS
    assert heard.reply_s == pytest.approx(REPLY_S - len(REPLY_WORDS) * FRAME_S, abs=2 * FRAME_S)


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_a_word_alone_lasts_a_second(word: str) -> None:
    assert spoken(f"{word}.").size == 24_000
    assert read(joined(silence(800), on_the_telephone(spoken(word)), silence(800))).words == (word,)


def test_what_is_cut_out_is_missing_and_what_comes_twice_is_counted() -> None:
    reply = on_the_telephone(spoken(REPLY))
    cut = read(reply[: 2 * 8_000])
    assert cut.reply_s == pytest.approx(2.0, abs=0.05)
    again = read(joined(reply[: 4 * 8_000], reply[3 * 8_000 :]))
    assert again.reply_s == pytest.approx(REPLY_S, abs=0.05)
    assert again.again_s == pytest.approx(1.0, abs=0.1)


def test_silence_inside_a_reply_is_a_gap_and_behind_it_is_none() -> None:
    reply = on_the_telephone(spoken(REPLY))
    holed = read(joined(reply[:16_000], silence(4_000), reply[16_000:], silence(40_000)))
    assert holed.gap_s == pytest.approx(0.5, abs=0.05)
    assert holed.reply_s == pytest.approx(REPLY_S, abs=0.05)


def test_noise_and_the_tone_of_a_cover_are_no_words() -> None:
    t = np.arange(16_000) / 8_000
    tone = np.asarray(9_000 * np.sin(2 * np.pi * 450.0 * t)).astype(np.int16)
    noise = np.random.default_rng(1).normal(scale=4_000, size=16_000).astype(np.int16)
    hiss = np.random.default_rng(2).normal(scale=100, size=16_000).astype(np.int16)
    for sound in (tone, noise, hiss):
        heard = read(joined(silence(800), sound, silence(800)))
        assert (heard.reply_s, heard.words) == (0.0, ())


def test_the_first_sound_after_a_moment_may_have_begun_before_it() -> None:
    sound = joined(silence(8_000), on_the_telephone(spoken("hello")), silence(8_000))
    assert first_sound_s(sound, 4_000) == pytest.approx(0.5, abs=0.03)
    assert first_sound_s(sound, 12_000) == 0.0
    assert first_sound_s(sound, 17_000) is None


def test_a_text_is_spoken_once() -> None:
    voice = Voice()
    assert voice.speak("hello") is voice.speak("hello")
    assert spoken("strange words").size == spoken("pardon").size


def test_what_the_caller_says_is_a_marker_to_the_ear() -> None:
    clips = [utterance(index, 1.0, str(index)) for index in range(4)]
    up = [Resampler(8_000, 16_000).process(mulaw.decode(clip.mulaw)) for clip in clips]
    assert [marker_in(pcm) for pcm in up] == [0, 1, 2, 3]
    assert utterance(0, 1.0, "a", seed=1).mulaw != clips[0].mulaw


@pytest.mark.parametrize("language", sorted(phrases.WORDS))
def test_a_phrase_of_the_cover_is_none_of_the_words(language: str) -> None:
    """Whatever frame it begins in, and whatever its vowels sound like."""
    sound = phrases.shipped(language)
    for phrase in (sound.moment, sound.apology):
        heard = mulaw.decode(phrase)
        for shift in range(0, FRAME, 40):
            assert not set(read(heard[shift:]).words) & set(REPLY_WORDS)
