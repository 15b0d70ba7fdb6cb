"""One-use tickets for the media socket, without I/O.

The signature of the socket's upgrade never changes, so whoever has seen one could open calls with
it. The webhook's answer therefore carries a ticket, which comes back in the stream's `start`: good
once, for a minute, for this call and this tenant. Source: docs/protocols/twilio.md 4.2, R3.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hmac import compare_digest

LIFETIME_S = 60.0
"""The carrier opens the socket within a second or two of the answer; its own limit is 15 s."""
MOST = 20_000
"""Of them are remembered; the oldest go first."""


class Verdict(Enum):
    """What a ticket is worth."""

    VALID = "valid"
    MISSING = "ticket_missing"
    WRONG = "ticket_wrong"
    """None was given out for this call, or another one, or for another tenant."""
    USED = "ticket_used"
    EXPIRED = "ticket_expired"


@dataclass(slots=True)
class _Ticket:
    text: str
    tenant: str
    attempt: int
    until: float
    used: bool = False


class Tickets:
    """Those of one service.

    Args:
        draw: gives a text that nobody can guess, a new one each time.
    """

    def __init__(
        self, draw: Callable[[], str], lifetime_s: float = LIFETIME_S, most: int = MOST
    ) -> None:
        self._draw = draw
        self._lifetime_s = lifetime_s
        self._most = most
        self._by_call: OrderedDict[str, _Ticket] = OrderedDict()

    def issue(self, call_id: str, tenant: str, now: float, attempt: int = 0) -> str:
        """Return the ticket for a call; earlier ones of it are worth nothing any more.

        Asked again before it was used, as carriers do, the answer is the same.

        Args:
            attempt: which socket of the call it is for: another attempt, another ticket.
        """
        ticket = self._by_call.get(call_id)
        asked = (tenant, attempt)
        if (
            ticket is None
            or ticket.used
            or (ticket.tenant, ticket.attempt) != asked
            or now >= ticket.until
        ):
            ticket = _Ticket(self._draw(), tenant, attempt, now + self._lifetime_s)
            self._by_call[call_id] = ticket
            self._by_call.move_to_end(call_id)
            while len(self._by_call) > self._most:
                self._by_call.popitem(last=False)
        return ticket.text

    def redeem(self, given: str, call_id: str, tenant: str, now: float) -> Verdict:
        """Say what a ticket is worth; a valid one is worth nothing afterwards."""
        if not given:
            return Verdict.MISSING
        ticket = self._by_call.get(call_id)
        if ticket is None or ticket.tenant != tenant:
            return Verdict.WRONG
        if not compare_digest(ticket.text.encode(), given.encode(errors="replace")):
            return Verdict.WRONG
        if ticket.used:
            return Verdict.USED
        if now >= ticket.until:
            return Verdict.EXPIRED
        ticket.used = True
        return Verdict.VALID
