"""A language of tones: words as sound that comes through a telephone line and is read again; pure.

A test has to know which words arrived: at the model, and at the caller's ear, through codec,
resampler, queue and whatever was cut off. Speech recognition is slow and errs. So each word is a
burst of two tones, one low and one high, by which it is found again in any sound that holds most of
it. A burst is as long as a brisk speaker takes for the word; its level and its pitch are those of a
voice, so that everything that listens for speech finds it.

Reading: over windows of 40 ms every pitch in use is a frequency of the transform, so the two
loudest ones name the word. A row of windows that agree is a word; at a word's edge they do not, and
a word that was cut short has fewer of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from agent.audio.pcm import FULL_SCALE, Pcm16, silence

READ_HZ = 8000
WORD_MS, LETTER_MS, LONGEST_MS = 70, 25, 280
"""A burst that lasts much longer would be taken for noise, which is steady."""
GAP_MS = 40
PAUSE, PAUSE_MS = "...", 500

_WINDOW, _HOP = 320, 80  # 40 ms and 10 ms at 8 kHz; the transform's step is 25 Hz
_STEP_HZ = READ_HZ / _WINDOW
_LOW = range(12, 34)  # 300 to 825 Hz
_HIGH = range(36, 60)  # 900 to 1475 Hz
CODES = len(_LOW) * len(_HIGH)
_LOW_LEVEL, _HIGH_LEVEL = 0.13, 0.07
_LEAST = 0.02
"""The least amplitude of a burst's low tone; what is quieter is noise."""
_CLEAR = 0.5
"""A window's two tones hold at least this share of its power."""
_LEAST_WINDOWS = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was read.

    Attributes:
        text: as it was spoken.
        start, end: samples at 8 kHz.
    """

    text: str
    start: int
    end: int


class Tones:
    """The words of one speaker: spoken here, and read here wherever their sound comes out.

    Words are numbered as they are spoken, and numbers share a burst after some five hundred: then
    the latest spoken before the sound was heard is meant.

    Args:
        now: monotonic seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._spoken: list[tuple[str, float]] = []

    def speak(self, text: str, rate_hz: int) -> Pcm16:
        """The sound of a text; `...` in it is half a second of silence."""
        pieces: list[Pcm16] = []
        for word in text.split():
            if word == PAUSE:
                pieces.append(silence(PAUSE_MS * rate_hz // 1000))
                continue
            code = len(self._spoken) % CODES
            self._spoken.append((word, self._now()))
            pieces += [_burst(code, len(word), rate_hz), silence(GAP_MS * rate_hz // 1000)]
        return np.concatenate(pieces) if pieces else silence(0)

    def read(self, pcm8k: Pcm16, heard_from: float | None = None) -> list[Word]:
        """The words in a sound.

        Args:
            heard_from: when its first sample was heard; None: just now.
        """
        found = []
        for code, start, end in _bursts(pcm8k):
            at = self._now() if heard_from is None else heard_from + end / READ_HZ
            text = self._meant(code, at)
            if text is not None:
                found.append(Word(text, start, end))
        return found

    def _meant(self, code: int, at: float) -> str | None:
        last = len(self._spoken) - 1
        for index in range(last - (last - code) % CODES, -1, -CODES):
            text, spoken_at = self._spoken[index]
            if spoken_at <= at:
                return text
        return None


def _burst(code: int, letters: int, rate_hz: int) -> Pcm16:
    ms = min(WORD_MS + LETTER_MS * letters, LONGEST_MS)
    time = np.arange(ms * rate_hz // 1000) * (2 * pi * _STEP_HZ / rate_hz)
    low, high = _LOW[code % len(_LOW)], _HIGH[code // len(_LOW)]
    sound = _LOW_LEVEL * np.sin(low * time) + _HIGH_LEVEL * np.sin(high * time)
    pcm: Pcm16 = np.round(sound * FULL_SCALE).astype(np.int16)
    return pcm


def _bursts(pcm8k: Pcm16) -> Iterator[tuple[int, int, int]]:
    """The bursts in a sound, as (code, first sample, end)."""
    codes = _codes(pcm8k)
    changes = np.flatnonzero(np.diff(codes)) + 1
    for first, end in zip((0, *changes), (*changes, codes.size), strict=True):
        if end - first >= _LEAST_WINDOWS and codes[first] >= 0:
            yield int(codes[first]), int(first) * _HOP, (int(end) - 1) * _HOP + _WINDOW


def _codes(pcm8k: Pcm16) -> NDArray[np.int64]:
    """What each window of a sound says: a code, or -1."""
    if pcm8k.size < _WINDOW:
        return np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(pcm8k, _WINDOW)[::_HOP]
    sound = windows.astype(np.float32) / FULL_SCALE
    amplitude = np.abs(np.fft.rfft(sound, axis=1)) * (2 / _WINDOW)
    lows, highs = amplitude[:, _LOW], amplitude[:, _HIGH]
    low, high = lows.argmax(axis=1), highs.argmax(axis=1)
    rows = np.arange(len(windows))
    power = (lows[rows, low] ** 2 + highs[rows, high] ** 2) / 2
    clear = (power > _CLEAR * np.square(sound).mean(axis=1)) & (lows[rows, low] > _LEAST)
    return np.where(clear, low + high * len(_LOW), -1)
