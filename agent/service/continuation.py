"""What becomes of a call whose media socket is closed: the carrier asks, and this knows.

A socket that closes means "done, or dead". How a call ended is recorded before its socket closes;
so a call without a record is one whose socket broke, and it comes back to the same conversation. A
document that somebody has laid ready, such as a transfer's, goes first.

The carrier may ask twice, and late. Each answer names the attempt that it is, so that the same
question has the same answer, and a call that loses every socket at once is given up in the end.

Source: docs/protocols/twilio.md section 2.3, R15, R17.
"""

from dataclasses import dataclass
from typing import Protocol

from agent.call.effects import Outcome
from agent.service.latest import Latest

MOST_ATTEMPTS = 3
"""Sockets in a row, each lost soon, after which a call is given up."""
HEALTHY_S = 10.0
"""A socket that lasted so long was none of these."""
MOST_CALLS = 10_000
"""Of them are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a call ended.

    Attributes:
        abrupt: without last words: the caller may still be there, and waits.
    """

    tenant: str
    outcome: Outcome
    abrupt: bool


class Fates(Protocol):
    """Where it is kept how calls ended; one kept outside the process outlives it."""

    async def record(self, call_id: str, fate: Fate) -> None:
        """A call has ended; the first record of it counts."""
        ...

    async def of(self, call_id: str) -> Fate | None:
        """How a call ended; None: it has not, or nobody knows of it."""
        ...


class MemoryFates:
    """Those of the latest calls of this process."""

    def __init__(self, most: int = MOST_CALLS) -> None:
        self._by_call: Latest[str, Fate] = Latest(most)

    async def record(self, call_id: str, fate: Fate) -> None:
        """See `Fates`."""
        if call_id not in self._by_call:
            self._by_call[call_id] = fate

    async def of(self, call_id: str) -> Fate | None:
        """See `Fates`."""
        return self._by_call.get(call_id)


def attempt_in(text: str) -> int:
    """The number of an attempt, as our own documents write it; what is none is the first."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0


class Attempts:
    """How often each call has come back in vain."""

    def __init__(self, most: int = MOST_CALLS) -> None:
        self._lasted: Latest[str, tuple[int, float]] = Latest(most)

    def stream_over(self, call_id: str, attempt: int, lasted_s: float) -> None:
        """The socket that a call got at this attempt has gone."""
        self._lasted[call_id] = (attempt, lasted_s)

    def next(self, call_id: str, attempt: int) -> int | None:
        """The attempt that follows this one; None: it was one too many."""
        latest, lasted_s = self._lasted.get(call_id, (-1, 0.0))
        if latest == attempt and lasted_s >= HEALTHY_S:
            return 1
        return attempt + 1 if attempt < MOST_ATTEMPTS else None
