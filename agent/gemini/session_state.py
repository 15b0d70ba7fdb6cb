"""The states of a session, what moves it between them, and its bounds, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from agent.errors import LocalProtocolError


class SessionState(Enum):
    """Where a session stands over its connections."""

    NEW = auto()
    """Not started."""
    CONNECTING = auto()
    """No connection carries the session; one is being dialled or set up."""
    WAITING = auto()
    """An attempt has failed; the next one is not due yet."""
    READY = auto()
    """A connection carries it."""
    PREPARING = auto()
    """Still carried; the next connection is being dialled, and the right moment awaited."""
    CLOSING = auto()
    """Left its connection; the next one may be set up once that is closed."""
    CLOSED = auto()
    """Over."""


class Fact(Enum):
    """What moves a session from one state to another."""

    STARTED = auto()
    SET_UP = auto()
    """The service answered the setup."""
    FAILED = auto()
    """A connection came to nothing."""
    DUE = auto()
    """The pause between two attempts is over."""
    WANTED = auto()
    """The connection should be left at the next good moment."""
    LEFT = auto()
    """It is being closed from this side."""
    FREED = auto()
    """It is closed, or has had time enough."""
    LOST = auto()
    """It ended from the other side."""
    ENDED = auto()


_S = SessionState

TRANSITIONS: dict[tuple[SessionState, Fact], SessionState] = {
    (_S.NEW, Fact.STARTED): _S.CONNECTING,
    (_S.CONNECTING, Fact.SET_UP): _S.READY,
    (_S.CONNECTING, Fact.FAILED): _S.WAITING,
    (_S.WAITING, Fact.DUE): _S.CONNECTING,
    (_S.READY, Fact.WANTED): _S.PREPARING,
    (_S.READY, Fact.LOST): _S.CONNECTING,
    (_S.PREPARING, Fact.LEFT): _S.CLOSING,
    (_S.PREPARING, Fact.LOST): _S.CONNECTING,
    (_S.CLOSING, Fact.FREED): _S.CONNECTING,
} | {(state, Fact.ENDED): _S.CLOSED for state in _S if state is not _S.CLOSED}
"""Every legal step; nothing leaves CLOSED."""


def state_after(state: SessionState, fact: Fact) -> SessionState:
    """Where a fact leads; raises LocalProtocolError where it cannot be one."""
    if (state, fact) not in TRANSITIONS:
        raise LocalProtocolError(f"a session in state {state.name} was {fact.name}")
    return TRANSITIONS[state, fact]


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The bounds of a session.

    Attributes:
        malformed_in_a_row: frames nobody can read, one after the other, that end a connection.
        gate_s: how long an unanswered BLOCKING call may keep the caller's audio back.
    """

    dial_timeout_s: float = 8.0
    setup_timeout_s: float = 10.0
    malformed_in_a_row: int = 10
    gate_s: float = 10.0


@dataclass(frozen=True, slots=True)
class MovePolicy:
    """How a session gets from one connection to the next.

    Attributes:
        moves: False: it does not; the loss of its one connection ends it.
        budget_s: so long it may be without a connection, then it fails.
        backoff_s: pauses between attempts; the last one repeats. Each is shortened by up to half,
            no longer than a quarter of what is left of the budget, and no shorter than
            `close_wait_s`.
        healthy_s: a connection that lived so long wipes out the failures before it.
        flaps: connections in a row that were set up and lived less; one more ends the session.
        predial: the next socket is opened early, without setup, while the present one is in use.
        overlap: the setup may go out before the former socket is closed; the service is reported
            to refuse that on the Developer API, so only where it is known to work.
        close_wait_s: how long the former socket may take to close.
        age_s: leave a connection by then, announced or not; None: the model's own.
        age_slack_s: how long past that age a good moment may be waited for.
        go_away_s: the notice assumed when `goAway` says none.
        margin_s: of a notice, so much is kept for the move itself; at most two fifths of it.
        ring_s: caller audio kept for the next connection, at most.
        keep_s: of it, kept while nobody waits for an answer to it.
        replay_speed: how many times faster than real time kept audio is sent.
        reminds: a resumed session is told, as turns, what was said since its handle was given.
        silence_s: no frame for so long, though the caller spoke: the connection is dead.
    """

    moves: bool = True
    budget_s: float = 30.0
    backoff_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    healthy_s: float = 10.0
    flaps: int = 5
    predial: bool = True
    overlap: bool = False
    close_wait_s: float = 0.3
    age_s: float | None = None
    age_slack_s: float = 60.0
    go_away_s: float = 10.0
    margin_s: float = 2.0
    ring_s: float = 60.0
    keep_s: float = 15.0
    replay_speed: float = 4.0
    reminds: bool = True
    silence_s: float = 30.0


type Random = Callable[[], float]
"""A number from 0 to 1, for jitter."""

DEFAULT_LIMITS = SessionLimits()
DEFAULT_MOVES = MovePolicy()
