"""A call that was asked for: where it stands, and what comes next; without I/O.

The carrier knows no idempotency key. So a call that it may have made is never asked for again:
after an answer that says nothing, the order waits, `UNCLEAR`, for the carrier to ask about it;
each try has a number, which comes back in the URLs that the carrier asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from agent.tenants.outbound import AnsweredBy, Retries

UNCLEAR_S: Final = 60.0
"""Past the longest ringing: the carrier would have asked by then."""
NEWS_S: Final = 120.0
"""Past the longest call: how long its end is waited for."""
LONGEST_RING_S: Final = 120.0
"""No tenant has it ring for longer."""
HELD_BACK_S: Final = 30.0
"""After the carrier said that it is asked too much."""

_CAUSES: Final = {"busy": "busy", "no-answer": "no_answer", "failed": "failed"}
FINAL: Final = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


class OrderState(StrEnum):
    """Where an order stands."""

    WAITING = "waiting"
    """For its time, or for its turn."""
    PLACING = "placing"
    """The carrier is being asked."""
    PLACED = "placed"
    """The carrier has it; it rings."""
    UNCLEAR = "unclear"
    """The carrier may have it, or not."""
    ANSWERED = "answered"
    DONE = "done"


ACTIVE: Final = frozenset(
    {OrderState.PLACING, OrderState.PLACED, OrderState.UNCLEAR, OrderState.ANSWERED}
)
"""In these it takes one of the tenant's lines."""
_TRIED: Final = ACTIVE - {OrderState.ANSWERED}


@dataclass(slots=True)
class Order:
    """One call that somebody asked for. Times are seconds since the epoch.

    Attributes:
        id: ours; nobody can guess it.
        tenant: whose agent calls.
        to: the number.
        zone: the time zone of who is called.
        facts: what the prompt is filled with.
        origin: of our own addresses, as the carrier knows them.
        key: of the client: what has one key is one order. Empty: it gave none.
        digest: of what the client asked for under this key.
        asked_at: when.
        due: when it is made at the earliest.
        until: when nothing more of it is waited for; 0: no such time.
        tries: so many were begun.
        tried_at: when the latest was.
        call_sid: the carrier's id of the present try.
        answered_by: who, as far as the carrier can tell.
        result: completed, busy, no-answer, failed, canceled, machine, fax, unclear, or why it
            was not made; None until it is done.
        carrier_code: the carrier's number for why it refused.
    """

    id: str
    tenant: str
    to: str
    zone: str
    origin: str
    asked_at: float
    facts: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    digest: str = ""
    state: OrderState = OrderState.WAITING
    due: float = 0.0
    until: float = 0.0
    tries: int = 0
    tried_at: float = 0.0
    call_sid: str | None = None
    answered_by: AnsweredBy | None = None
    result: str | None = None
    carrier_code: int | None = None

    @property
    def active(self) -> bool:
        """Whether it takes one of the tenant's lines."""
        return self.state in ACTIVE

    @property
    def machine_answered(self) -> bool:
        """Whether it is known that no person answered."""
        return self.answered_by in {"machine", "fax"}

    def rings(self, now: float) -> bool:
        """Whether it may be answered any moment, as far as is known."""
        return self.state in _TRIED and now < self.tried_at + LONGEST_RING_S

    def place(self, ring_s: float, now: float) -> None:
        """The carrier is going to be asked; to be written down before it is."""
        self.state = OrderState.PLACING
        self.tries += 1
        self.call_sid = self.answered_by = None
        self.until = now + ring_s + UNCLEAR_S
        self.tried_at = now

    def placed(self, call_sid: str, longest_s: float, now: float) -> None:
        """The carrier has made the call; it may have asked for its document already."""
        if self.state is OrderState.PLACING:
            self.state = OrderState.PLACED
            self.until = now + longest_s + NEWS_S
        if self.call_sid is None and self.state is not OrderState.DONE:
            self.call_sid = call_sid

    def unclear(self) -> None:
        """The carrier's answer does not say whether it has made the call."""
        if self.state is OrderState.PLACING:
            self.state = OrderState.UNCLEAR

    def held_back(self, now: float) -> None:
        """The carrier surely has not made it, and can be asked again."""
        if self.state is OrderState.PLACING:
            self.state, self.due, self.until = OrderState.WAITING, now + HELD_BACK_S, 0.0
            self.tries -= 1

    def refused(self, why: str, carrier_code: int | None = None) -> None:
        """It will not be made."""
        self.carrier_code = carrier_code
        self._done(why)

    def fetched(self, call_sid: str, n: int, longest_s: float, now: float) -> bool:
        """The carrier asks what to do with the call, which was answered.

        Returns:
            Whether it is the call of the present try; another one is to be hung up.
        """
        if n != self.tries or self.state in {OrderState.WAITING, OrderState.DONE}:
            return False
        if self.call_sid not in {None, call_sid}:
            return False
        self.call_sid = call_sid
        self.state = OrderState.ANSWERED
        self.until = now + longest_s + NEWS_S
        return True

    def heard(self, answered_by: AnsweredBy, call_sid: str, n: int) -> bool:
        """The carrier says who answered; returns whether that is news."""
        known = self.answered_by is not None or n != self.tries or not self.active
        if known or self.call_sid not in {None, call_sid}:
            return False
        self.call_sid, self.answered_by = call_sid, answered_by
        return True

    def ended(self, status: str, call_sid: str, n: int, retries: Retries, now: float) -> bool:
        """The carrier says how the call stands; returns whether that is news."""
        if status not in FINAL or n != self.tries or not self.active:
            return False
        if self.call_sid not in {None, call_sid}:
            return False
        self.call_sid = call_sid
        wait_s = getattr(retries, _CAUSES[status]) if status in _CAUSES else None
        if wait_s is not None and self.state in _TRIED and self.tries <= retries.most:
            self.state, self.due, self.until = OrderState.WAITING, now + wait_s, 0.0
        elif status == "completed" and self.machine_answered:
            self._done(str(self.answered_by))
        else:
            self._done(status)
        return True

    def give_up(self, now: float) -> bool:
        """Nothing was heard of it for too long; returns whether it is done by that."""
        if not (self.active and now >= self.until):
            return False
        self._done("unclear")
        return True

    def found_after_restart(self) -> None:
        """It was read from the file: what was being asked then may have happened."""
        self.unclear()

    def _done(self, result: str) -> None:
        self.state, self.result, self.until = OrderState.DONE, result, 0.0


def answered_by_of(text: str) -> AnsweredBy:
    """Who answered, from the carrier's word for it."""
    if text == "human":
        return "person"
    if text == "fax":
        return "fax"
    return "machine" if text.startswith("machine") else "unknown"
