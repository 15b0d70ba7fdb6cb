"""What a session's moves cost the caller, counted, without I/O. docs/design.md section 2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class SessionFigures:
    """Of one session, so far.

    Attributes:
        moves: planned changes of connection that were completed.
        drops: connections lost without a plan.
        fresh_starts: sessions begun anew, told of the history.
        failed_attempts: dials and setups that came to nothing.
        caller_ms_lost: caller audio that was to be sent, or sent again, and was given up instead.
        caller_ms_repeated: caller audio sent again that the resumed state may include already.
        caller_ms_replayed: caller audio sent later than it came, or again.
        longest_without_s: the longest time without a connection, after the first was ready.
    """

    moves: int = 0
    drops: int = 0
    fresh_starts: int = 0
    failed_attempts: int = 0
    caller_ms_lost: int = 0
    caller_ms_repeated: int = 0
    caller_ms_replayed: int = 0
    longest_without_s: float = 0.0
