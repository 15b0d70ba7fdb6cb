"""The service's ear for activity: where speech begins and ends in the caller's audio, without I/O.

Speech is told from its level alone, in blocks of 20 ms: louder than a threshold, and clearly louder
than the quietest the line has lately been. A start is committed after `prefix_padding_ms` of
speech, an end after `silence_duration_ms` without; until then nobody is told. The audio kept for
the recogniser begins a little before the start, so that no onset is clipped.
Source: docs/protocols/gemini-live.md 2.1.3, E-10 to E-12; levels are our own choice.
"""

from __future__ import annotations

import math
from collections import deque
from copy import copy
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from agent.audio.pcm import FULL_SCALE, Pcm16
from agent.sim.session_config import VadConfig

RATE_HZ = 16_000
BLOCK = 320
"""Samples per decision: 20 ms."""

THRESHOLD_DBFS = {True: -46.0, False: -40.0}
"""By "sensitive start": what START_SENSITIVITY_HIGH and _LOW take for speech."""

ABOVE_NOISE_DB = 9.0
NOISE_CEILING_DBFS = -36.0
"""The noise floor is never believed to be louder: or a long sentence would become noise."""

PRE_ROLL_BLOCKS = 15  # 300 ms
LONGEST_BLOCKS = 3000
"""60 s: then an utterance is ended; within the client's own brackets the rest is not heard."""
_NOISE_RISE_DB = 0.05  # per block: 2.5 dB a second
_BLOCK_MS = 20
_SILENT = np.zeros(BLOCK, np.int16)


@dataclass(frozen=True, slots=True)
class ActivityStarted:
    """Speech has been committed.

    Attributes:
        at_sample: where it began, counted over the connection's audio at 16 kHz.
    """

    at_sample: int


@dataclass(frozen=True, slots=True)
class ActivityEnded:
    """An utterance is complete.

    Attributes:
        at_sample: where speech ended, before the silence that proved it.
        pcm16k: the utterance with its pre-roll.
    """

    at_sample: int
    pcm16k: Pcm16


type Activity = ActivityStarted | ActivityEnded


