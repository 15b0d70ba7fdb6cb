"""What goes in and out of the carrier's side of a stream; without I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Stall:
    """From `at_s` after the start nothing reaches the service for `for_s`; then all at once."""

    at_s: float
    for_s: float


class Stalls:
    """Those of one line, whose first sample is at `origin`."""

    def __init__(self, stalls: Iterable[Stall], origin: float) -> None:
        self._spans = [(origin + s.at_s, origin + s.at_s + s.for_s) for s in stalls]

    def until(self, now: float) -> float | None:
        """When the one that lasts is over; None when none does."""
        return next((end for begin, end in self._spans if begin <= now < end), None)


class CarrierState(Enum):
    """Where the stream stands."""

    DETACHED = "detached"
    OPENING = "opening"
    STREAMING = "streaming"
    LINGERING = "lingering"
    CLOSED = "closed"


class HangUp(Enum):
    """How a call ends on the wire."""

    STOP_THEN_CLOSE = "stop, then close"
    CLOSE_ONLY = "close without stop"
    STOP_ONLY = "stop, and close a while later"


class SendText(Struct, frozen=True):
    """Send this text to the service."""

    text: bytes


class CloseSocket(Struct, frozen=True):
    """Close the socket; nothing follows."""

    code: int = 1000


type CarrierOutput = SendText | CloseSocket


class HeardFrame(Struct, frozen=True):
    """One frame, mostly twenty milliseconds, of what the caller heard.

    Attributes:
        end: position of the sample after its last one.
        loud_at: position of its first loud sample; None when it was quiet.
    """

    end: int
    loud_at: int | None


class Overheard(Struct, frozen=True):
    """One frame of a line, both ways.

    Attributes:
        start: position of its first sample.
        said: by the caller, in base64; None when it was lost on its way.
        heard: by the caller, as mu-law; None for silence.
    """

    start: int
    said: bytes | None
    heard: bytes | None
