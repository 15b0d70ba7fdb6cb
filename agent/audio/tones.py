"""DTMF digits as sound, making them and hearing them, and a signal to wait; without I/O.

Theory. A digit is two tones at once, one of four low frequencies and one of four high ones (ITU-T
Q.23). To hear one, the signal is looked at in blocks of 102 samples (12.75 ms), half overlapping,
and the energy at each frequency is measured (Goertzel's sum, here for all frequencies and blocks in
one small matrix product). A block says a digit when its two strongest tones hold nearly all of its
energy, stand clear of the others in their group, are about equally loud ("twist"), and are pure: a
voice that happens to sing both frequencies has strong second harmonics, a telephone has none. Four
such blocks in a row make a digit, so 40 ms of tone always suffice and 23 ms never do (ITU-T Q.24);
four without it make it over, so a dropout of 10 ms does not double it.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from agent.audio.pcm import FULL_SCALE, Pcm16, silence

RATE_HZ = 8000
LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
"""KEYS[row][column] is the digit of LOW_HZ[row] with HIGH_HZ[column] (ITU-T Q.23)."""

PAUSES_S = {"w": 0.5, "W": 1.0}
"""Between digits, as carriers write them."""

_WAIT_HZ = (440, 587)

_BLOCK, _HOP = 102, 51
_RUN = 4
"""Blocks in a row that must agree."""

_RAMP_S = 0.002
"""Tones fade in and out over this time: a hard edge is a click."""

_MIN_DBFS = -42.0
"""Quieter is not a digit: Q.24 wants 25 dB of range, and tones usually come at about -12 dBFS."""

_TWIST_DB = (11.0, 6.0)
"""How much louder the low, and the high, tone may be: Q.24's 8 and 4 dB, and more because a
block this short measures either a little wrong."""

_CLEAR = 10.0 ** (6.0 / 10)
"""How far a tone stands above the next one of its group: 6 dB."""

_SHARE = 0.72
"""The part of a block's energy that is in the two tones; speech rarely passes 0.5."""

_PURE = 10.0 ** (-8.0 / 10)
"""How loud a second harmonic may be against its tone: -8 dB."""

_APART_HZ = 150
"""A low tone's second harmonic closer than this to the high tone cannot be told from it."""


def dtmf(digits: str, tone_ms: int = 100, gap_ms: int = 100, level_dbfs: float = -12.0) -> Pcm16:
    """The sound of dialling `digits`, at 8 kHz, each followed by a gap.

    Args:
        digits: of "0123456789*#ABCD".
        level_dbfs: level (RMS) of both tones together.

    Raises:
        ValueError: something else is among the digits.
    """
    t = np.arange(tone_ms * RATE_HZ // 1000) / RATE_HZ
    length = t.size / RATE_HZ
    fade = np.clip(np.minimum(t, length - t) / _RAMP_S, 0.0, 1.0)
    each = fade * 10.0 ** (level_dbfs / 20.0) * FULL_SCALE  # two sines of this peak have this RMS
    gap = np.zeros(gap_ms * RATE_HZ // 1000, np.int16)
    parts = []
    for digit in digits:
        low, high = _frequencies(digit)
        tone = each * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t))
        parts += [np.rint(np.clip(tone, -FULL_SCALE, FULL_SCALE - 1)).astype(np.int16), gap]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def dialled(keys: str) -> Pcm16:
    """The sound of dialling `keys` at a pace that every machine hears, in whole 20 ms frames.

    Args:
        keys: digits as for `dtmf`, `w` for half a second of silence and `W` for a second.

    Raises:
        ValueError: something else is among them.
    """
    parts = [
        silence(round(PAUSES_S[key] * RATE_HZ)) if key in PAUSES_S else dtmf(key, 120, 80)
        for key in keys
    ]
    return np.concatenate(parts) if parts else silence(0)


