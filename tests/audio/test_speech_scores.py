"""What is lost of speech on its way through the resamplers, by PESQ and STOI."""

from collections.abc import Callable

import pytest

from agent.audio.pcm import Pcm16
from agent.audio.resample import Phase, Resampler
from agent.audio.tones import DtmfDetector
from bench import speech_scores
from bench.speech_scores import Scores

pytestmark = [pytest.mark.speech, pytest.mark.slow]

LARGEST_LOSS_MOS = 0.05
# STOI counts the third octave around 3.8 kHz, where the filters fall off, as much as any other.
LARGEST_LOSS_STOI = 0.01

SOURCES = {"recorded": speech_scores.recorded_speech, "spoken": speech_scores.spoken_speech}


@pytest.fixture(scope="module", params=SOURCES)
def speeches(request: pytest.FixtureRequest) -> dict[str, Pcm16]:
    source: Callable[[int], dict[str, Pcm16]] = SOURCES[request.param]
    return source(24000)


def check(best: Scores, got: Scores) -> None:
    assert best.pesq - got.pesq <= LARGEST_LOSS_MOS
    assert best.stoi - got.stoi <= LARGEST_LOSS_STOI


@pytest.mark.parametrize("phase", ["linear", "minimum"])
def test_nothing_is_lost_from_the_model_to_the_caller(
    speeches: dict[str, Pcm16], phase: Phase
) -> None:
    delay_ms = Resampler(24000, 8000, phase).delay_s * 1e3
    for speech in speeches.values():
        check(
            *speech_scores.down_path(
                speech, lambda: Resampler(24000, 8000, phase).process, delay_ms
            )
        )


@pytest.mark.parametrize("phase", ["linear", "minimum"])
def test_nothing_is_lost_from_the_caller_to_the_model(
    speeches: dict[str, Pcm16], phase: Phase
) -> None:
    delay_ms = Resampler(8000, 16000, phase).delay_s * 1e3
    for speech in speeches.values():
        check(
            *speech_scores.up_path(speech, lambda: Resampler(8000, 16000, phase).process, delay_ms)
        )


def test_no_digit_is_heard_in_speech(speeches: dict[str, Pcm16]) -> None:
    for speech in speeches.values():
        pcm8k = Resampler(24000, 8000).process(speech)
        for start in range(0, 51, 10):
            assert DtmfDetector().process(pcm8k[start:]) == []
