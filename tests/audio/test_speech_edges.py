"""How close to the truth the speech detector comes, on espeak-ng's speech through G.711."""

import numpy as np
import pytest

from agent.audio.pcm import Pcm16
from bench import speech_edges
from bench.speech_edges import NOISES, evaluate
from bench.speech_scores import clipped

pytestmark = [pytest.mark.speech, pytest.mark.slow]


@pytest.fixture(scope="module")
def utterances() -> list[Pcm16]:
    return speech_edges.utterances()


@pytest.mark.parametrize("level", [-20.0, -30.0])
def test_on_a_clean_line_both_edges_are_right(utterances: list[Pcm16], level: float) -> None:
    edges = evaluate(utterances, level, None, 0.0)
    assert (edges.missed, edges.false, edges.split) == (0, 0, 0)
    assert np.percentile(edges.decided, 90) <= 100
    assert np.percentile(abs(edges.ended), 90) <= 50


@pytest.mark.parametrize("kind", NOISES)
def test_noise_20_decibels_below_changes_little(utterances: list[Pcm16], kind: str) -> None:
    edges = evaluate(utterances, -25.0, kind, 20.0)
    assert (edges.missed, edges.false, edges.split) == (0, 0, 0)
    assert np.percentile(edges.decided, 90) <= 120
    assert abs(np.median(edges.ended)) <= 20


@pytest.mark.parametrize("kind", NOISES)
def test_noise_10_decibels_below_hides_no_utterance(utterances: list[Pcm16], kind: str) -> None:
    edges = evaluate(utterances, -25.0, kind, 10.0)
    assert (edges.missed, edges.false) == (0, 0)


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("level", [-60.0, -45.0, -35.0])
def test_two_minutes_of_steady_noise_hold_no_speech(kind: str, level: float) -> None:
    noise = clipped(speech_edges.noise(kind, 8000 * 120, level))
    assert speech_edges.detected(noise) == ([], [])
