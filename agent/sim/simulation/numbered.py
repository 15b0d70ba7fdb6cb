"""Sound whose every millisecond says which one it is, without I/O.

A simulated call must know of each sample that arrives somewhere whose it was. So a voice here is
no tone: every millisecond (8 samples at 8 kHz) spells its own number in five samples, hexadecimal
digits as mu-law codes of loud samples, and three samples fill. Silence spells zero. Cutting,
joining and moving such sound in whole milliseconds keeps the numbers, and mu-law keeps them
exactly. What changes the rate here only repeats samples or leaves them out; the real filters have
tests of their own.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, to_bytes
from agent.sim.clips import Clip
from agent.sim.server_io import Speech

PER_MS = 8
"""Samples of a millisecond at 8 kHz."""
DIGITS = 5
BASE = 16
_LOUD = 0x10
"""The codes from here on are the digits: samples of about a quarter of full scale."""
_SHIFTS = np.arange(DIGITS - 1, -1, -1) * 4
_CODES = np.arange(_LOUD, _LOUD + BASE, dtype=np.uint8)
_VALUES: list[int] = mulaw.decode(_CODES.tobytes()).tolist()
_DIGITS = _CODES.tobytes()
_SILENCE = bytes([mulaw.SILENCE])
_HEX = bytes(b"0123456789abcdef"[code - _LOUD] if code in _CODES else 0 for code in range(256))
_DIGIT_OF = {value: digit for digit, value in enumerate(_VALUES)}
_DIGIT_TABLE = np.full(1 << 16, -1, np.int32)
_DIGIT_TABLE[np.array(_VALUES)] = np.arange(BASE)
_WEIGHTS = (BASE ** np.arange(DIGITS - 1, -1, -1)).astype(np.int32)


class Run(NamedTuple):
    """Milliseconds that follow one another.

    Attributes:
        at_ms: where in the sound the first one stands.
        first: its number.
        n: how many there are.
    """

    at_ms: int
    first: int
    n: int


class _Spelt:
    """Every number from 0 on, spelt once for all calls: as codes, as the model's voice and as the
    base64 of that, in which a millisecond has 64 characters.
    """

    def __init__(self) -> None:
        self.codes = b""
        self.pcm24k: Pcm16 = np.zeros(0, np.int16)
        self.base64 = b""

    def up_to(self, end: int) -> _Spelt:
        """With all numbers below `end`."""
        if len(self.codes) < end * PER_MS:
            self._spell(1 << end.bit_length())
        return self

    def _spell(self, n: int) -> None:
        numbers = np.arange(n, dtype=np.int32)
        frame = np.full((n, PER_MS), _LOUD, np.uint8)
        frame[:, :DIGITS] = _CODES[(numbers[:, None] >> _SHIFTS) & (BASE - 1)]
        self.codes = frame.tobytes()
        self.pcm24k = np.repeat(mulaw.decode(self.codes), 3)
        self.pcm24k.flags.writeable = False
        self.base64 = b64encode(to_bytes(self.pcm24k))


_spelt = _Spelt()


def codes(first: int, n: int) -> bytes:
    """`n` numbered milliseconds from number `first` on, as mu-law codes at 8 kHz."""
    return _spelt.up_to(first + n).codes[first * PER_MS : (first + n) * PER_MS]


def speech(first: int, n: int) -> Speech:
    """The same for the model's voice."""
    end = first + n
    spelt = _spelt.up_to(end)
    return Speech(spelt.pcm24k[first * 24 : end * 24], spelt.base64[first * 64 : end * 64])


def clip(first: int, n: int, frame_ms: int) -> Clip:
    """The same for the caller's mouth.

    Args:
        n: a multiple of `frame_ms`.
    """
    audio = codes(first, n)
    size = frame_ms * PER_MS
    frames = [audio[start : start + size] for start in range(0, len(audio), size)]
    return Clip(audio, tuple(map(b64encode, frames)), len(audio), str(first))


