"""When what has been planned for one connection befalls it, without I/O.

Source: docs/protocols/gemini-live.md 3.6, E-34.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import count

from agent.gemini.durations import format_duration
from agent.sim.mishaps import At, GoAway, InTurn, Life, Mishap, Moment, Planned, Stall


class Fate:
    """Everything that will happen to one connection by itself.

    Args:
        planned: what befalls the session's connections.
        life: how long this one lasts.
        session: which of the stand-in's sessions it belongs to, from 1.
        connection: which of the session's it is, from 1.
        now: when `setup` came.
    """

    def __init__(
        self, planned: Iterable[Planned], life: Life, session: int, connection: int, now: float
    ) -> None:
        self._order = count()
        self._due: list[tuple[float, int, Mishap]] = []
        self._watched: list[Planned] = []
        for plan in planned:
            if plan.connection not in (0, connection) or plan.session not in (0, session):
                continue
            if isinstance(plan.when, At):
                self._put(now + plan.when.seconds, plan.what)
            else:
                self._watched.append(plan)
        self._live(life, now)

    def next_at(self) -> float | None:
        """When `due` has something."""
        return self._due[0][0] if self._due else None

    def due(self, now: float) -> Mishap | None:
        """The next thing that happens, if it is time; call it until there is none."""
        if not self._due or self._due[0][0] > now:
            return None
        return heapq.heappop(self._due)[2]

    def watch(self, turn: int, moment: Moment | None, audio_s: float, now: float) -> None:
        """The conversation is here now; what was planned for this falls due, once.

        Args:
            turn: the turn that is running or would be next.
            audio_s: what it has put out.
        """
        for plan in self._watched[:]:
            when = plan.when
            if isinstance(when, InTurn) and _is_now(when, turn, moment, audio_s):
                self._watched.remove(plan)
                self._put(now + when.after_s, plan.what)

    @property
    def watching(self) -> bool:
        """Whether `watch` has anything to look for."""
        return bool(self._watched)

    def _put(self, at: float, what: Mishap) -> None:
        heapq.heappush(self._due, (at, next(self._order), what))

    def _live(self, life: Life, now: float) -> None:
        notices = sorted(life.notices, key=lambda notice: -notice.before_s)
        for notice in notices:
            at = now + max(life.seconds - notice.before_s, 0.0)
            left = format_duration(notice.before_s) if notice.says is None else notice.says
            self._put(at, GoAway(left or None))
        if notices and life.silent:
            self._put(now + max(life.seconds - notices[0].before_s, 0.0), Stall())
        self._put(now + life.seconds, life.end)


def _is_now(when: InTurn, turn: int, moment: Moment | None, audio_s: float) -> bool:
    return when.moment == moment and when.turn in (0, turn) and audio_s >= when.audio_s