class ActivityDetector:
    """Automatic activity detection over one connection's audio."""

    def __init__(self, config: VadConfig) -> None:
        self._config = config
        self._least = _mean_square(THRESHOLD_DBFS[config.sensitive_start])
        self._noise_dbfs = -70.0
        self._blocks: deque[Pcm16] = deque(maxlen=_pre_roll(config.prefix_padding_ms))
        self._utterance: list[Pcm16] = []
        self._left = np.zeros(0, np.int16)
        self._n_blocks = 0
        self._onset = 0
        self._speech_ms = 0
        self._silence_ms = 0
        self.speaking = False

    @property
    def n_samples(self) -> int:
        """All the audio it has taken."""
        return self._n_blocks * BLOCK + self._left.size

    def copy(self) -> ActivityDetector:
        """The same in mid-stream, to go its own way."""
        twin = copy(self)
        twin._blocks = self._blocks.copy()
        twin._utterance = list(self._utterance)
        return twin

    def process(self, pcm: Pcm16) -> list[Activity]:
        """Take the next audio; int16, 16 kHz, any length."""
        if self._left.size:
            pcm = np.concatenate((self._left, pcm))
        n, left = divmod(pcm.size, BLOCK)
        if left or self._left.size:
            self._left = pcm[n * BLOCK :]
            pcm = pcm[: n * BLOCK]
        if not (self.speaking or self._speech_ms or np.count_nonzero(pcm)):  # nothing but silence
            self._n_blocks += n
            self._blocks.extend(repeat(_SILENT, n))
            return []
        blocks = pcm.reshape(n, BLOCK)
        wide = blocks.astype(np.float32)
        loud = [self._is_speech(square / BLOCK) for square in np.vecdot(wide, wide).tolist()]
        if n and self.speaking and all(loud) and len(self._utterance) + n < LONGEST_BLOCKS:
            self._n_blocks += n
            self._utterance.extend(blocks)
            self._silence_ms = 0
            return []
        found: list[Activity] = []
        for block, is_loud in zip(blocks, loud, strict=True):
            self._n_blocks += 1
            activity = self._block(block, is_loud)
            if activity is not None:
                found.append(activity)
        return found

    def flush(self) -> list[Activity]:
        """The stream paused (`audioStreamEnd`): an open utterance ends at once."""
        self._left = self._left[:0]
        self._speech_ms = 0
        return [self._end()] if self.speaking else []

    def _block(self, block: Pcm16, loud: bool) -> Activity | None:
        if self.speaking:
            self._utterance.append(block)
            self._silence_ms = 0 if loud else self._silence_ms + _BLOCK_MS
            over = not loud and self._silence_ms >= self._config.silence_duration_ms
            return self._end() if over or len(self._utterance) >= LONGEST_BLOCKS else None
        self._blocks.append(block)
        if not loud:
            self._speech_ms = max(self._speech_ms - _BLOCK_MS // 2, 0)  # words have holes
            return None
        if not self._speech_ms:
            self._onset = self._n_blocks - 1
        self._speech_ms += _BLOCK_MS
        if self._speech_ms < self._config.prefix_padding_ms:
            return None
        self.speaking = True
        self._utterance = list(self._blocks)
        self._blocks.clear()
        self._silence_ms = 0
        return ActivityStarted(self._onset * BLOCK)

    def _end(self) -> ActivityEnded:
        pcm = np.concatenate(self._utterance)
        silent_blocks = self._silence_ms // _BLOCK_MS
        self.speaking = False
        self._utterance = []
        self._speech_ms = self._silence_ms = 0
        return ActivityEnded((self._n_blocks - silent_blocks) * BLOCK, pcm)

    def _is_speech(self, mean_square: float) -> bool:
        """Compare one block with the threshold and with the line's own noise."""
        if mean_square < self._least:
            if mean_square:
                level = 10.0 * math.log10(mean_square / FULL_SCALE**2)
                self._noise_dbfs = min(level, self._noise_dbfs + _NOISE_RISE_DB)
            return False
        level = 10.0 * math.log10(mean_square / FULL_SCALE**2)
        self._noise_dbfs = min(level, self._noise_dbfs + _NOISE_RISE_DB, NOISE_CEILING_DBFS)
        return level > self._noise_dbfs + ABOVE_NOISE_DB


class ManualActivity:
    """Activity as the client declares it; audio outside its brackets is discarded (E-12)."""

    def __init__(self) -> None:
        self._utterance: list[Pcm16] = []
        self._kept = 0
        self.n_samples = 0
        self.speaking = False

    def copy(self) -> ManualActivity:
        """The same in mid-stream, to go its own way."""
        twin = copy(self)
        twin._utterance = list(self._utterance)
        return twin

    def process(self, pcm: Pcm16) -> list[Activity]:
        """Take the next audio; int16, 16 kHz, any length."""
        self.n_samples += pcm.size
        if self.speaking and self._kept < LONGEST_BLOCKS * BLOCK:
            self._utterance.append(pcm)
            self._kept += pcm.size
        return []

    def start(self) -> list[Activity]:
        """`activityStart`; a second one inside a bracket is ignored."""
        if self.speaking:
            return []
        self.speaking = True
        return [ActivityStarted(self.n_samples)]

    def end(self) -> list[Activity]:
        """`activityEnd`; one without a start is ignored."""
        if not self.speaking:
            return []
        self.speaking = False
        pcm = np.concatenate(self._utterance) if self._utterance else np.zeros(0, np.int16)
        self._utterance = []
        self._kept = 0
        return [ActivityEnded(self.n_samples, pcm)]


def _pre_roll(prefix_padding_ms: int) -> int:
    """Blocks to keep while nobody speaks; at worst a start takes thrice its padding to commit."""
    return PRE_ROLL_BLOCKS + min(3 * prefix_padding_ms // _BLOCK_MS, LONGEST_BLOCKS)


def _mean_square(dbfs: float) -> float:
    return float(10.0 ** (dbfs / 10.0) * FULL_SCALE**2)
