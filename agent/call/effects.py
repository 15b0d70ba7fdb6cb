"""What a call asks its shell to do, as values, without I/O.

`Call.effects(now)` returns these in the order in which they must be performed. The shell performs
each one in a single place and knows nothing of why. They are structs of msgspec, for many are made
in a second, and a frozen dataclass takes five times as long to make.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """Why a call ended: one per call, final, part of its record and of its log line."""

    CALLER_HUNG_UP = "caller_hung_up"
    """The carrier said `stop`."""
    PHONE_LOST = "phone_lost"
    """The phone's socket closed without `stop`, or its media dried up, and it did not come back."""
    PHONE_PROTOCOL = "phone_protocol"
    """The phone sent too many malformed messages, or never started a stream."""
    AGENT_ENDED = "agent_ended"
    """The model ended the call with the `end_call` tool, or left its message with somebody, or the
    tenant does not talk to people who answer its calls; the last words were played."""
    CALLER_ENDED = "caller_ended"
    """The caller pressed the key that ends the call; the goodbye was played."""
    IDLE = "idle"
    """The caller stayed silent, after a prompt as well."""
    LIMIT = "limit"
    """The call reached its longest duration."""
    SPENT = "spent"
    """The money for the call, or for its tenant's day, was spent."""
    MODEL_LOST = "model_lost"
    """The model's session failed; what it had said was played."""
    MODEL_SILENT = "model_silent"
    """The session stands, but the model answered neither the caller nor a prompt."""
    SHUTDOWN = "shutdown"
    """The service is going down."""
    TRANSFERRED = "transferred"
    """The caller was connected to somebody else."""
    VOICEMAIL = "voicemail"
    """The caller was asked to leave a message."""
    MACHINE = "machine"
    """A machine answered the call that we placed, and the tenant does not talk to machines, or
    its message was left."""
    OPERATOR = "operator"
    """A person running the service hung up."""
    FAILED = "failed"
    """An error of our own ended the call."""


class ToPhone(Struct, frozen=True):
    """Send this text frame (UTF-8 JSON) on the phone's socket."""

    frame: bytes


class ToModel(Struct, frozen=True):
    """Send this text frame (UTF-8 JSON) on that socket of the model."""

    connection: int
    frame: bytes


class OpenModel(Struct, frozen=True):
    """Dial the model; answer with `Call.model_connected` or `Call.model_lost`.

    Attributes:
        connection: its number. Two may be open at once: the next one waits while one is in use.
    """

    connection: int


class CloseModel(Struct, frozen=True):
    """Close that socket of the model, or give up dialling it.

    Answer with `Call.model_lost` once it is closed, as for a socket that the peer closed.
    """

    connection: int
    code: int
    reason: str


class RunTool(Struct, frozen=True):
    """Start a business function; answer with `Call.tool_finished(id, ...)`, once.

    Attributes:
        id: of this run, unique within the call.
        args: as the model sent them, not validated.
        key: the effect key (docs/protocols/gemini-live.md C-15): what has one key takes effect
            once, whatever becomes of runs, connections and processes.
    """

    id: str
    name: str
    args: Mapping[str, object]
    key: str


class CancelTools(Struct, frozen=True):
    """Cancel these running tools; no answer is expected, and a late one is dropped."""

    ids: tuple[str, ...]


class SaveAudio(Struct, frozen=True):
    """Append this to the call's recording.

    Attributes:
        stereo: interleaved int16, little-endian, 8 kHz: caller left, agent right.
    """

    stereo: bytes


class Keep(Struct, frozen=True):
    """From now on what is said may be kept by others, or may not.

    Whoever keeps something of the call, the carrier's recording and the tape, begins only when
    this says so, and keeps nothing while it says no.
    """

    on: bool


class StepAside(Struct, frozen=True):
    """Close the phone's socket, if it is still open, and keep the call.

    The phone may come back on another one: `Call.phone_back`.
    """


class HangUp(Struct, frozen=True):
    """The call is over: close both sockets, once everything before this has been sent.

    Always the last effect of a call, exactly once, also when the phone is already gone.
    """

    outcome: Outcome


type Effect = (
    ToPhone
    | ToModel
    | OpenModel
    | CloseModel
    | RunTool
    | CancelTools
    | SaveAudio
    | Keep
    | StepAside
    | HangUp
)
