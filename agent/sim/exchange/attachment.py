"""One stream of a call, as the socket it is on sees it; without I/O.

What the carrier warns of is warned of here, once in each stream: that the service reads too slowly
(31930), and messages that are not to be understood (31950) or break a rule (31951).
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from agent.sim.carrier import CarrierOutput
from agent.sim.carrier_rules import INVALID, OVERFLOW, UNDECODABLE
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.forks import Fork, ForkState
from agent.sim.exchange.leg import Leg

_WARNINGS: Final = {
    str(OVERFLOW): "the service reads too slowly, audio was discarded",
    str(UNDECODABLE): "a message that cannot be decoded",
    str(INVALID): "a message that breaks a rule",
}


def attached(
    leg: Leg, ids: CallIds, lost: Callable[[float], None]
) -> "Attachment | ForkAttachment | None":
    """Who is on the socket of a stream that was opened; None where the stream is over already.

    Args:
        lost: told when the socket is gone.
    """
    if (fork := leg.forks.get(ids.stream_sid)) is not None:
        return None if fork.state is ForkState.OVER else ForkAttachment(fork, leg, lost)
    assert leg.line is not None
    return Attachment(leg, ids, lost) if leg.line.call is ids else None


class ForkAttachment:
    """Stands between a socket and a stream of one way."""

    def __init__(self, fork: Fork, leg: Leg, lost: Callable[[float], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._fork, self._lost = fork, lost
        self._warnings = _Warnings(leg, self.counters)

    def next_timer(self) -> float | None:
        """The exchange sees to the call's timers."""
        return None

    def handle_timer(self, now: float) -> None:
        """The exchange sees to that."""

    def receive(self, frame: bytes | str, now: float, *, binary: bool = False) -> None:
        """The service may say nothing here."""
        self._fork.receive()

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what goes to this socket."""
        self._warnings.give()
        return self._fork.outputs()

    def peer_closed(self, now: float) -> None:
        """The socket is gone."""
        self._lost(now)


class Attachment:
    """Stands between a socket and a call that may go on to another stream.

    Args:
        lost: told when the socket is gone.
    """

    def __init__(self, leg: Leg, ids: CallIds, lost: Callable[[float], None]) -> None:
        self._leg, self._ids, self._lost = leg, ids, lost
        assert leg.line is not None
        self._line = leg.line
        self._warnings = _Warnings(leg, self.counters)

    @property
    def counters(self) -> Counter[str]:
        """Those of the call's line."""
        return self._line.counters

    @property
    def current(self) -> bool:
        """Whether the call has gone on to no other stream."""
        return self._line.call is self._ids

    def next_timer(self) -> float | None:
        """The exchange sees to the call's timers."""
        return None

    def handle_timer(self, now: float) -> None:
        """The exchange sees to that."""

    def receive(self, frame: bytes | str, now: float, *, binary: bool = False) -> None:
        """Take one frame of the service, unless its stream is over."""
        if self.current:
            self._line.receive(frame, now, binary=binary)
            self._warnings.give()

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what goes to this socket."""
        self._warnings.give()
        return self._leg.outputs(now) if self.current else []

    def peer_closed(self, now: float) -> None:
        """The socket is gone."""
        self._lost(now)


class _Warnings:
    """What has to be warned of in one stream."""

    def __init__(self, leg: Leg, counters: Counter[str]) -> None:
        self._leg, self._counters = leg, counters
        self._before = {code: counters[code] for code in _WARNINGS}

    def give(self) -> None:
        for code, before in list(self._before.items()):
            if self._counters[code] > before:
                del self._before[code]
                self._leg.desk.error(self._leg.sid, int(code), self._detail(code))

    def _detail(self, code: str) -> str:
        assert self._leg.line is not None
        broken = [each.detail for each in self._leg.line.violations if str(each.code) == code]
        return ": ".join([_WARNINGS[code], *broken[-1:]])
