"""Murmur in the place of voices: as long, as loud, and a detector hears it at the same places."""

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.audio.speech import SpeechDetector
from agent.observe.masked_sound import STEP_DB, Murmur
from tests.call.line import voice


def edges(pcm: Pcm16) -> list[int]:
    return [event.at_sample for event in SpeechDetector().process(pcm)]


def masked(pcm: Pcm16, piece: int = 160) -> Pcm16:
    murmur = Murmur(8000, 1)
    return np.concatenate([murmur.like(pcm[n : n + piece]) for n in range(0, len(pcm), piece)])


def spoken() -> Pcm16:
    rest = np.zeros(8000, np.int16)
    return np.concatenate([rest, voice(1.5), rest, voice(0.5), rest])


def test_it_is_as_long_and_nothing_of_the_voice_is_in_it() -> None:
    pcm = spoken()

    found = masked(pcm)

    assert found.dtype == np.int16
    assert found.shape == pcm.shape
    said = pcm.astype(float)
    murmured = found.astype(float)
    alike = np.correlate(said, murmured, "valid")[0] / np.linalg.norm(said)
    assert abs(alike / np.linalg.norm(murmured)) < 0.05


def test_speech_begins_and_ends_where_it_did() -> None:
    pcm = spoken()

    assert np.abs(np.array(edges(masked(pcm))) - np.array(edges(pcm))).max() <= 160


def test_it_is_as_loud_in_every_frame_to_a_step() -> None:
    pcm = voice(1.0)

    levels = [
        20 * np.log10(np.sqrt(np.mean(sound.reshape(-1, 160).astype(float) ** 2, axis=1)))
        for sound in (pcm, masked(pcm))
    ]

    assert np.abs(levels[0] - levels[1]).max() <= STEP_DB / 2 + 0.5


def test_what_nobody_hears_is_silence() -> None:
    hiss = np.random.default_rng(1).integers(-20, 20, 1600).astype(np.int16)

    assert not masked(hiss).any()
    assert not masked(np.zeros(160, np.int16)).any()
    assert Murmur(8000, 1).like(np.zeros(0, np.int16)).size == 0


@pytest.mark.parametrize("n", [1, 80, 159, 161, 4000])
def test_pieces_may_have_any_length(n: int) -> None:
    murmur = Murmur(24000, 1)

    assert murmur.like(voice(1.0)[:n]).size == n
    assert len(murmur.like_mulaw(mulaw.encode(voice(1.0)[:n]))) == n
