"""Connections that the service does not take, several in a row, without I/O."""

from __future__ import annotations

from collections.abc import Iterable

from agent.sim.mishaps import Refusal, Shut


class Refusals:
    """Counts attempts over all connections of one stand-in."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self._counted = [_Counted(refusal) for refusal in refusals]

    def leaving(self, session: int) -> None:
        """A connection of this session was told to go, or has ended: redials may follow."""
        for one in self._counted:
            one.leaving(session)

    def upgrade(self, now: float) -> int | None:
        """An upgrade is asked for: the HTTP status that refuses it, or None."""
        asked = [one for one in self._counted if one.refusal.status is not None]
        refused = [one.refusal.status for one in asked if one.refuses(now)]
        return refused[0] if refused else None

    def setup(self, now: float, *, resumes: int | None) -> Shut | None:
        """A `setup` has come: how it is refused, or None.

        Args:
            resumes: the session it goes on with, 0 for one that is not known; None for a new one.
        """
        asked = [
            one
            for one in self._counted
            if one.refusal.status is None and _concerns(one.refusal, resumes)
        ]
        refused = [one.refusal.close for one in asked if one.refuses(now)]
        return refused[0] if refused else None


def _concerns(refusal: Refusal, resumes: int | None) -> bool:
    if resumes is None:
        return not refusal.resumes_only
    return refusal.redials_of in (None, 0, resumes)


class _Counted:
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self._counts = refusal.redials_of is None
        self._n = 0
        self._since: float | None = None

    def leaving(self, session: int) -> None:
        self._counts = self._counts or self.refusal.redials_of in (0, session)

    def refuses(self, now: float) -> bool:
        """Count one more attempt, if it counts; whether it is refused."""
        if not self._counts:
            return False
        self._n += 1
        past = self._n - self.refusal.first
        if past < 0 or (self.refusal.times is not None and past >= self.refusal.times):
            return False
        if self._since is None:
            self._since = now
        return self.refusal.seconds is None or now < self._since + self.refusal.seconds
