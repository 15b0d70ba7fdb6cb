"""When a session should leave its connection, and when it must; without I/O.

A timer, not a message, enforces the end: a service that has said `goAway` may say nothing else.
Source: docs/protocols/gemini-live.md 3.6, C-20, C-21, C-28, B3, B12, B35.
"""

from __future__ import annotations

from math import inf

from agent.gemini.models import Profile
from agent.gemini.session_events import Why
from agent.gemini.session_state import MovePolicy

MARGIN_SHARE = 0.1
MOST_MARGIN_SHARE = 0.4
"""Of a short notice, so much at most is kept for the move: the rest may finish the sentence."""
PREDIAL_PAUSE_S = 1.0
FORGOTTEN_S = 5.0
"""A model that has forgotten the conversation may finish its sentence, not more."""


class Departure:
    """The end of one connection.

    Attributes:
        why: a reason to leave it; None: none.
        fresh: without the handle.
        must_at: when it is left, come what may.
        dial_at: when the next socket is opened, to wait for its turn; `inf`: not now.
    """

    def __init__(self, policy: MovePolicy, profile: Profile) -> None:
        self._policy = policy
        age_s = profile.connection_age_s if policy.age_s is None else policy.age_s
        self._age_s = age_s
        self._old_at = inf
        self._alone = False  # no socket is to wait: it is dialled after the close
        self.why: Why | None = None
        self.fresh = False
        self.must_at = self.dial_at = inf

    @property
    def due(self) -> float:
        """When `advance` or the owner has something to do."""
        return min(self._old_at, self.must_at)

    def ready(self, now: float) -> None:
        """A new connection carries the session."""
        self.why, self.fresh, self.must_at = None, False, inf
        self._old_at = now + self._age_s

    def gone(self) -> None:
        """The connection has been left, or lost."""
        self.why = None
        self.must_at = self._old_at = self.dial_at = inf

    def go_away(self, time_left_s: float | None, now: float) -> None:
        """The service announced the end; a later word does not give more time."""
        notice = self._policy.go_away_s if time_left_s is None else time_left_s
        margin = max(self._policy.margin_s, MARGIN_SHARE * notice)
        margin = min(margin, MOST_MARGIN_SHARE * notice)
        self._want(Why.GO_AWAY, now + notice - margin)

    def want(self, why: Why, now: float, *, fresh: bool = False) -> None:
        """Leave at the next good moment, soon."""
        self.fresh = self.fresh or fresh
        self._want(why, now + FORGOTTEN_S)

    def advance(self, now: float) -> None:
        """The connection has grown old, if so."""
        if now >= self._old_at:
            self._old_at = inf
            self._want(Why.AGE, now + self._policy.age_slack_s)

    def prepare(self, now: float) -> None:
        """It is to be left: the next socket is opened early."""
        self._alone = not self._policy.predial
        self.dial_at = inf if self._alone else now

    def dials(self, now: float) -> bool:
        """Whether the next socket is opened now."""
        due = now >= self.dial_at
        if due:
            self.dial_at = inf
        return due

    def dial_failed(self, now: float, *, open_: bool) -> None:
        """The next socket is gone; if it was open, the service does not bear an idle one."""
        self._alone = self._alone or open_
        if not self._alone:
            self.dial_at = now + PREDIAL_PAUSE_S

    def is_prepared(self, *, open_: bool) -> bool:
        """Whether, by the next socket, it could be left now."""
        return self._alone or open_

    def _want(self, why: Why, at: float) -> None:
        if self.why is None:
            self.why = why
        self.must_at = min(self.must_at, at)
