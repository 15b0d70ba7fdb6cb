"""A ledger, and connections that take what it plans, message by message."""

from collections import Counter
from typing import Any

from agent.gemini.ledger import Entry, Kind, Ledger, Plan
from agent.gemini.session_state import MovePolicy

MARGIN = 3_200
"""200 ms."""
SECOND = 16_000


class Wire:
    """A ledger, and connections to the service that take what it plans.

    Attributes:
        handed: every message, in order.
        ends: where each of them ends, in samples.
        samples: how many each has.
        due: places of those that the present connection, or none yet, has not been sent.
        sent: places of those that the present connection was sent, in order.
    """

    def __init__(self, acknowledges: bool = False, **policy: Any) -> None:
        self.counters: Counter[str] = Counter()
        self.ledger = Ledger(MovePolicy(**policy), self.counters, acknowledges=acknowledges)
        self.handed: list[bytes] = []
        self.ends: list[int] = []
        self.samples: list[int] = []
        self.due: list[int] = []
        self.sent: list[int] = []
        self.up = False

    def packet(self, n: int) -> None:
        """The caller's line goes on."""
        self._hand(len(self.handed).to_bytes(2, "big") * n, Kind.AUDIO)

    def message(self, kind: Kind = Kind.ASKS, *, bound: bool = False) -> None:
        """Something else is sent."""
        self._hand(len(self.handed).to_bytes(2, "big"), kind, bound=bound)

    def _hand(self, payload: bytes, kind: Kind, **options: bool) -> None:
        place = len(self.handed)
        self.handed.append(payload)
        at_once = self.up and not self.ledger.waiting
        index = len(self.sent) + 1 if at_once else 0
        if kind is Kind.AUDIO:
            self.ledger.add_audio(payload, index)
        else:
            self.ledger.add(payload, index, kind, **options)
        self.ends.append(self.ledger.position)
        self.samples.append(len(payload) // 2 if kind is Kind.AUDIO else 0)
        if at_once:
            self.sent.append(place)
        else:
            self.due.append(place)

    def connect(self, *, resumed: bool = True, covers: bool = False, media: bool = True) -> Plan:
        """The next connection; it has been sent nothing yet."""
        plan = self.ledger.plan(resumed=resumed, covers=covers, media=media)
        self.up, self.sent, self.due = True, [], self.waiting()
        return plan

    def pump(self, n: int = 10_000) -> None:
        """So many of what waits are sent."""
        while n and self.ledger.waiting:
            n -= 1
            self.sent.append(_place(self.ledger.take(len(self.sent) + 1)))
            assert self.sent[-1] == self.due.pop(0)

    def lose(self) -> None:
        """The connection is gone."""
        self.up = False

    def waiting(self) -> list[int]:
        """Which messages wait to be sent."""
        return [_place(entry) for entry in self.ledger.waiting]

    def sent_to(self) -> int:
        """The sample up to which everything has been sent."""
        if not self.due:
            return self.ledger.position
        return self.ends[self.due[0]] - self.samples[self.due[0]]

    def said(self, n: int = 640, *, seconds: float = 0.4) -> None:
        """The caller says something, between two marks."""
        self.ledger.speech(True, 0)
        for _ in range(round(seconds * SECOND / n)):
            self.packet(n)
        self.ledger.speech(False, 0)

    def model_speaks(self) -> None:
        """A turn of the model's begins with audio."""
        self.ledger.turn_began()
        self.ledger.answered()


def live(acknowledges: bool = False, **policy: Any) -> Wire:
    """With a first connection."""
    wire = Wire(acknowledges, **policy)
    wire.connect(resumed=False)
    return wire


def lost(wire: Wire, **options: bool) -> list[int]:
    """What the next connection is sent, by its place among all that was handed in."""
    wire.lose()
    wire.connect(**options)
    return list(wire.due)


def _place(entry: Entry) -> int:
    """Which message that is, of all that were handed in."""
    return int.from_bytes(entry.payload[:2], "big")
