"""What changes the rate of a call's sound and hears speech in it, without I/O.

The real parts unless others are given: a simulation of very many calls puts cheaper ones in their
place, which keep every sample apart from its neighbours instead of filtering it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.audio.pcm import Pcm16
from agent.audio.resample import Resampler
from agent.audio.speech import SpeechDetector, SpeechEnded, SpeechStarted

TELEPHONE_HZ = 8000
MODEL_IN_HZ = 16000
MODEL_OUT_HZ = 24000


class Converter(Protocol):
    """One direction of one stream from one rate to another."""

    def process(self, pcm: Pcm16) -> Pcm16:
        """Convert one block, keeping state for the next."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...


class Detector(Protocol):
    """Finds speech in the caller's audio at 8 kHz."""

    @property
    def speaking(self) -> bool:
        """Whether speech has begun and not ended."""
        ...

    @property
    def floor_dbfs(self) -> float:
        """The level of what is always there."""
        ...

    def process(self, pcm: Pcm16) -> list[SpeechStarted | SpeechEnded]:
        """Take the next audio; say what began or ended."""
        ...


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts of a call that touch samples, each made anew for a call.

    Attributes:
        up: 8 to 16 kHz, for the caller's audio.
        down: 24 to 8 kHz, for the agent's.
        detector: our own speech detection.
    """

    up: Callable[[], Converter] = lambda: Resampler(TELEPHONE_HZ, MODEL_IN_HZ)
    down: Callable[[], Converter] = lambda: Resampler(MODEL_OUT_HZ, TELEPHONE_HZ)
    detector: Callable[[], Detector] = lambda: SpeechDetector(TELEPHONE_HZ)


REAL_SOUND = Sound()
