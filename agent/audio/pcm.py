"""16-bit mono samples: the type, bytes, silence and level, without I/O."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

type Pcm16 = NDArray[np.int16]

FULL_SCALE = 32768
SILENCE_DBFS = -100.0
"""The level of digital silence, which has none: low enough to lie under every real one."""


def silence(n: int) -> Pcm16:
    """Digital silence: `n` samples of zero, at any rate."""
    return np.zeros(n, np.int16)


def from_bytes(data: bytes) -> Pcm16:
    """Little-endian 16-bit samples as an array.

    Returns:
        int16, read-only: a view of `data`, nothing is copied.

    Raises:
        ValueError: `data` does not hold a whole number of samples.
    """
    return np.frombuffer(data, "<i2").astype(np.int16, copy=False)


def to_bytes(pcm: Pcm16) -> bytes:
    """The samples as little-endian bytes, as both wires carry them."""
    return pcm.astype("<i2", copy=False).tobytes()


def level_dbfs(pcm: Pcm16) -> float:
    """Level (RMS) against full scale: a full-scale square wave is 0 dB, a sine -3 dB.

    Returns:
        decibels, never below `SILENCE_DBFS`, which is also the level of nothing.
    """
    if not pcm.size:
        return SILENCE_DBFS
    samples = pcm.astype(np.float64)
    power = float(samples.dot(samples)) / samples.size / FULL_SCALE**2
    return max(10.0 * math.log10(power), SILENCE_DBFS) if power else SILENCE_DBFS