def first_number(pcm: Pcm16, per_ms: int) -> int:
    """The number of the millisecond at the start of `pcm`; 0 for silence, -1 for no such sound.

    Args:
        per_ms: samples of a millisecond.
    """
    step = per_ms // PER_MS
    spelt: list[int] = pcm[: DIGITS * step : step].tolist()
    if not any(spelt):
        return 0
    number = 0
    for value in spelt:
        digit = _DIGIT_OF.get(value)
        if digit is None:
            return -1
        number = number * BASE + digit
    return number


def numbers(pcm: Pcm16, per_ms: int, every_ms: int = 1) -> NDArray[np.int32]:
    """The number of each whole millisecond; 0 for silence, negative for no such sound.

    Args:
        every_ms: look at the first of so many.
    """
    step = per_ms // PER_MS
    whole = pcm[: pcm.size // per_ms * per_ms].reshape(-1, per_ms)
    spelt = whole[::every_ms, : DIGITS * step : step]
    digits = _DIGIT_TABLE[spelt]
    found: NDArray[np.int32] = np.where(digits.min(axis=1) < 0, -1, digits @ _WEIGHTS)
    found[~spelt.any(axis=1)] = 0
    return found


def runs(pcm: Pcm16, per_ms: int) -> Iterator[Run]:
    """The numbered sound in `pcm`; what is no such sound has number -1, silence is left out."""
    n = pcm.size // per_ms
    if not n:
        return
    first, last = first_number(pcm, per_ms), first_number(pcm[(n - 1) * per_ms :], per_ms)
    if first > 0 and last - first == n - 1:
        yield Run(0, first, n)
        return
    if not first and not last and not np.count_nonzero(pcm):
        return
    found = numbers(pcm, per_ms)
    follows = np.diff(found) == np.where(found[:-1] > 0, 1, 0)
    breaks = np.flatnonzero(~follows) + 1
    starts = [0, *breaks.tolist(), n]
    for start, end in pairwise(starts):
        if found[start]:
            yield Run(start, int(found[start]), end - start)


def mulaw_runs(audio: bytes) -> Iterator[Run]:
    """The numbered sound in mu-law at 8 kHz."""
    yield from runs(mulaw.decode(audio), PER_MS)


def voice_runs(audio: bytes) -> list[Run]:
    """The same without what is no such sound; quick where one run is all but for the silence that
    fills the last frame, or nothing is.
    """
    n, odd = divmod(len(audio.rstrip(_SILENCE)), PER_MS)
    end = (n - 1) * PER_MS
    first, last = _number_of(audio[:DIGITS]), _number_of(audio[end : end + DIGITS])
    if first > 0 and last - first == n - 1 and not odd:
        return [Run(0, first, n)]
    if len(audio.translate(None, _DIGITS)) == len(audio):
        return []
    return [run for run in mulaw_runs(audio) if run.first > 0]


def _number_of(digits: bytes) -> int:
    try:
        return int(digits.translate(_HEX), BASE)
    except ValueError:
        return -1


class Doubling:
    """8 to 16 kHz for numbered sound: every sample twice."""

    def __init__(self) -> None:
        self._silence = np.zeros(0, np.int16)

    def process(self, pcm: Pcm16) -> Pcm16:
        """Convert one block; nobody writes to what comes out: silence is made but once."""
        if not np.count_nonzero(pcm):
            if self._silence.size != 2 * pcm.size:
                self._silence = np.zeros(2 * pcm.size, np.int16)
            return self._silence
        doubled = np.empty(2 * pcm.size, np.int16)
        doubled[::2] = doubled[1::2] = pcm
        return doubled

    def reset(self) -> None:
        """Nothing is kept between blocks."""


class Thinning:
    """24 to 8 kHz for numbered sound: every third sample."""

    def process(self, pcm: Pcm16) -> Pcm16:
        """Convert one block."""
        return np.ascontiguousarray(pcm[::3])

    def reset(self) -> None:
        """Nothing is kept between blocks."""
