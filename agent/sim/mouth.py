"""The caller's audio on its way to the carrier, a frame at a time; without I/O.

Source: docs/protocols/twilio.md 3.5 and 9 (E9, E18).
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.sim.clips import FRAME, SILENT_PAYLOADS, Clip, silent_payload

FIRST_TIMESTAMP_MS: Final = 200  # drawn from 0 to here; live calls began with 155 and 171
FRAME_MS: Final = 20
WOBBLE_MS: Final = 3

_WOBBLES: Final = 1_021  # drawn once and gone round: it runs for every frame of every call


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames lost between the caller and the carrier.

    Attributes:
        share: of all frames, 0 to 1.
        shows_as: skipped, so that the timestamp jumps, or replaced with silence. Which of
            them the carrier does is not documented.
    """

    share: float = 0.0
    shows_as: Literal["jump", "silence"] = "jump"


NO_LOSS: Final = Loss()


class Mouth:
    """What the caller says, in frames numbered from 1, for ever.

    Args:
        rng: timestamps and losses are drawn from it.
        loss: what does not arrive at the carrier.
        keep: remember what was said, for `pcm`.
        frame_ms: length of a frame; clips are to be cut alike. Longer ones than 20 ms make long
            simulations cheap.

    Attributes:
        frame_samples: samples of a frame.
        n_frames: how many frames were taken. n_lost: how many of them were lost.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        loss: Loss = NO_LOSS,
        keep: bool = True,
        frame_ms: int = FRAME_MS,
    ) -> None:
        self.frame_samples = frame_ms * FRAME // FRAME_MS
        self.n_frames = 0
        self.n_lost = 0
        self._rng = rng
        self._loss = loss
        self._keep = keep
        self._frame_ms = frame_ms
        self._silent = (
            SILENT_PAYLOADS if frame_ms == FRAME_MS else (silent_payload(self.frame_samples),)
        )
        first = int(rng.integers(FIRST_TIMESTAMP_MS, endpoint=True))
        n_wobbles = _WOBBLES * FRAME_MS // frame_ms
        wobble = rng.integers(-WOBBLE_MS, WOBBLE_MS, size=n_wobbles, endpoint=True)
        wobble[0] = 0
        self._base_ms: list[int] = [first + int(value) for value in wobble]
        self._queued: deque[bytes] = deque()
        self._said: list[tuple[int, Clip]] = []

    def say(self, clip: Clip) -> int:
        """Queue a clip behind what is queued; returns the position of its first sample."""
        start = (self.n_frames + len(self._queued)) * self.frame_samples
        self._queued.extend(clip.payloads)
        if self._keep:
            self._said.append((start, clip))
        return start

    @property
    def speaking(self) -> bool:
        """Whether a clip is being said."""
        return bool(self._queued)

    def frame(self) -> tuple[int, bytes] | None:
        """The next frame: timestamp in ms and base64 payload; None when it was lost."""
        number = self.n_frames
        self.n_frames += 1
        silent = self._silent[number % len(self._silent)]
        payload = self._queued.popleft() if self._queued else silent
        if self._loss.share and self._rng.random() < self._loss.share:
            self.n_lost += 1
            if self._loss.shows_as == "jump":
                return None
            payload = silent
        timestamp = max(0, self._base_ms[number % len(self._base_ms)] + self._frame_ms * number)
        return timestamp, payload

    def pcm(self, n_samples: int) -> Pcm16:
        """The first `n_samples` as said, before any loss: int16, 8 kHz."""
        said = silence(n_samples)
        for start, clip in self._said:
            samples = mulaw.decode(clip.mulaw)[: max(n_samples - start, 0)]
            said[start : start + len(samples)] = samples
        return said
