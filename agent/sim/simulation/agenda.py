"""What is to happen when, in virtual time, without I/O."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from math import inf


class Agenda:
    """Actions in the order of their times; of one time, in the order of their making.

    Attributes:
        now: the time.
        next_at: when the next action is due; `inf`: there is none.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self.next_at = inf
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Have this done then, or at once if that is past."""
        heapq.heappush(self._due, (max(time, self.now), next(self._order), action))
        self.next_at = self._due[0][0]

    def do(self) -> None:
        """Do everything that is due now."""
        due = self._due
        while due and due[0][0] <= self.now:
            heapq.heappop(due)[2]()
        self.next_at = due[0][0] if due else inf
