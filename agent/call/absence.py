"""When there is no model, and from when on the caller's wait for it is covered; without I/O."""

from math import inf

from agent.call.cover import Cover

OPENING_S = 0.6
"""So long a model may take to be ready at first before the wait is covered: most take less."""


class Absence:
    """One call's.

    Attributes:
        since: when the model went, or was first waited for; None: it is there.
    """

    def __init__(self, cover: Cover) -> None:
        self.since: float | None = None
        self._cover = cover
        self._from = inf
        self._covers = True

    def opening(self, now: float) -> None:
        """The caller hears the line; the model is on its way."""
        self.since = now
        self._from, self._covers = now + OPENING_S, False

    def begins(self, now: float) -> None:
        """The model has gone."""
        self.since = self._from = now

    def ready(self) -> None:
        """The model is there for the first time."""
        self.since, self._covers = None, True

    def over(self) -> None:
        """The model is back."""
        self.since = None

    @property
    def deadline(self) -> float:
        """When `advance` has something to do though nothing else happens."""
        return inf if self._covers else self._from

    def advance(self, waits_from: float | None, now: float) -> None:
        """Tell the cover since when the caller waits; None: he does not."""
        self._covers = self._covers or now >= self._from
        self._cover.waiting(waits_from if self._covers else None, now)
