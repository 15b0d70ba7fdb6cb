"""What a lost connection means for the handle, and for trying again; without I/O.

Source: docs/protocols/gemini-live.md 4.1, C-23, C-31, B15, B35.
"""

from __future__ import annotations

from math import inf

from agent.gemini.closes import LossKind, Phase
from agent.gemini.passenger import Passenger

CONFLICT_S = 60.0
"""A second close around tool calls within this time: the session itself is at fault."""
MOST_WITH_HANDLE = 2
"""Setups that may be refused with one handle, for reasons of the service's own; then it is bad."""

_HANDLE_IS_BAD = frozenset({LossKind.HANDLE_REFUSED, LossKind.INVALID, LossKind.UNSUPPORTED})
_HOPELESS = frozenset({LossKind.CREDENTIALS, LossKind.WRONG_MODEL})


class Aftermath:
    """Of one session's connections."""

    def __init__(self, passenger: Passenger) -> None:
        self._passenger = passenger
        self._conflict_at = -inf
        self._refused = 0

    def of_carrier(self, kind: LossKind, now: float) -> None:
        """The connection that carried the session was lost: the handle may be no good."""
        self._refused = 0
        conflict = kind is LossKind.TOOL_CONFLICT and now - self._conflict_at < CONFLICT_S
        if kind is LossKind.TOOL_CONFLICT:
            self._conflict_at = now
        if conflict or not kind.value.resumable:
            self._passenger.handle = None

    def of_attempt(
        self, kind: LossKind, phase: Phase, *, overlapped: bool, late: bool = False
    ) -> bool:
        """A connection came to nothing; whether another attempt can end differently.

        Args:
            overlapped: the former connection was still open, which is no fault of the handle's.
            late: the next attempt may be the last one, which is not for a handle that failed.
        """
        if kind in _HOPELESS:
            return False
        if phase == "resume":
            self._refused += not (overlapped and kind not in _HANDLE_IS_BAD)
            if kind in _HANDLE_IS_BAD or late or self._refused >= MOST_WITH_HANDLE:
                self._passenger.handle = None
                self._refused = 0
            return True
        if phase == "setup" and kind in {LossKind.INVALID, LossKind.UNSUPPORTED}:
            return self._passenger.opening_refused()
        return kind.retryable
