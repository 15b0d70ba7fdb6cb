"""What goes in and out of the carrier's side of a stream; without I/O."""

from dataclasses import dataclass
from enum import Enum

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Stall:
    """From `at_s` after the start nothing reaches the service for `for_s`; then all at once."""

    at_s: float
    for_s: float


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
