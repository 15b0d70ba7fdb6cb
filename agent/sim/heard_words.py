"""The transcripts of what the caller said, and when they are sent, without I/O.

Source: docs/protocols/gemini-live.md E-14, E-32.
"""

from __future__ import annotations

from collections import deque

from agent.sim import server_frames as frames
from agent.sim.server_profiles import ServerProfile


class HeardWords:
    """Transcripts on their way.

    Args:
        sent: whether the client gets any.
        late_s: how long after the ear is done.

    Attributes:
        last: the caller's last words.
    """

    def __init__(self, profile: ServerProfile, *, sent: bool, late_s: float | None) -> None:
        self.last = ""
        self._profile, self._sent = profile, sent
        self._late_s = profile.input_transcript_late_s if late_s is None else late_s
        self._due: deque[tuple[float, bytes]] = deque()

    def add(self, text: str, now: float) -> None:
        """The ear is done; "" when it made nothing of it."""
        self.last = text or self.last
        if self._sent:
            transcripts = frames.input_transcripts(self._profile, text)
            self._due.extend((now + self._late_s, frame) for frame in transcripts)

    def replay(self, now: float) -> None:
        """Send the last ones again (E-32)."""
        self.add(self.last, now)

    def next_at(self) -> float | None:
        """When `due` has something."""
        return self._due[0][0] if self._due else None

    def due(self, now: float) -> list[bytes]:
        """Frames to send now."""
        frames_due = []
        while self._due and self._due[0][0] <= now:
            frames_due.append(self._due.popleft()[1])
        return frames_due
