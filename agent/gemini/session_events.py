"""What a session tells its owner, and what it asks of its shell, without I/O.

What comes many times a second is a struct of msgspec: it is made in a fifth of the time that a
frozen dataclass takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msgspec import Struct

from agent.audio.pcm import Pcm16
from agent.errors import AgentError
from agent.gemini.usage import Usage


class OpenConnection(Struct, frozen=True):
    """Dial the service; answer with `connected` or `lost` of the same connection.

    Attributes:
        connection: its number, from 1, in the order in which they were asked for.
    """

    connection: int


class SendFrame(Struct, frozen=True):
    """Send one text frame on an open connection."""

    connection: int
    frame: bytes


class CloseConnection(Struct, frozen=True):
    """Close a connection, or give up dialling it; answer with `lost` once it is closed."""

    connection: int
    code: int
    reason: str


type SessionEffect = OpenConnection | SendFrame | CloseConnection


@dataclass(frozen=True, slots=True)
class Loss:
    """How a connection ended, or why there was none.

    Attributes:
        code: of the close frame; 1006 or None when there was none.
        http_status: of a refused upgrade.
        retryable: what the dialler thinks, where there was no close frame to judge by.
    """

    code: int | None
    reason: str
    http_status: int | None = None
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class Ready:
    """The service has taken the first setup; what was held back has been sent."""

    session_id: str | None


class ModelAudio(Struct, frozen=True):
    """A chunk of speech, of any length, far faster than real time.

    Attributes:
        pcm24k: int16, shape (n,), mono, read-only.
    """

    pcm24k: Pcm16


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The service stopped the model's turn: what is not yet heard must not be."""


@dataclass(frozen=True, slots=True)
class GenerationComplete:
    """All of the turn's output is here; none follows."""


@dataclass(frozen=True, slots=True)
class TurnComplete:
    """The service takes the turn for over, playback included.

    Attributes:
        reason: why, if it was not the ordinary end; raw text of the enum.
        interaction: `IN_PROGRESS`: more turns of the same exchange follow; `IDLE`: none does;
            None where the model does not say, which means the same as `IDLE`.
    """

    reason: str | None
    interaction: str | None


class InputTranscript(Struct, frozen=True):
    """A fragment of what the caller said; `finished` ends the utterance, perhaps with no text."""

    text: str
    finished: bool


class OutputTranscript(Struct, frozen=True):
    """A fragment of what the model says; may run ahead of its audio, and of what is heard."""

    text: str
    finished: bool


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function to run.

    Attributes:
        id: to answer with; the service's, or one made here when it sent none.
    """

    id: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCallsRequested:
    """Functions to run, in parallel."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class ToolCallsCancelled:
    """Calls that must not be answered any more; their effects may have happened."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Tokens of one turn, or part of one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class VoiceActivity:
    """The service heard the caller begin or stop.

    Attributes:
        kind: `start` or `end`.
        offset_s: where in the audio sent on this connection, if said.
    """

    kind: str
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class GoingAway:
    """The service will close this connection.

    Attributes:
        time_left_s: not negative; None when it was missing or unreadable.
    """

    time_left_s: float | None


class HandleUpdated(Struct, frozen=True):
    """Whether the session could be resumed from just here; the handle stays in the session."""

    resumable: bool


class Why(StrEnum):
    """Why a session leaves a connection."""

    GO_AWAY = "go_away"
    """The service announced its end."""
    AGE = "age"
    """It is as old as connections should become."""
    ASKED = "asked"
    """The owner wanted it."""
    LOST = "lost"
    """It ended from the other side."""
    SILENT = "silent"
    """Nothing came on it any more."""
    CONTEXT_LOST = "context_lost"
    """The model has forgotten the conversation."""
    SETUP_CHANGED = "setup_changed"
    """The model takes a change of its instruction or tools in a setup only."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The session has left its connection, or lost it; `Moved` or `SessionFailed` follows.

    What is sent meanwhile is kept for the next connection.

    Attributes:
        connection: the one that is left.
        planned: chosen by this side, not by the peer or the network.
        turn_cut: the model was generating; the rest of that turn never comes, nor its end.
        phase, code, text: how it was lost, cleaned for logs; `code` is None when it was not.
    """

    connection: int
    planned: bool
    why: Why
    turn_cut: bool
    phase: str = "live"
    code: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class MoveFailed:
    """One attempt to connect came to nothing; another follows.

    Attributes:
        phase: `dial`, `setup` or `resume`.
        attempt: counted from 1 since the session was last connected.
        retry_in_s: when the next one begins.
    """

    phase: str
    code: int | None
    reason: str
    attempt: int
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class Moved:
    """Another connection carries the session; what was kept is being sent.

    Attributes:
        connection: the new one.
        resumed: the service took up its own state; False: a fresh session, told of the history.
        took_s: since the former one was left.
        replayed_ms: caller audio sent again or late.
        prompted: what is sent makes the model speak by itself, if nobody interferes.
    """

    connection: int
    planned: bool
    resumed: bool
    took_s: float
    replayed_ms: int
    prompted: bool


@dataclass(frozen=True, slots=True)
class ToolCallsLost:
    """Calls that the model no longer waits for, because their connection is gone.

    Their effects may go on; a result still handed in is passed on as text.
    """

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """The session is over and nobody asked for it.

    Attributes:
        phase: `dial`, `setup`, `resume` or `live`.
        reason: the peer's words, cleaned for logs.
    """

    error: AgentError
    phase: str
    code: int | None
    reason: str


type SessionEvent = (
    Ready
    | ModelAudio
    | Interrupted
    | GenerationComplete
    | TurnComplete
    | InputTranscript
    | OutputTranscript
    | ToolCallsRequested
    | ToolCallsCancelled
    | UsageReported
    | VoiceActivity
    | GoingAway
    | HandleUpdated
    | Leaving
    | MoveFailed
    | Moved
    | ToolCallsLost
    | SessionFailed
)
