"""How long a call may take to start, stay without media, and last; without I/O.

Source: docs/protocols/twilio.md R3, R14, R20.
"""

from enum import Enum
from math import inf

START_S = 5.0
"""From the socket's upgrade to the carrier's `start`."""
MEDIA_S = 5.0
"""Media comes every 20 ms, silence included; without it for so long the leg is dead."""
LAST_CHANCE_S = 8.0
"""So long before the limit the wrap-up text goes out even if it interrupts the agent."""
HURRY_S = 20.0
"""How long a good-bye may take that no plan has foreseen."""


class Limit(Enum):
    """What has come to pass."""

    NO_START = "no_start"
    NO_MEDIA = "no_media"
    WRAP_UP = "wrap_up"
    END = "end"


class Limits:
    """One call's.

    Attributes:
        media_at: when caller audio last came.
        end_at: when the call has lasted as long as it may.
    """

    def __init__(self, max_call_s: float, wrap_up_s: float, now: float) -> None:
        self.media_at = inf
        self.end_at = inf
        self._start_by = now + START_S
        self._wrap_up_at = inf
        self._max_call_s = max_call_s
        self._wrap_up_s = wrap_up_s
        self._asked = False  # to say good-bye

    def started(self, now: float) -> None:
        """The stream began: the call's time runs."""
        self._start_by = inf
        self.media_at = now
        self.end_at = now + self._max_call_s
        if 0 < self._wrap_up_s < self._max_call_s:
            self._wrap_up_at = self.end_at - self._wrap_up_s

    def hurry(self, now: float) -> bool:
        """Bring the end forward: as if the longest duration were near; once.

        Returns:
            Whether that changes anything: not before the stream began, nor in a call that ends.
        """
        if self._asked or self.end_at == inf:
            return False
        self._asked = True
        self._wrap_up_s = self._wrap_up_s or HURRY_S
        self.end_at = min(self.end_at, now + self._wrap_up_s)
        self._wrap_up_at = now
        return True

    def ending(self) -> None:
        """The call is ending already: only a dead leg matters now."""
        self.end_at = self._wrap_up_at = inf

    @property
    def wrap_up_by(self) -> float:
        """When the wrap-up text must be out."""
        return self.end_at - min(LAST_CHANCE_S, self._wrap_up_s / 2)

    @property
    def deadline(self) -> float:
        """When `due` next has something."""
        return min(self._start_by, self.media_at + MEDIA_S, self._wrap_up_at, self.end_at)

    def due(self, now: float) -> Limit | None:
        """Say which limit is reached; each one once, but for dead media."""
        if now >= self._start_by:
            self._start_by = inf
            return Limit.NO_START
        if now >= self.media_at + MEDIA_S:
            return Limit.NO_MEDIA
        if now >= self.end_at:
            self.end_at = self._wrap_up_at = inf
            return Limit.END
        if now >= self._wrap_up_at:
            self._wrap_up_at = inf
            self._asked = True
            return Limit.WRAP_UP
        return None
