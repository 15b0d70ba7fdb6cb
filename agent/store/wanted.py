"""What a reader of the store asks for, and the short form of a call that lists show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from agent.observe.record_schema import CallRecord, Direction

MOST = 500
"""Calls that one question can bring."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls; all that is given must hold.

    Attributes:
        tenant: whose.
        outcome: how they ended.
        number: the person's number, as the carrier writes it.
        since: those that began at this moment or later; with a time zone.
        until: those that began before it.
        words: those in whose transcript all these words occur, in any order; accents and capitals
            do not matter. A star after a word asks for all that begin with it: `reserv*`.
    """

    tenant: str | None = None
    outcome: str | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A call as a list shows it.

    Attributes:
        cursor: its place among all calls; give the last one's as `before` to get the next page.
        caller: personal data.
        latency_s: the median over answers to the caller.
        gap_ms, moves, drops: as in the record's continuity figures.
        tool_calls, tool_failures: how many functions were asked for, and how many failed.
        recorded: there was a recording; it may have been deleted since.
    """

    cursor: int
    call_id: str
    tenant: str
    direction: Direction
    caller: str | None
    began_at: datetime
    duration_s: float
    outcome: str
    turns: int
    latency_s: float | None
    barge_ins: int
    gap_ms: int
    moves: int
    drops: int
    tool_calls: int
    tool_failures: int
    cost_usd: Decimal | None
    recorded: bool


class PastCalls(Protocol):
    """What readers need of a store; see `agent.store.store.Store`. It imports no database."""

    async def calls(
        self, wanted: CallFilter = ..., before: int | None = None, limit: int = 50
    ) -> list[CallSummary]:
        """The newest calls of a kind, newest first."""
        ...

    async def call(self, call_id: str) -> CallRecord | None:
        """All that is kept of a call."""
        ...
