import numpy as np
import pytest

from agent.audio.mulaw import decode, encode
from agent.audio.pcm import level_dbfs, silence
from agent.audio.resample import Resampler
from agent.sim.dialogue import CallTools, Say
from agent.sim.scripted import (
    MARKER_DBFS,
    MARKER_HZ,
    REPLY_DBFS,
    UNMARKED,
    Script,
    Scripted,
    Tones,
    marker,
    marker_in,
)


@pytest.mark.parametrize("index", range(len(MARKER_HZ)))
def test_every_marker_is_known_again_after_the_telephone(index: int) -> None:
    spoken = np.concatenate([silence(2400), marker(index, 0.4), silence(4000)])
    assert marker_in(Resampler(8000, 16000).process(decode(encode(spoken)))) == index


def test_noise_silence_and_scraps_are_no_markers() -> None:
    noise = np.random.default_rng(1).normal(0, 2000, 16_000).astype(np.int16)
    assert marker_in(noise) is None
    assert marker_in(silence(16_000)) is None
    assert marker_in(marker(0, 0.02, 16_000)) is None
    assert Tones().hear(noise) == UNMARKED


def test_markers_and_replies_have_the_level_they_say() -> None:
    assert level_dbfs(marker(0, 1.0)) == pytest.approx(MARKER_DBFS, abs=0.1)
    assert level_dbfs(Tones().speak("x").pcm24k) == pytest.approx(REPLY_DBFS, abs=0.1)


def test_a_marker_means_its_transcript() -> None:
    tones = Tones(["book a table", "goodbye"])
    assert tones.hear(marker(1, 0.5, 16_000)) == "goodbye"
    assert tones.hear(marker(2, 0.5, 16_000)) == "utterance 2"


def test_every_reply_is_the_same_sound() -> None:
    tones = Tones(reply_s=3.0)
    assert tones.speak("one") is tones.speak("another")
    assert tones.speak("one").seconds == 3.0


def test_a_script_is_followed_whatever_is_heard() -> None:
    mind = Scripted(Script("hello", ("a", "b"), tool=("f", {"x": 1}), tool_every=3, filler="wait"))
    assert mind.greeting("") == Say("hello")
    moves = [mind.heard("anything") for _ in range(4)]
    assert moves == [Say("a"), Say("b"), CallTools((("f", {"x": 1}),), "wait"), Say("b")]
    assert mind.tool_result("f", {}) == Say(Script().after_tool)
    assert Scripted(Script(replies=("only",))).heard("x") == Say("only")
