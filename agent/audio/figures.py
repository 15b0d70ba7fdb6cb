"""What a resampler does to a telephone line, measured from outside, without I/O.

Every figure comes from tones sent through the converter itself in 20 ms frames, 16-bit rounding
included; so any other converter can be measured in the same way. The tones are whole multiples of
100 Hz and the part looked at is 0.4 s long, so that each falls on one bin of a Fourier transform
and nothing leaks from it into another.

- ripple: the largest less the smallest gain, 100 Hz to the end of the flat band (3.4 kHz).
- rejection: of what is not there in the input. For each tone from 100 Hz to 3.7 kHz, the loudest
  other thing in the output, as are its images when the rate goes up. When the rate goes down, also
  for each tone from 4.3 kHz to the old Nyquist frequency the loudest thing at all, its alias.
- group delay: from 300 Hz to 3.4 kHz, by the phases of tones 100 Hz apart.
- held: how far the samples given after a frame lag behind the samples taken.

The frequencies are those of 8 kHz; between 16 and 24 kHz all are doubled.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.audio.pcm import Pcm16
from agent.audio.resample import PASS_EDGE, STOP_EDGE, Phase, Resampler

type Converter = Callable[[Pcm16], Pcm16]
"""One stream's converter: takes a chunk, gives what is ready."""

FRAME_S = 0.02
_AMPLITUDE = 30000.0
_SETTLE_S, _LOOK_S = 0.4, 0.4


@dataclass(frozen=True, slots=True)
class FilterFigures:
    """How good a conversion is, and what it costs in time.

    Attributes:
        rejection_db: of images, and of aliases where the rate goes down.
        ripple_db: from the largest to the smallest gain in the flat band.
        group_delay_ms: mean over the flat band from 300 Hz, output against input sample times.
        held_mean_ms: how far the output lags behind the input after a frame, on average.
        held_worst_ms: the same, at worst.
    """

    rate_in: int
    rate_out: int
    rejection_db: float
    ripple_db: float
    group_delay_ms: float
    held_mean_ms: float
    held_worst_ms: float

    @property
    def delay_ms(self) -> float:
        """What the conversion adds on average to the time from mouth to ear."""
        return self.group_delay_ms + self.held_mean_ms


def measure(rate_in: int, rate_out: int, phase: Phase) -> FilterFigures:
    """The figures of our own resampler."""
    return measure_converter(lambda: Resampler(rate_in, rate_out, phase).process, rate_in, rate_out)


def measure_converter(make: Callable[[], Converter], rate_in: int, rate_out: int) -> FilterFigures:
    """The figures of any converter.

    Args:
        make: gives a converter for a new stream.
    """
    nyquist = min(rate_in, rate_out) // 2
    step = nyquist // 40
    passed = np.arange(step, round(PASS_EDGE * nyquist) + 1, step)
    gains = np.array([_gain(make(), hz, rate_in, rate_out) for hz in passed.tolist()])
    level = 20 * np.log10(np.abs(gains))
    turns = np.unwrap(np.angle(gains)) / (2 * np.pi)
    delays = -np.diff(turns)[2:] / step
    held = _held(make(), rate_in, rate_out)
    return FilterFigures(
        rate_in,
        rate_out,
        rejection_db=_rejection_db(make, rate_in, rate_out),
        ripple_db=float(level.max() - level.min()),
        group_delay_ms=float(delays.mean()) * 1e3,
        held_mean_ms=float(held.mean()) * 1e3,
        held_worst_ms=float(held.max()) * 1e3,
    )


def _run(convert: Converter, hz: float, rate_in: int) -> Pcm16:
    """The answer to a tone that starts at its full amplitude at time 0."""
    t = np.arange(round((_SETTLE_S + _LOOK_S + 0.4) * rate_in)) / rate_in
    tone = np.rint(_AMPLITUDE * np.cos(2 * np.pi * hz * t)).astype(np.int16)
    frame = round(FRAME_S * rate_in)
    return np.concatenate([convert(tone[i : i + frame]) for i in range(0, tone.size, frame)])


def _spectrum(convert: Converter, hz: float, rate_in: int, rate_out: int) -> NDArray[np.complex128]:
    """Amplitudes and phases against the tone's, one bin for each 1 / _LOOK_S."""
    out = _run(convert, hz, rate_in)
    start, n = round(_SETTLE_S * rate_out), round(_LOOK_S * rate_out)
    bins: NDArray[np.complex128] = np.fft.rfft(out[start : start + n]) * (2.0 / n / _AMPLITUDE)
    bins[[0, -1]] /= 2.0  # 0 Hz and Nyquist have no mirror image to share with
    return bins


def _gain(convert: Converter, hz: float, rate_in: int, rate_out: int) -> complex:
    # The look begins at a whole number of periods, so the phase is that of the converter alone.
    return complex(_spectrum(convert, hz, rate_in, rate_out)[round(hz * _LOOK_S)])


def _rejection_db(make: Callable[[], Converter], rate_in: int, rate_out: int) -> float:
    nyquist = min(rate_in, rate_out) // 2
    step = nyquist // 40
    worst = 1e-9
    for hz in range(step, round((2 - STOP_EDGE) * nyquist) + 1, step):
        bins = np.abs(_spectrum(make(), hz, rate_in, rate_out))
        bins[round(hz * _LOOK_S)] = 0.0
        worst = max(worst, float(bins.max()))
    for hz in range(round(STOP_EDGE * nyquist), rate_in // 2, step):
        bins = np.abs(_spectrum(make(), hz, rate_in, rate_out))
        worst = max(worst, float(bins.max()))
    return -20 * math.log10(worst)


def _held(convert: Converter, rate_in: int, rate_out: int) -> NDArray[np.float64]:
    """By how many seconds the output lags, after each frame once it has settled."""
    frame = round(FRAME_S * rate_in)
    taken = given = 0
    lags = []
    for _ in range(100):
        given += convert(np.zeros(frame, np.int16)).size
        taken += frame
        lags.append(taken / rate_in - given / rate_out)
    held: NDArray[np.float64] = np.maximum(lags[50:], 0.0)
    return held
