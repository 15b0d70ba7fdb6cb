"""What the exchange wants done, and what calls are told; without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.sim.carrier_texts import CallIds
from agent.sim.exchange.fetching import Attempt, Failure, Got
from agent.sim.exchange.plan import Break, StreamHold

# Effects


@dataclass(frozen=True, slots=True)
class Request:
    """Ask the service something over HTTP, and tell `Exchange.answered` what came of it.

    Attributes:
        headers: with the signature.
    """

    token: str
    attempt: Attempt
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """Connect a stream; tell `socket_opened` or `socket_refused`.

    Attributes:
        signature: None for none.
        second: another socket for a stream that has one: say `start` on it, and no more.
    """

    ids: CallIds
    url: str
    signature: str | None
    timeout_s: float
    second: bool = False


@dataclass(frozen=True, slots=True)
class BreakSocket:
    """Lose a stream's connection, in this way."""

    stream: str
    how: Break


@dataclass(frozen=True, slots=True)
class HoldSocket:
    """Hold a stream's connection up, as this says."""

    stream: str
    plan: StreamHold


@dataclass(frozen=True, slots=True)
class DropSocket:
    """Forget a stream's connection, open or on its way: nobody waits for it any more."""

    stream: str


type Effect = Request | OpenSocket | BreakSocket | HoldSocket | DropSocket


# Events for a leg


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document came, or did not."""

    token: str
    result: Got | Failure


@dataclass(frozen=True, slots=True)
class SocketOpened:
    """The service took the upgrade."""

    stream: str


@dataclass(frozen=True, slots=True)
class SocketRefused:
    """It did not."""

    stream: str
    code: int
    detail: str


@dataclass(frozen=True, slots=True)
class SocketLost:
    """The socket is gone; `code` is the service's close code, None where there was none."""

    stream: str
    code: int | None


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A leg that this one dialled can be talked to."""

    leg: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A leg that this one dialled is over."""

    leg: str


@dataclass(frozen=True, slots=True)
class RoomOver:
    """The room this leg is in has ended, or it was put out of it."""

    room: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The party pressed a key while there was no stream."""

    digit: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The party has said something while there was no stream."""

    text: str


type Event = (
    Fetched
    | SocketOpened
    | SocketRefused
    | SocketLost
    | LegAnswered
    | LegEnded
    | RoomOver
    | KeyPressed
    | Spoke
)
