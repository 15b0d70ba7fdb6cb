from itertools import pairwise

import numpy as np
import pytest

from agent.audio.figures import Converter, FilterFigures, measure, measure_converter
from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import PAIRS, Phase, Resampler


@pytest.mark.parametrize("phase", ["linear", "minimum"])
@pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)
def test_our_resampler_keeps_its_promises(rate_in: int, rate_out: int, phase: Phase) -> None:
    figures = measure(rate_in, rate_out, phase)
    assert (figures.rate_in, figures.rate_out) == (rate_in, rate_out)
    assert figures.rejection_db >= 80.0
    assert figures.ripple_db <= 0.05
    assert figures.delay_ms <= (2.2 if phase == "linear" else 0.5)
    assert figures.held_worst_ms == 0.0
    stated_ms = Resampler(rate_in, rate_out, phase).delay_s * 1e3
    assert figures.group_delay_ms == pytest.approx(stated_ms, abs=0.005)


def every_third(pcm: Pcm16) -> Pcm16:
    """24 to 8 kHz without a filter, for chunks of whole threes."""
    return pcm[::3]


def each_twice(pcm: Pcm16) -> Pcm16:
    return np.repeat(pcm, 2)


def test_taking_every_third_sample_rejects_no_alias_and_is_flat() -> None:
    figures = measure_converter(lambda: every_third, 24000, 8000)
    assert figures.rejection_db == pytest.approx(0.0, abs=0.01)
    assert figures.ripple_db == pytest.approx(0.0, abs=0.001)
    assert figures.delay_ms == pytest.approx(0.0, abs=0.001)


def test_giving_each_sample_twice_is_known_arithmetic() -> None:
    figures = measure_converter(lambda: each_twice, 8000, 16000)
    image = np.tan(np.pi * 3700 / 16000)  # at 4.3 kHz, against the tone at 3.7 kHz
    tone = np.cos(np.pi * 3700 / 16000)
    assert figures.rejection_db == pytest.approx(-20 * np.log10(image * tone), abs=0.01)
    drop = np.cos(np.pi * 100 / 16000) / np.cos(np.pi * 3400 / 16000)
    assert figures.ripple_db == pytest.approx(20 * np.log10(drop), abs=0.01)
    assert figures.delay_ms == pytest.approx(1000 / 32000, abs=0.001)


def every_second_frame() -> Converter:
    """Holds one frame, then gives two."""
    kept: list[Pcm16] = []

    def convert(pcm: Pcm16) -> Pcm16:
        kept.append(every_third(pcm))
        if len(kept) < 2:
            return silence(0)
        both = np.concatenate(kept)
        kept.clear()
        return both

    return convert


def test_what_is_held_back_counts_as_delay() -> None:
    figures = measure_converter(every_second_frame, 24000, 8000)
    assert figures.held_mean_ms == pytest.approx(10.0)
    assert figures.held_worst_ms == pytest.approx(20.0)
    assert figures.delay_ms == pytest.approx(10.0, abs=0.001)


def test_delay_is_the_sum_of_its_parts() -> None:
    parts = [FilterFigures(8000, 16000, 90.0, 0.0, g, h, h).delay_ms for g, h in ((1, 2), (2, 2))]
    assert [b - a for a, b in pairwise(parts)] == [1]
