"""Where speech begins and ends on a telephone line, without I/O.

Theory. The stream is looked at in hops of 10 ms. A hop is loud when its level stands clear of the
noise floor, and voiced when, besides, it crosses zero as often as a voice does: white noise
crosses about 40 times in 10 ms, hum once or twice, a vowel 3 to 25 times. Speech has begun when
most of the last few hops are loud and half of these voiced: a click is over by then. It has ended
when no loud pair of hops has come for `hangover_ms`; its end is then where the last one was.

The noise floor is the quietest short-time level of the last 1.6 s or so, because talk has gaps and
noise has none. A sound that stays within a few decibels for 300 ms is no speech either: the floor
climbs to it, so that a line that turns noisy is learnt within half a second.

A few comparisons and two C calls a hop; models that would do better cost a hundred times more.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from agent.audio.ops import cross, rms
from agent.audio.pcm import FULL_SCALE, SILENCE_DBFS, Pcm16

HOP_MS = 10

_FLOOR_MIN_DBFS = -65.0
_FLOOR_START_DBFS = -34.0
"""The first hop sets the floor, unless it is louder than a line may be: then it is talk already."""

_CROSSINGS_VOICED = (2, 30)
"""Zero crossings in 10 ms that a voice may have."""

_WINDOW_HOPS, _WINDOWS = 40, 4
"""The floor is the minimum of four windows of 400 ms."""

_STEADY_HOPS, _STEADY_DB = 30, 4.5
"""A level that stays within this many decibels for this long is noise or a tone."""

_CLIMB_DB = 1.0
"""How fast the floor climbs to a steady sound, per hop."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech was found; it began at `at_sample`, counted from the start of the stream."""

    at_sample: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """Speech is over; it ended before sample `at_sample`, one hangover before this was known."""

    at_sample: int


class _NoiseFloor:
    """The level of what is always there."""

    def __init__(self) -> None:
        self.dbfs = math.inf
        self._minima: deque[float] = deque(maxlen=_WINDOWS - 1)
        self._past = math.inf  # the least of them
        self._minimum, self._in_window = math.inf, 0
        self._recent: deque[float] = deque(maxlen=_STEADY_HOPS)

    def follow(self, level: float) -> float:
        """Take the level of the next hop; returns the floor."""
        recent, known = self._recent, self.dbfs
        if known == math.inf:
            known = self._minimum = min(level, _FLOOR_START_DBFS)
        # The mean of three hops: the minimum of single ones would lie well under the noise's level.
        smooth = (level + recent[-1] + recent[-2]) / 3.0 if len(recent) > 1 else level
        recent.append(level)
        if smooth < self._minimum:
            self._minimum = smooth
        self._in_window += 1
        if self._in_window == _WINDOW_HOPS:
            self._minima.append(self._minimum)
            self._past = min(self._minima)
            self._minimum, self._in_window = smooth, 0
        floor = self._minimum if self._minimum < self._past else self._past
        # The first comparison spares most hops of speech the other two.
        if level > known and len(recent) == _STEADY_HOPS and abs(level - recent[0]) < _STEADY_DB:
            low = min(recent)
            if max(recent) - low < _STEADY_DB:
                floor = min(known + _CLIMB_DB, low + _STEADY_DB / 2)
                self._minima.clear()
                self._past = math.inf
                self._minimum = floor
        self.dbfs = floor if floor > _FLOOR_MIN_DBFS else _FLOOR_MIN_DBFS
        return self.dbfs


class SpeechDetector:
    """Follows one stream.

    Args:
        rate_hz: a multiple of 100.
        onset_ms: how much speech is needed before it counts; the answer to a barge-in comes this
            much after it began, and up to 20 ms more. Shorter sounds are never speech.
        hangover_ms: how long a pause within an utterance may be.
        min_level_dbfs: what is quieter is never speech, however quiet the line.
        margin_db: how far speech stands above the noise floor to begin; to go on, 2 dB less.
    """

    def __init__(
        self,
        rate_hz: int = 8000,
        *,
        onset_ms: int = 60,
        hangover_ms: int = 400,
        min_level_dbfs: float = -46.0,
        margin_db: float = 6.5,
    ) -> None:
        self._hop = rate_hz * HOP_MS // 1000
        self._needed = onset_ms // HOP_MS
        self._mask = (1 << self._needed + 2) - 1
        self._hangover = hangover_ms // HOP_MS
        self._min_on, self._min_off = min_level_dbfs, min_level_dbfs - 10.0
        self._margin_on, self._margin_off = margin_db, margin_db - 2.0
        self.reset()

    def reset(self) -> None:
        """Forget the stream and its noise; samples count from 0 again."""
        self.speaking = False
        self._rest = b""
        self._hops = 0
        self._floor = _NoiseFloor()
        self._loud = self._voiced = 0  # the last few hops as bits, the latest lowest
        self._end_hop = 0  # the hop after the last loud one

    @property
    def floor_dbfs(self) -> float:
        """The noise floor as it is taken now; infinite before the first hop."""
        return self._floor.dbfs

    def process(self, pcm: Pcm16) -> list[SpeechStarted | SpeechEnded]:
        """Take the next samples of the stream; n may be anything, also 0.

        Returns:
            what has become known, in order. It does not depend on how the stream was cut.
        """
        samples = self._rest + pcm.tobytes()
        hop_bytes = 2 * self._hop
        whole = len(samples) // hop_bytes * hop_bytes
        events = []
        for start in range(0, whole, hop_bytes):
            hop = samples[start : start + hop_bytes]
            event = self._hear(hop)
            if event:
                events.append(event)
        self._rest = samples[whole:]
        return events

    def _hear(self, hop: bytes) -> SpeechStarted | SpeechEnded | None:
        rms_ = rms(hop, 2)
        level = 20.0 * math.log10(rms_ / FULL_SCALE) if rms_ else SILENCE_DBFS
        floor = self._floor.follow(level)
        self._hops += 1
        speaking = self.speaking
        if speaking:
            loud = level > floor + self._margin_off and level > self._min_off
        else:
            loud = level > floor + self._margin_on and level > self._min_on
        if not loud and not speaking:  # most hops of a call
            self._loud = self._loud << 1 & self._mask
            self._voiced = self._voiced << 1 & self._mask
            return self._begun() if self._loud else None
        low, high = _CROSSINGS_VOICED
        voiced = loud and low <= cross(hop, 2) <= high
        self._loud = (self._loud << 1 | loud) & self._mask
        self._voiced = (self._voiced << 1 | voiced) & self._mask
        if not speaking:
            return self._begun()
        if loud and self._loud & 0b110:
            self._end_hop = self._hops
        elif self._hops - self._end_hop >= self._hangover:
            self.speaking = False
            self._loud = self._voiced = 0
            return SpeechEnded(self._end_hop * self._hop)
        return None

    def _begun(self) -> SpeechStarted | None:
        enough = self._loud.bit_count() >= self._needed
        if not enough or 2 * self._voiced.bit_count() < self._needed:
            return None
        self.speaking = True
        self._end_hop = self._hops
        return SpeechStarted((self._hops - self._loud.bit_length()) * self._hop)
