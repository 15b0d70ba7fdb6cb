"""Frames that may not go out yet, in order and bounded, without I/O.

Source: docs/protocols/gemini-live.md C-4.
"""

from __future__ import annotations

from collections import Counter, deque

FRAMES_LIMIT = 256
"""Commands other than audio that may wait; more in a few seconds means the caller is looping."""


class Backlog:
    """Holds frames until the service may have them.

    Audio beyond `audio_samples` drops the oldest audio; other frames beyond `FRAMES_LIMIT` are
    refused. Both are counted: `audio_samples_dropped`, `frames_dropped`.
    """

    def __init__(self, audio_samples: int, counters: Counter[str]) -> None:
        self._limit = audio_samples
        self._counters = counters
        self._audio: deque[tuple[int, bytes, int]] = deque()  # serial, frame, samples
        self._other: deque[tuple[int, bytes]] = deque()
        self._samples = 0
        self._serial = 0

    def add_audio(self, frame: bytes, n_samples: int) -> None:
        """Hold one frame of audio."""
        self._audio.append((self._serial, frame, n_samples))
        self._serial += 1
        self._samples += n_samples
        while self._samples > self._limit:
            _, _, dropped = self._audio.popleft()
            self._samples -= dropped
            self._counters["audio_samples_dropped"] += dropped

    def add(self, frame: bytes) -> None:
        """Hold one frame that is not audio."""
        if len(self._other) >= FRAMES_LIMIT:
            self._counters["frames_dropped"] += 1
            return
        self._other.append((self._serial, frame))
        self._serial += 1

    def drain(self) -> list[bytes]:
        """Every frame held, in the order they came; empties the backlog."""
        entries = [(serial, frame) for serial, frame, _ in self._audio]
        entries += self._other
        self._audio.clear()
        self._other.clear()
        self._samples = 0
        return [frame for _, frame in sorted(entries)]
