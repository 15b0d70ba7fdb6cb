"""Keys the caller presses, gathered into one message; without I/O."""

from math import inf

PAUSE_S = 1.5
"""A pause this long ends an entry."""
LONGEST_ENTRY = 32
ENTER = "#"


class Keypad:
    """Collects digits until `#`, a pause, or the longest entry."""

    def __init__(self) -> None:
        self.deadline = inf
        self._digits = ""

    def press(self, digit: str, now: float) -> None:
        """Take one key."""
        self._digits += digit
        done = digit == ENTER or len(self._digits) >= LONGEST_ENTRY
        self.deadline = now if done else now + PAUSE_S

    def due(self, now: float) -> str:
        """Return the finished entry, once; empty when there is none."""
        if now < self.deadline:
            return ""
        entry, self._digits = self._digits, ""
        self.deadline = inf
        return entry
