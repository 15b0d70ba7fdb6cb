"""How late the caller's audio comes, by the carrier's own timestamps; without I/O.

Nobody knows how long audio travels, but the packet that came quickest came in so much time, and
every other one is so much later than that. Clocks drift: what is quickest is forgotten slowly.
"""

LATE_S = 0.06
"""Later than this, a packet is heard to be late by the model's detection of pauses."""
DRIFT_S = 20e-6
"""What is quickest is taken to be slower by so much with each packet: 0.5 ms a second, at 40 ms."""


class Lateness:
    """Of one stream's packets.

    Attributes:
        worst_s: the most that one came late.
        late: how many came later than `LATE_S`.
    """

    def __init__(self) -> None:
        self.worst_s = 0.0
        self.late = 0
        self._quickest: float | None = None

    def came(self, at_ms: int, now: float) -> None:
        """A packet came whose latest sound is of `at_ms` by the carrier's clock."""
        took = now - at_ms / 1000
        if self._quickest is None or took <= self._quickest:
            self._quickest = took
            return
        late_s = took - self._quickest
        self._quickest += DRIFT_S
        self.worst_s = max(self.worst_s, late_s)
        self.late += late_s > LATE_S

    def anew(self) -> None:
        """Another stream follows, with times of its own."""
        self._quickest = None
