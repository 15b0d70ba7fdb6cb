"""What a session tells its owner, and what it asks of its shell, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.audio.pcm import Pcm16
from agent.errors import AgentError
from agent.gemini.usage import Usage


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """Dial the service; answer with `connected` or `lost`."""


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Send one text frame on the open connection."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """Close the connection, or give up dialling it."""

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
    """The service has taken the setup; what was held back has been sent."""

    session_id: str | None


@dataclass(frozen=True, slots=True)
class ModelAudio:
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


@dataclass(frozen=True, slots=True)
class InputTranscript:
    """A fragment of what the caller said; `finished` ends the utterance, perhaps with no text."""

    text: str
    finished: bool


@dataclass(frozen=True, slots=True)
class OutputTranscript:
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


@dataclass(frozen=True, slots=True)
class HandleUpdated:
    """Whether the session could be resumed from just here; the handle stays in the session."""

    resumable: bool


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """The session is over and nobody asked for it.

    Attributes:
        phase: `dial`, `setup` or `live`.
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
    | SessionFailed
)
