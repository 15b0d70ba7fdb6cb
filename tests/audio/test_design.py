from pathlib import Path

import numpy as np
import pytest

from agent.audio import design
from agent.audio.resample import PASS_EDGE, STOP_EDGE, Phase, prototype


def test_the_file_is_what_the_design_computes() -> None:
    designed = design.prototypes()
    with np.load(design.FILE) as stored:
        assert set(stored) == set(designed)
        for name, taps in designed.items():
            assert stored[name].dtype == np.int32
            assert np.array_equal(stored[name], taps), name


def test_writing_gives_the_same_filters_again(tmp_path: Path) -> None:
    design.write(tmp_path / "filters.npz")
    with np.load(tmp_path / "filters.npz") as written, np.load(design.FILE) as stored:
        assert {n: written[n].tolist() for n in written} == {n: stored[n].tolist() for n in stored}


@pytest.mark.parametrize("phase", ["linear", "minimum"])
@pytest.mark.parametrize("ratio", [2, 3])
def test_flat_in_the_passband_and_gone_in_the_stopband(ratio: int, phase: Phase) -> None:
    taps = prototype(ratio, phase)
    response = np.abs(np.fft.rfft(taps, 2**16))
    nyquists = np.linspace(0.0, ratio, response.size)  # of the lower rate
    flat = 20 * np.log10(response[nyquists <= PASS_EDGE])
    gone = 20 * np.log10(response[nyquists >= STOP_EDGE].max())
    assert flat.max() - flat.min() <= 0.05
    assert gone <= -80.0


@pytest.mark.parametrize("ratio", [2, 3])
def test_linear_phase_is_symmetrical_and_minimum_phase_is_early(ratio: int) -> None:
    linear, minimum = prototype(ratio, "linear"), prototype(ratio, "minimum")
    assert np.array_equal(linear, linear[::-1])
    assert linear.size == minimum.size == design.TAPS[ratio]
    assert (np.cumsum(minimum**2) >= np.cumsum(linear**2) - 1e-5).all()
