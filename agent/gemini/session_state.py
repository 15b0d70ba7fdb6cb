"""The states of a session, what moves it between them, and its bounds, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class SessionState(Enum):
    """Where the session's connection stands."""

    NEW = auto()
    DIALLING = auto()
    SETTING_UP = auto()
    READY = auto()
    CLOSED = auto()


class Fact(Enum):
    """What moves a session from one state to another."""

    STARTED = auto()
    CONNECTED = auto()
    SET_UP = auto()
    ENDED = auto()


TRANSITIONS: dict[tuple[SessionState, Fact], SessionState] = {
    (SessionState.NEW, Fact.STARTED): SessionState.DIALLING,
    (SessionState.DIALLING, Fact.CONNECTED): SessionState.SETTING_UP,
    (SessionState.SETTING_UP, Fact.SET_UP): SessionState.READY,
    (SessionState.NEW, Fact.ENDED): SessionState.CLOSED,
    (SessionState.DIALLING, Fact.ENDED): SessionState.CLOSED,
    (SessionState.SETTING_UP, Fact.ENDED): SessionState.CLOSED,
    (SessionState.READY, Fact.ENDED): SessionState.CLOSED,
}
"""Every legal move; nothing leaves CLOSED."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The bounds of a session.

    Attributes:
        audio_buffer_s: caller audio kept until the service is ready; older audio is dropped.
        malformed_in_a_row: frames nobody can read, one after the other, that end the session.
        gate_s: how long an unanswered BLOCKING call may keep the caller's audio back.
    """

    dial_timeout_s: float = 8.0
    setup_timeout_s: float = 10.0
    audio_buffer_s: float = 5.0
    malformed_in_a_row: int = 10
    gate_s: float = 10.0


DEFAULT_LIMITS = SessionLimits()
