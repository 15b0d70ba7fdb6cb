"""What the carrier holds and the caller has not heard yet, by the clock and by marks; without I/O.

Theory. The carrier plays what it gets at once and in order, so the audio it still holds is known
without asking it:

    end = max(now, end) + n_samples / 8000        (docs/protocols/twilio.md 3.4)

`end - now` is the lead. `end` is an absolute time, counted in samples from the moment the line last
ran dry, so lateness of a wake-up is made good by the next message and never adds up. A mark that
comes back proves that what was sent before it was heard; one that does not, that what was sent
after it was not.
"""

from collections import deque
from dataclasses import dataclass
from math import inf

RATE_HZ = 8000
FRAME = 160
"""Samples of one 20 ms frame, the carrier's grain."""
REMEMBERED_MARKS = 32
REMEMBERED_RUNS = 32
MARK_PATIENCE_S = 2.0
"""A mark overdue by more than this was lost: the clock is believed without it."""

_EPSILON = 1e-3
"""Of a sample: an exact deadline must not miss its message by a rounding."""


@dataclass(frozen=True, slots=True)
class _Outstanding:
    """A mark sent and not yet back: where in the stream, and when it should be heard."""

    position: int
    due: float


class Lead:
    """The line to one caller.

    Attributes:
        end: when the caller will have heard all that was sent, by the clock.
        sent: samples sent, less those taken back; positions in the stream are counted by it.
        marks: sent and not yet back, by name, oldest first.
        round_trip_s: latest delay of a mark against the clock: network both ways and the
            carrier's own; None before the first.
    """

    def __init__(self) -> None:
        self.end = -inf
        self.sent = 0
        self.marks: dict[str, _Outstanding] = {}
        self.round_trip_s: float | None = None
        self._run_from = 0.0
        self._run = 0
        self._confirmed = 0
        self._runs: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_RUNS)  # from when and where

    def room(self, most: int, least: int, now: float) -> int:
        """Samples that may be sent now, whole frames; none unless `least` fit under `most`."""
        room = most - max(0.0, (self.end - now) * RATE_HZ) + _EPSILON
        return int(room) // FRAME * FRAME if room >= least else 0

    def due(self, most: int, least: int) -> float:
        """When `room` next gives some."""
        return self.end - (most - least) / RATE_HZ

    def add(self, n: int, now: float) -> float:
        """Count `n` samples as sent.

        Returns:
            When, by the clock, the caller begins to hear them.
        """
        if now > self.end:
            self._run_from, self._run = now, 0
            self._runs.append((now, self.sent))
        at = self._run_from + self._run / RATE_HZ
        self._run += n
        self.end = self._run_from + self._run / RATE_HZ
        self.sent += n
        return at

    def mark(self, name: str) -> None:
        """Count a mark as sent."""
        if len(self.marks) == REMEMBERED_MARKS:
            del self.marks[next(iter(self.marks))]
        self.marks[name] = _Outstanding(self.sent, self.end)

    def marked(self, name: str, now: float) -> bool:
        """A mark came back because the audio before it was played.

        Returns:
            Whether it was waited for. Those sent before it are no longer.
        """
        mark = self.marks.get(name)
        if mark is None:
            return False
        self.marks = {n: m for n, m in self.marks.items() if m.position > mark.position}
        self._confirmed = mark.position
        self.round_trip_s = max(0.0, now - mark.due)
        return True

    def heard(self, now: float) -> int:
        """The position up to which the caller has heard the stream; also at an earlier time."""
        clock = self.sent - max(0, round((self.end - now) * RATE_HZ)) if self.sent else 0
        if now < self._run_from:  # the line has run dry since then
            clock = self._heard_before(now)
        for mark in self.marks.values():
            if now - mark.due < MARK_PATIENCE_S:
                clock = min(clock, mark.position)
                break
        return max(self._confirmed, clock)

    def _heard_before(self, at: float) -> int:
        until = self.sent
        for began, position in reversed(self._runs):
            if at >= began:
                return min(until, position + round((at - began) * RATE_HZ))
            until = position
        return until

    def restart(self, at: float) -> None:
        """The line broke at that time; the next one begins empty, and counts from nothing."""
        self.marks.clear()
        self.sent = self._confirmed = 0
        self.end = min(self.end, at)
        self._begin_run()

    def clear(self, heard: int, now: float) -> None:
        """The carrier is told to forget what it holds; marks under way mean nothing any more."""
        self.marks.clear()
        self.sent = self._confirmed = heard
        self.end = min(self.end, now)
        self._begin_run()

    def _begin_run(self) -> None:
        self._run_from, self._run = self.end, 0
        self._runs.clear()
        self._runs.append((self.end, self.sent))
