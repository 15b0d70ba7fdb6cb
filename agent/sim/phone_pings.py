"""Pings towards a service, and how it answers them; without I/O.

Source: docs/protocols/twilio.md 3.5 and 9 (E20).
"""

from dataclasses import dataclass, field
from typing import Final

MOST_OPEN: Final = 1_000
"""Unanswered pings that are waited for; of more, the oldest are forgotten."""


@dataclass(slots=True)
class Pings:
    """What one call says and hears of pings.

    Attributes:
        every_s: between two of its own; None: it sends none.
        answers: whether those of the service are answered.
        n_sent: its own.
        waits_s: from a ping to its pong, for each that was answered.
    """

    every_s: float | None = None
    answers: bool = True
    n_sent: int = 0
    waits_s: list[float] = field(default_factory=list)
    _open: dict[bytes, float] = field(default_factory=dict)

    def ping(self, now: float) -> bytes:
        """Send one: its payload."""
        self.n_sent += 1
        payload = b"%d" % self.n_sent
        self._open[payload] = now
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        return payload

    def ponged(self, payload: bytes, now: float) -> None:
        """A pong came; one that answers nothing, or for the second time, does not count."""
        sent_at = self._open.pop(payload, None)
        if sent_at is not None:
            self.waits_s.append(now - sent_at)
