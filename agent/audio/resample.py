"""Streaming sample-rate conversion between the telephone's and the model's rates, without I/O.

Theory. To go from `rate_in` to `rate_out` = rate_in * L / M, imagine L-1 zeros put between the
input samples, a low-pass filter h at that higher rate, and every M-th result kept:

    y[k] = sum over n of  h[k*M - n*L] * x[n]

Only the products with real samples are worked out ("polyphase"). The pattern of coefficients
repeats every P = M inputs and Q = L outputs (M and L without a common factor), so a block of inputs
with the few samples before it, times one fixed matrix, is a block of outputs: one small matrix
product a frame instead of a loop over samples.

An output is given as soon as the last input it needs is there, and none is ever held back.

The coefficients are whole numbers over 2**20, samples are whole numbers, and the sums stay far
under 2**53: every float64 product and sum is exact, whatever order the machine adds in. That is why
a stream comes out the same to the last bit however it was cut, on every machine.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from agent.audio.ops import peak
from agent.audio.pcm import Pcm16

type Phase = Literal["linear", "minimum"]

PAIRS = ((8000, 16000), (24000, 8000), (16000, 8000), (24000, 16000), (8000, 24000))
"""The conversions there are, as (rate_in, rate_out): the two of a call, then the stand-ins'."""

DEFAULT_PHASE: Phase = "minimum"
"""Chosen by speech scores and delay: docs/protocols/audio.md, "Which phase"."""

PASS_EDGE = 0.85
"""Flat up to here, as a fraction of the lower rate's Nyquist frequency: 3.4 kHz of 4."""

STOP_EDGE = 1.075
"""Rejected from here on, as the same fraction: 4.3 kHz of 4, which lands at 3.7 kHz or below."""

COEFFICIENT_SCALE = 2**20

_BLOCK = 24
"""Inputs per row of the matrix product; a multiple of 1, 2 and 3. Larger ones cost as little while
the matrix is in the cache, and a third more when it must be fetched, as it must between calls."""

_PRODUCTS = 200_000
"""Multiplications per matrix product at most, so longer chunks go in slices: from about 260,000 on
BLAS would wake threads, which cost more than they save."""


@cache
def prototype(ratio: int, phase: Phase) -> NDArray[np.float64]:
    """The low-pass filter for rates in the proportion 1:`ratio` (2 or 3), with gain 1 at 0 Hz.

    Source: agent/audio/design.py, whose result is in filters.npz.
    """
    with np.load(Path(__file__).with_name("filters.npz")) as filters:
        taps: NDArray[np.float64] = filters[f"{phase}_{ratio}"] / COEFFICIENT_SCALE
    return taps


class Resampler:
    """One direction of one stream from `rate_in` to `rate_out`, both in Hz and in `PAIRS`.

    Args:
        phase: "linear" delays all frequencies alike, by 1.1 to 2.2 ms; "minimum" delays as little
            as a filter of this steepness can, and low frequencies a little less than high ones.

    Raises:
        ValueError: the pair is not one of `PAIRS`.
    """

    def __init__(self, rate_in: int, rate_out: int, phase: Phase = DEFAULT_PHASE) -> None:
        if (rate_in, rate_out) not in PAIRS:
            raise ValueError(f"no filter from {rate_in} to {rate_out} Hz; there are {PAIRS}")
        common = math.gcd(rate_in, rate_out)
        self.rate_in, self.rate_out, self.phase = rate_in, rate_out, phase
        self._p, self._q = rate_in // common, rate_out // common
        self._matrix, self._history = _block_matrix(self._p, self._q, phase)
        # No result is larger than this many times the loudest sample it comes from.
        self._gain = float(np.abs(self._matrix).sum(axis=0).max())
        width, outputs = self._matrix.shape
        rows = _PRODUCTS // self._matrix.size
        self._most = (rows - 1) * _BLOCK
        # [history | less than one block left from before | a slice of the input]
        self._x = np.zeros(self._history + rows * _BLOCK)
        step = self._x.itemsize
        self._windows = as_strided(self._x, (rows, width), (_BLOCK * step, step))
        self._rows = np.empty((rows, width))
        self._y = np.empty((rows, outputs))
        self._pending = 0
        self._loudest = 0  # of the samples kept from before

    @property
    def delay_s(self) -> float:
        """Group delay in seconds, averaged from 300 Hz to the end of the flat band."""
        return _delay_s(self.rate_in, self.rate_out, self.phase)

    def reset(self) -> None:
        """Forget the stream; the next sample is the first of a new one."""
        self._x[: self._history] = 0.0
        self._pending = self._loudest = 0

    def process(self, pcm: Pcm16) -> Pcm16:
        """Resample one chunk, keeping the filter's state for the next.

        Args:
            pcm: int16, shape (n,), mono, at `rate_in`; n may be 0.

        Returns:
            int16, shape (m,), at `rate_out`. Over a stream of N samples the m add up to
            ceil(N * rate_out / rate_in), and the samples are the same however it was cut.
            Too loud is clipped.
        """
        most = self._most
        if pcm.size <= most:
            return self._slice(pcm)
        return np.concatenate([self._slice(pcm[i : i + most]) for i in range(0, pcm.size, most)])

    def _slice(self, pcm: Pcm16) -> Pcm16:
        """One product's worth. Windows start at a period boundary; results given before, and
        those that would need samples yet to come, are worked out along and left out."""
        x, at, history = self._x, self._pending, self._history
        total = at + pcm.size
        x[history + at : history + total] = pcm
        rows = -(-total // _BLOCK)
        np.copyto(self._rows[:rows], self._windows[:rows])
        y = np.dot(self._rows[:rows], self._matrix, out=self._y[:rows]).reshape(-1)
        y = y[-(-at * self._q // self._p) : -(-total * self._q // self._p)]
        np.rint(y, out=y)
        loudest = peak(pcm, 2)
        if max(loudest, self._loudest) * self._gain > 32767.0:
            np.minimum(y, 32767.0, out=y)
            np.maximum(y, -32768.0, out=y)
        # What is kept may be older than this chunk, if that is shorter than the history.
        self._loudest = loudest if pcm.size >= history + _BLOCK else max(loudest, self._loudest)
        self._pending = total % self._p
        whole = total - self._pending
        x[: history + self._pending] = x[whole : whole + history + self._pending]
        return y.astype(np.int16)


@cache
def _block_matrix(p: int, q: int, phase: Phase) -> tuple[NDArray[np.float64], int]:
    """The matrix from [history, block] to the block's outputs, and the length of the history."""
    h = prototype(max(p, q), phase) * q
    history = (h.size - 1) // q
    n = np.arange(-history, _BLOCK)[:, None]
    k = np.arange(_BLOCK * q // p)[None, :]
    tap = k * p - n * q
    inside = (tap >= 0) & (tap < h.size)
    return np.where(inside, h[np.where(inside, tap, 0)], 0.0), history


@cache
def _delay_s(rate_in: int, rate_out: int, phase: Phase) -> float:
    low, high = sorted((rate_in, rate_out))
    common = math.gcd(rate_in, rate_out)
    h = prototype(high // common, phase)
    filter_hz = rate_in * rate_out // common
    n = np.arange(h.size)
    hz = np.linspace(300.0, PASS_EDGE * low / 2, 256)
    turn = np.exp(-2j * np.pi * np.outer(hz, n) / filter_hz)
    return float(((turn @ (n * h)) / (turn @ h)).real.mean()) / filter_hz
