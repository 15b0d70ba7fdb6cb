"""One stream of a call, as the socket it is on sees it; without I/O."""

from collections.abc import Callable

from agent.sim.carrier import CarrierOutput, CarrierStream
from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.leg import Leg


class Attachment:
    """Stands between a socket and a call that may go on to another stream.

    Args:
        lost: told when the socket is gone.
    """

    def __init__(self, leg: Leg, ids: CallIds, lost: Callable[[float], None]) -> None:
        self._leg, self._ids, self._lost = leg, ids, lost
        assert leg.line is not None
        self._line = leg.line

    @property
    def line(self) -> CarrierStream:
        """The call's line."""
        return self._line

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

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what goes to this socket."""
        return self._leg.outputs(now) if self.current else []

    def peer_closed(self, now: float) -> None:
        """The socket is gone."""
        self._lost(now)
