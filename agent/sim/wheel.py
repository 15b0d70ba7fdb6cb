"""One timer for any number of stand-in calls (docs/protocols/twilio.md E21).

Measure on asyncio's own loop: uvloop's clock moves in whole milliseconds, and so would the figures.
"""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Never

SLOT_S = 0.002
"""Calls that begin on this grid share their wake-ups."""


@dataclass(slots=True)
class Spoke:
    """One call's place on the wheel.

    Attributes:
        tick: does what is due.
        next_timer: tells when `tick` is wanted next; None for never again.
        lateness_s: how late each tick came.
    """

    tick: Callable[[float], None]
    next_timer: Callable[[], float | None]
    lateness_s: list[float] = field(default_factory=list)
    due: float | None = None


class TimerWheel:
    """Wakes for the earliest deadline of all its spokes; deadlines are absolute, nothing drifts."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Spoke]] = []
        self._order = count()
        self._woken = asyncio.Event()

    def schedule(self, spoke: Spoke) -> None:
        """Ask a spoke for its deadline again; call it whenever that may have changed."""
        due = spoke.next_timer()
        if due == spoke.due:
            return
        spoke.due = due
        if due is not None:
            if not self._heap or due < self._heap[0][0]:
                self._woken.set()
            heapq.heappush(self._heap, (due, next(self._order), spoke))

    async def turn(self) -> Never:
        """Serve the spokes until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            self._serve(loop.time())
            try:
                async with asyncio.timeout_at(self._heap[0][0] if self._heap else None):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _serve(self, now: float) -> None:
        while self._heap and self._heap[0][0] <= now:
            due, _, spoke = heapq.heappop(self._heap)
            if due != spoke.due:
                continue  # it has another deadline by now, elsewhere in the heap
            spoke.due = None
            spoke.lateness_s.append(now - due)
            spoke.tick(now)
            self.schedule(spoke)


def on_grid(now: float) -> float:
    """The next moment at which a call may begin so as to share its wake-ups."""
    return ceil(now / SLOT_S) * SLOT_S
