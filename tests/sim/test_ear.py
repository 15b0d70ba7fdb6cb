"""The ear on speech as it arrives: espeak-ng, a line's noise, mu-law, 8 to 16 kHz."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from agent.audio.mulaw import decode, encode
from agent.audio.noise import ComfortNoise
from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import Resampler
from agent.errors import ConfigError
from agent.sim.ear import KEPT_GRAMMARS, Ear
from agent.sim.voice import Voice
from tests.sim.talking import scenario

pytestmark = pytest.mark.speech

CALLER = "en-us+edward2"
STRANGER = "en-us+Andrea"  # the model's maps were fitted without this voice
SAID = [
    ("restaurant", None, "I would like to book a table for four people on Friday at seven."),
    ("restaurant", None, "Could I book a table for two tomorrow at half past seven?"),
    ("restaurant", None, "What are your opening hours?"),
    ("restaurant", "people", "Six people."),
    ("restaurant", "people", "Four."),
    ("restaurant", "day", "On the fourth of December."),
    ("restaurant", "time", "At quarter past six."),
    ("restaurant", "name", "My name is Anna Miller."),
    ("restaurant", "confirm", "Yes please."),
    ("restaurant", "confirm", "No."),
    ("restaurant", "confirm", "No, for five people."),
    ("restaurant", "more", "No thank you, goodbye."),
    ("shop", None, "Where is my order?"),
    ("shop", "order_id", "One zero four two."),
]


@cache
def ear() -> Ear:
    return Ear()


def telephoned(text: str, voice: str = CALLER, noise_dbfs: float = -60.0) -> Pcm16:
    """An utterance as it arrives over the telephone, with some of the line around it, 16 kHz."""
    spoken = Voice(voice, rate_wpm=145).speak(text, 8000)
    line = ComfortNoise(1, noise_dbfs).take(spoken.size + 6_400)
    line[2400:-4000] += spoken
    return Resampler(8000, 16_000).process(decode(encode(line)))


def words(text: str) -> str:
    return "".join(c for c in text.lower() if c not in ".,?")


@pytest.mark.parametrize(("name", "expected", "text"), SAID)
def test_hears_what_callers_say(name: str, expected: str | None, text: str) -> None:
    assert ear().hear(telephoned(text), scenario(name).grammar(expected)) == words(text)


@pytest.mark.parametrize(("name", "expected", "text"), SAID[:4])
def test_hears_a_voice_it_was_not_fitted_to(name: str, expected: str | None, text: str) -> None:
    assert ear().hear(telephoned(text, STRANGER), scenario(name).grammar(expected)) == words(text)


@pytest.mark.parametrize("noise_dbfs", [-90.0, -52.0])
def test_hears_on_a_quiet_and_on_a_noisy_line(noise_dbfs: float) -> None:
    text = "Could I book a table for six on Saturday at eight?"
    pcm16k = telephoned(text, noise_dbfs=noise_dbfs)
    assert ear().hear(pcm16k, scenario().grammar()) == words(text)


def test_hears_a_quiet_caller() -> None:
    quiet = (telephoned("What are your opening hours?").astype(np.float64) / 16).astype(np.int16)
    assert ear().hear(quiet, scenario().grammar()) == "what are your opening hours"


def test_what_was_heard_before_changes_nothing() -> None:
    pcm16k = telephoned("On Friday at seven.", STRANGER)
    grammar = scenario().grammar("day")
    first = Ear().hear(pcm16k, grammar)
    used = ear()
    used.hear(telephoned("What are your opening hours?", noise_dbfs=-45.0), grammar)
    assert first == used.hear(pcm16k, grammar) == "on friday at seven"


@pytest.mark.parametrize(
    "text",
    [
        "We should paint the kitchen blue.",
        "Computers are getting faster every single year.",
        "She sells sea shells by the sea shore.",
    ],
)
def test_what_no_grammar_has_is_not_heard(text: str) -> None:
    assert ear().hear(telephoned(text, STRANGER), scenario().grammar()) == ""


@pytest.mark.parametrize(
    "pcm16k", [silence(0), silence(100), silence(16_000), ComfortNoise(3, -40.0).take(32_000)]
)
def test_neither_silence_nor_noise_says_anything(pcm16k: Pcm16) -> None:
    assert ear().hear(pcm16k, scenario().grammar("confirm")) == ""


def test_threads_share_one_ear() -> None:
    said = [("people", "Six people."), ("day", "On Friday."), ("name", "Emma Wilson.")]
    sounds = {text: telephoned(text) for _, text in said}
    with ThreadPoolExecutor(4) as pool:
        heard = [
            (pool.submit(ear().hear, sounds[text], scenario().grammar(expected)), text)
            for expected, text in said * 4
        ]
        for one, text in heard:
            assert one.result() == words(text)


def test_forgets_the_grammars_used_first() -> None:
    def grammar(n: int) -> str:
        return f"#JSGF V1.0;\ngrammar one;\npublic <say{n}> = hello;\n"

    fresh = Ear()
    pcm16k = telephoned("Hello.")
    for n in range(KEPT_GRAMMARS + 2):
        assert fresh.hear(silence(0), grammar(n)) == ""
    assert fresh.hear(pcm16k, grammar(KEPT_GRAMMARS + 1)) == "hello"
    assert fresh.hear(pcm16k, grammar(0)) == "hello"


@pytest.mark.parametrize(
    "grammar", ["hello", "#JSGF V1.0;\ngrammar one;\npublic <say> = hello qwertyish;\n"]
)
def test_a_grammar_it_cannot_use_is_refused(grammar: str) -> None:
    with pytest.raises(ConfigError, match="does not take the grammar"):
        ear().hear(silence(0), grammar)
    assert ear().hear(telephoned("Four."), scenario().grammar("people")) == "four"


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(ConfigError, match=r"pip install 'seamline\[sim\]'"):
        Ear()
