"""Requests that were turned away: each is counted, few are logged, since strangers may be many."""

from collections import Counter
from collections.abc import Callable
from math import inf

import structlog

EVERY_S = 1.0
"""At most one line in so long, for each reason."""

_log = structlog.stdlib.get_logger()


class Refusals:
    """Those of one service.

    Args:
        counters: `refused_<reason>` is counted there.
        clock: monotonic seconds.
    """

    def __init__(self, counters: Counter[str], clock: Callable[[], float]) -> None:
        self._counters = counters
        self._clock = clock
        self._next: dict[str, float] = {}
        self._times: Counter[str] = Counter()

    def note(self, reason: str, path: str) -> None:
        """Somebody was turned away."""
        self._counters[f"refused_{reason}"] += 1
        self._times[reason] += 1
        now = self._clock()
        if now >= self._next.get(reason, -inf):
            self._next[reason] = now + EVERY_S
            times = self._times.pop(reason)
            _log.warning("request.refused", reason=reason, path=path, times=times)