def wait_signal(level_dbfs: float = -27.0) -> Pcm16:
    """A soft rising pair of tones, "please wait", at 8 kHz: where there are no words for it.

    A musical fourth, 250 ms a tone, which no detector takes for a digit.

    Args:
        level_dbfs: level (RMS) of each tone at its loudest.
    """
    t = np.arange(RATE_HZ // 4) / RATE_HZ
    swell = np.sin(np.pi * t / t.size * RATE_HZ) ** 2
    peak = 2**0.5 * 10.0 ** (level_dbfs / 20.0) * FULL_SCALE
    tones = [peak * swell * np.sin(2 * np.pi * hz * t) for hz in _WAIT_HZ]
    pcm: Pcm16 = np.rint(np.concatenate(tones)).astype(np.int16)
    return pcm


def _frequencies(digit: str) -> tuple[int, int]:
    for row, low in zip(KEYS, LOW_HZ, strict=True):
        if digit in row:
            return low, HIGH_HZ[row.index(digit)]
    raise ValueError(f"{digit!r} is not a DTMF digit")


def _goertzel_matrix() -> NDArray[np.float64]:
    """Cosines, then sines, of the eight tones and then of their second harmonics."""
    tones = np.array([*LOW_HZ, *HIGH_HZ])
    turns = np.outer(np.arange(_BLOCK), np.concatenate([tones, 2 * tones])) / RATE_HZ
    return np.concatenate([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)


_GOERTZEL = _goertzel_matrix()


class DtmfDetector:
    """Hears the digits in one stream at 8 kHz."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._last, self._run = "", 0
        self._digit = ""

    def process(self, pcm8k: Pcm16) -> list[str]:
        """Take the next samples; n may be anything, also 0.

        Returns:
            the digits that have become certain, each once, within 40 ms of its beginning.
        """
        samples = np.concatenate([self._rest, pcm8k])
        if samples.size < _BLOCK:
            self._rest = samples
            return []
        n = (samples.size - _BLOCK) // _HOP + 1
        step = samples.itemsize
        blocks = as_strided(samples, (n, _BLOCK), (_HOP * step, step))
        self._rest = samples[n * _HOP :]
        digits = []
        for heard in _digits_in(blocks / FULL_SCALE):
            self._run = self._run + 1 if heard == self._last else 1
            self._last = heard
            if self._run == _RUN and heard != self._digit:
                self._digit = heard
                if heard:
                    digits.append(heard)
        return digits


def _digits_in(blocks: NDArray[np.float64]) -> list[str]:
    """For each block the digit that sounds throughout it, or nothing."""
    power = np.square(blocks).mean(axis=1)
    parts = np.square(np.dot(blocks, _GOERTZEL))
    # A sine of power p shows as p * _BLOCK**2 / 2 at its own frequency.
    tones = (parts[:, :16] + parts[:, 16:]) * (2.0 / _BLOCK**2)
    two = tones[:, 0:4].max(axis=1) + tones[:, 4:8].max(axis=1)
    worth = (two > _SHARE * power) & (power > 10.0 ** (_MIN_DBFS / 10))
    return [_digit_of(t) if w else "" for w, t in zip(worth.tolist(), tones.tolist(), strict=True)]


def _digit_of(tones: list[float]) -> str:
    """The digit of a block whose two strongest tones hold nearly all of its energy."""
    low, row, low_next = _strongest(tones[0:4])
    high, column, high_next = _strongest(tones[4:8])
    loud_low, loud_high = (10.0 ** (db / 10) for db in _TWIST_DB)
    clear = low > _CLEAR * low_next and high > _CLEAR * high_next
    balanced = low <= loud_low * high and high <= loud_high * low
    pure = tones[12 + column] < _PURE * high
    if abs(2 * LOW_HZ[row] - HIGH_HZ[column]) > _APART_HZ:
        pure = pure and tones[8 + row] < _PURE * low
    return KEYS[row][column] if clear and balanced and pure else ""


def _strongest(group: list[float]) -> tuple[float, int, float]:
    """The strongest of a group, its place, and the second strongest."""
    second, first = sorted(group)[-2:]
    return first, group.index(first), second
