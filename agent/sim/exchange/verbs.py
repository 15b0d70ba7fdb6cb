"""What a TwiML document may ask the exchange to do, as values; without I/O.

Times are seconds. URLs stand as they were written: absolute or relative to the document's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

type Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Callback:
    """A URL to be told of something.

    Attributes:
        events: which ones; empty for what is usual.
    """

    url: str
    method: Method = "POST"
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """The carrier's own voice reads a text."""

    text: str
    language: str = "en-US"
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Play:
    """A sound file, or tones: exactly one of them."""

    url: str = ""
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    length: float = 1.0


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: Method = "POST"


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not take the call, for this reason."""

    reason: Literal["rejected", "busy"] = "rejected"


@dataclass(frozen=True, slots=True)
class Stream:
    """A media socket of the service.

    Attributes:
        name: for callbacks; empty: the stream's sid.
        parameters: handed to the service in `start`.
    """

    url: str
    name: str = ""
    track: str = "inbound_track"
    parameters: Mapping[str, str] = field(default_factory=dict)
    callback: Callback | None = None


@dataclass(frozen=True, slots=True)
class Connect:
    """Join the call to a stream until its socket closes."""

    stream: Stream
    action: Callback | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Send a copy of the call's sound to a stream, and go on at once."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Stop:
    """End the stream that was started under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """Somebody to call: a number, or a SIP address.

    Attributes:
        screen: a document that the callee hears before being connected.
        callback: told of the callee's own call.
    """

    address: str
    screen: Callback | None = None
    callback: Callback | None = None


@dataclass(frozen=True, slots=True)
class Conference:
    """A room by its name, which is the account's."""

    name: str
    label: str = ""
    muted: bool = False
    start_on_enter: bool = True
    end_on_exit: bool = False
    callback: Callback | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect the call with others: the first who answers, or a room.

    Attributes:
        time_limit: how long they may talk.
        answer_on_bridge: the caller hears ringing until somebody answers.
    """

    targets: tuple[Number, ...] = ()
    room: Conference | None = None
    action: Callback | None = None
    timeout: float = 30.0
    time_limit: float = 14_400.0
    caller_id: str = ""
    hangup_on_star: bool = False
    answer_on_bridge: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Record the caller, until silence, a key or the limit; then ask `action` what next."""

    action: Callback | None = None
    timeout: float = 5.0
    max_length: float = 3_600.0
    finish_on_key: str = "1234567890*#"
    play_beep: bool = True
    callback: Callback | None = None


@dataclass(frozen=True, slots=True)
class Gather:
    """Collect keys, or words; what it holds is played meanwhile.

    Attributes:
        speech: words are taken. keys: keys are taken; at least one of the two is.
        language: they are expected in.
        hints: what the recogniser is told to expect.
    """

    prompts: tuple[Say | Play | Pause, ...] = ()
    action: Callback | None = None
    timeout: float = 5.0
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty: bool = False
    speech: bool = False
    language: str = "en-US"
    hints: tuple[str, ...] = ()
    keys: bool = True


@dataclass(frozen=True, slots=True)
class Refer:
    """Hand a SIP call over to another SIP address."""

    address: str
    action: Callback | None = None


type Verb = (
    Say
    | Play
    | Pause
    | Redirect
    | Hangup
    | Reject
    | Connect
    | Start
    | Stop
    | Dial
    | Record
    | Gather
    | Refer
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was taken.

    Attributes:
        url: where it came from; what relative URLs in it are relative to.
        notes: what the carrier lets pass and writes down.
    """

    verbs: tuple[Verb, ...]
    url: str = ""
    notes: tuple[str, ...] = ()
