"""WAV files for callers of tests."""

import wave
from pathlib import Path

import numpy as np


def written(path: Path, rate_hz: int, *, channels: int = 1, width: int = 2) -> Path:
    """A WAV file with a tenth of a second in it."""
    samples = (np.arange(rate_hz // 10 * channels) % 100).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate_hz, 0, "NONE", ""))
        file.writeframes(samples.tobytes()[: samples.size * width])
    return path
