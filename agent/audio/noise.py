"""Comfort noise: the faint sound that tells a caller the line is not dead, without I/O."""

from __future__ import annotations

import numpy as np

from agent.audio.pcm import FULL_SCALE, Pcm16

_TAPS = np.array([0.25, 0.5, 0.25])
"""A gentle low-pass, 6 dB down at 2 kHz and gone at 4: more like a room than like a hiss."""


class ComfortNoise:
    """An endless stream of noise at 8 kHz, the same for the same seed however it is cut.

    Args:
        seed: chooses the noise.
        level_dbfs: its level (RMS).
    """

    def __init__(self, seed: int, level_dbfs: float = -60.0) -> None:
        self._random = np.random.default_rng(seed)
        rms = 10.0 ** (level_dbfs / 20.0) * FULL_SCALE
        self._taps = _TAPS * rms / np.sqrt(np.square(_TAPS).sum())
        self._tail = self._random.standard_normal(_TAPS.size - 1)

    def take(self, n: int) -> Pcm16:
        """The next `n` samples, int16."""
        white = np.concatenate([self._tail, self._random.standard_normal(n)])
        self._tail = white[n:]
        a, b, c = self._taps.tolist()
        shaped = a * white[:-2] + b * white[1:-1] + c * white[2:]
        pcm: Pcm16 = np.rint(np.clip(shaped, -FULL_SCALE, FULL_SCALE - 1)).astype(np.int16)
        return pcm
