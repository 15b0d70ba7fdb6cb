"""The attempts of a session to get a connection: how long each may take, and what follows it.

Without I/O. Source: docs/protocols/gemini-live.md 4.1, C-22, C-23, B2.
"""

from __future__ import annotations

from math import inf

from agent.gemini.aftermath import Aftermath
from agent.gemini.backoff import LAST_CALL_S, Backoff
from agent.gemini.closes import LossKind, Phase
from agent.gemini.connection import Connection, Stage
from agent.gemini.passenger import Passenger
from agent.gemini.session_state import MovePolicy, Random

LATE_S = 16.0
"""With so little of the budget left, a handle that failed once is not tried again: a resume that
nobody answers, and the pause after it, would leave no time for a session afresh."""


class Attempts:
    """Of one session.

    Attributes:
        retry_at: when the next one begins; `inf` unless it is waited for.
    """

    def __init__(self, passenger: Passenger, policy: MovePolicy, random: Random) -> None:
        self._backoff = Backoff(policy, random)
        self._passenger = passenger
        self._aftermath = Aftermath(passenger)
        self._overlapped = False
        self.retry_at = inf

    @property
    def since(self) -> float | None:
        """When the session lost its connection; None while it has one."""
        return self._backoff.since

    @property
    def count(self) -> int:
        """How many have failed since then."""
        return self._backoff.attempts

    def begin(self, now: float) -> None:
        """The session is without a connection, as it wants to be."""
        self._backoff.lost(None, now)

    def lost(self, connection: Connection, kind: LossKind, now: float) -> bool:
        """The session is without a connection; whether to go on."""
        self._aftermath.of_carrier(kind, now)
        return self._backoff.lost(now - connection.ready_at, now)

    def bound(self, connection: Connection, now: float) -> None:
        """No attempt outlasts the budget; a dial, or a resume, leaves time in it for a setup."""
        if self._backoff.since is not None:
            left_s = self._backoff.over_at - now
            if connection.stage is Stage.DIALLING or connection.resumes:
                left_s /= 2
            connection.deadline = min(connection.deadline, now + max(left_s, LAST_CALL_S))

    def failed(
        self, kind: LossKind, phase: Phase, now: float, *, overlapped: bool, hopeless: bool
    ) -> float | None:
        """One came to nothing; how long to wait for the next. None: there is none.

        Args:
            overlapped: the former connection was still open.
            hopeless: the next could not end differently.
        """
        self._overlapped = overlapped
        late = self._backoff.since is not None and self._backoff.over_at - now < LATE_S
        handle = self._passenger.handle
        goes_on = self._aftermath.of_attempt(kind, phase, overlapped=overlapped, late=late)
        if hopeless or not goes_on:
            return None
        gave_up = handle is not None and self._passenger.handle is None
        afresh = gave_up and kind is LossKind.SILENT
        pause = self._backoff.failed(kind, now, afresh=afresh)
        if pause is not None:
            self.retry_at = now + pause
        return pause

    def way_is_free(self, now: float) -> None:
        """The former connection is closed: if that stood in the way, nothing is waited for."""
        if self.retry_at < inf and self._overlapped:
            self.retry_at = now

    def over(self) -> None:
        """There is a connection, or need be none any more."""
        self.retry_at = inf
        self._backoff.connected()
