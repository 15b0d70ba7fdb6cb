"""When there is no model, and from when on the caller's wait for it is covered; without I/O.

A model that is there makes the caller wait as well: it has just come back and takes in what it
missed, it is slow, it stops in mid-sentence, or a function runs. Such a wait is covered once it has
lasted; shorter ones are what people are used to.
"""

from math import inf

from agent.call.cover import Cover

OPENING_S = 0.6
"""So long a model may take to be ready at first before the wait is covered: most take less."""
BACK_S = 2.0
"""And so long the caller may have waited when it is back and has not spoken yet."""


class Absence:
    """One call's.

    Attributes:
        since: when the model went, or was first waited for; None: it is there.
    """

    def __init__(self, cover: Cover, slow_s: float) -> None:
        self.since: float | None = None
        self._slow_s = slow_s
        self._back = False
        self._waits_from: float | None = None
        self._cover = cover
        self._from = inf
        self._covers = True

    @property
    def away(self) -> bool:
        """Whether there is no model."""
        return self.since is not None

    def opening(self, now: float) -> None:
        """The caller hears the line; the model is on its way."""
        self.since = now
        self._from, self._covers = now + OPENING_S, False

    def begins(self, now: float) -> None:
        """The model has gone."""
        self.since = self._from = now
        self._back = False

    def ready(self) -> None:
        """The model is there for the first time."""
        self.since, self._covers = None, True

    def over(self) -> None:
        """The model is back."""
        self.since, self._back = None, True

    def spoke(self) -> None:
        """The model gives a sign of life that the caller hears of."""
        self._back = False

    def deadline(self, waits_from: float | None) -> float:
        """When `advance` has something to do though nothing else happens.

        Args:
            waits_from: as for `advance`.
        """
        if self.away:
            return inf if self._covers else self._from
        if waits_from is None or self._waits_from is not None:
            return inf
        return self._due(waits_from)

    def advance(self, waits_from: float | None, now: float) -> None:
        """Tell the cover of the caller's wait.

        Args:
            waits_from: since when the caller waits for the agent; None: he does not.
        """
        self._covers = self._covers or now >= self._from
        if self.since is not None:
            covered = self._covers
            if waits_from is not None:
                waits_from = max(self.since, waits_from)
        else:
            covered = waits_from is not None and now >= self._due(waits_from)
        self._waits_from = waits_from if covered else None
        self._cover.waiting(self._waits_from, now)

    def _due(self, waits_from: float) -> float:
        return waits_from + (BACK_S if self._back else self._slow_s)
