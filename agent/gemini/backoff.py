"""When the next attempt to connect is made, and when there is none any more; without I/O.

Source: docs/protocols/gemini-live.md 4.1, C-23; B7: only what happens in a row counts.
"""

from __future__ import annotations

from agent.gemini.closes import LossKind
from agent.gemini.session_state import MovePolicy, Random

QUOTA_PAUSE_S = 30.0
LONGEST_PART = 0.25
"""No pause takes more than this part of what is left of the budget: towards its end a service that
is back is found soon, and there is time for a handle that fails and for a session afresh."""
LAST_CALL_S = 1.0
"""A pause never reaches beyond this time before the end of the budget: one more attempt fits."""


class Backoff:
    """The attempts of one session.

    Attributes:
        since: when the session lost its connection; None while it has one.
        attempts: failed since then.
    """

    def __init__(self, policy: MovePolicy, random: Random) -> None:
        self._policy = policy
        self._random = random
        self._flaps = 0
        self.since: float | None = None
        self.attempts = 0

    @property
    def over_at(self) -> float:
        """When the budget ends; only while the session has no connection."""
        assert self.since is not None
        return self.since + self._policy.budget_s

    def lost(self, alive_s: float | None, now: float) -> bool:
        """The session has no connection from now on; whether to go on.

        Args:
            alive_s: how long the one it had lived; None: it was left on purpose.
        """
        self.since = now
        if alive_s is None:
            return True
        self._flaps = 0 if alive_s >= self._policy.healthy_s else self._flaps + 1
        return self._flaps <= self._policy.flaps

    def failed(self, kind: LossKind, now: float, *, afresh: bool = False) -> float | None:
        """How long to wait after a failed attempt; None: the budget is used up.

        Args:
            afresh: nobody answered, and something else is tried next: that need not wait.
        """
        self.attempts += 1
        if self.since is None:
            self.since = now
        left = self.since + self._policy.budget_s - now
        pauses = self._policy.backoff_s
        pause = pauses[min(self.attempts, len(pauses)) - 1] * (1 - 0.5 * self._random())
        last = left - LAST_CALL_S
        if kind is LossKind.QUOTA:
            pause = max(pause, QUOTA_PAUSE_S)
        else:
            pause = 0.0 if afresh else min(pause, left * LONGEST_PART)
            pause = max(pause, self._policy.close_wait_s)  # what failed may take so long to close
        return min(pause, last) if last > 0 else None

    def connected(self) -> None:
        """The session has a connection."""
        self.since = None
        self.attempts = 0
