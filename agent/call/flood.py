"""A phone that sends far more than a phone can say; without I/O."""

WINDOW_S = 10.0
MOST_IN_WINDOW = 2_500
"""Messages: five times what a call makes. A network that has stalled brings seconds at once, and
the call ends after five seconds without any."""


class Flood:
    """Counts the messages of one call."""

    def __init__(self) -> None:
        self._until = 0.0
        self._n = 0

    def over(self, now: float) -> bool:
        """One more has come; returns whether it is one too many."""
        if now >= self._until:
            self._until, self._n = now + WINDOW_S, 0
        self._n += 1
        return self._n > MOST_IN_WINDOW
