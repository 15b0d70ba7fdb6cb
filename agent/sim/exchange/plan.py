"""How the world around the exchange behaves: who is called, what breaks, how callbacks come.

Without I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Literal

from agent.sim.exchange.verbs import Callback, Conference, Method
from agent.sim.mouth import NO_LOSS, Loss
from agent.sim.script import Script

HUMAN: Final = "human"
MACHINES: Final = frozenset({"machine", "fax"})


@dataclass(slots=True)
class IncomingNumber:
    """A number of the account, and what is asked when it is called.

    Attributes:
        sid: `PN...`.
        status_callback: told when a call of it is over; empty: nobody is.
    """

    sid: str
    number: str
    voice_url: str = ""
    voice_method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"
    status_callback: str = ""
    status_callback_method: Method = "POST"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An SMS that was taken."""

    sid: str
    to: str
    from_: str
    body: str


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a call of the service reaches.

    Attributes:
        outcome: what becomes of the call.
        after_s: of ringing, before that.
        answered_by: what answers: `human`, `machine`, `fax` or `unknown`.
        known_after_s: after the answer, answering machine detection knows it.
        greeting_s: how long a machine's greeting is, from the answer to its beep.
        script: what the party does from the answer on; None: by what it is.
    """

    outcome: Literal["answer", "busy", "no-answer", "failed"] = "answer"
    after_s: float = 1.0
    answered_by: Literal["human", "machine", "fax", "unknown"] = "human"
    known_after_s: float = 2.0
    greeting_s: float = 6.0
    script: Script | None = None


class Break(Enum):
    """How a media socket is lost on its way."""

    FIN = "the connection ends without a close frame"
    RST = "the connection is reset"
    BLACK_HOLE = "nothing arrives any more, in either direction"


@dataclass(frozen=True, slots=True)
class StreamBreak:
    """What befalls one stream of a call.

    Attributes:
        after_s: since the stream began.
        stream: which one of the call, from 1.
        detected_s: when the carrier notices a black hole. Its real time is not documented.
    """

    how: Break
    after_s: float
    stream: int = 1
    detected_s: float = 10.0


class Hold(Enum):
    """How a connection is held up for a while without being lost."""

    STALL = "nothing reaches the service; afterwards all of it at once"
    DEAF = "the carrier reads nothing of the service"


@dataclass(frozen=True, slots=True)
class StreamHold:
    """What one stream of a call has to put up with.

    Attributes:
        after_s: since the stream began.
        for_s: how long it lasts.
        stream: which one of the call, from 1.
        keeps_s: of a stall: how much of the caller's audio is held for afterwards; what is beyond
            that the carrier discards, and warns of it (31930).
    """

    how: Hold
    after_s: float
    for_s: float
    stream: int = 1
    keeps_s: float = 10.0


class Signing(Enum):
    """How an upgrade is signed."""

    RIGHT = "over the URL as the document gave it"
    SLASH = "over the URL with a slash at its end"
    PORT = "over the URL with :443"
    WRONG = "with another token"
    MISSING = "not at all"


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How one call goes, apart from what is said.

    Attributes:
        breaks: what befalls its streams.
        signing: of each of its streams' upgrades, by number from 1; right if not said.
        start_after_s: between `connected` and `start`.
        loss: of what the caller says.
        webhook_twice: the first webhook is delivered twice, as one and the same.
        second_socket_after_s: a second socket for the same stream is opened, so long after it
            began; None: no such thing happens.
        fields: in every webhook of the call: SIP headers, a caller's name.
        seed: everything random about what is said.
        keep_audio: hold all that is said and heard, for recordings and reports; off for load.
        holds: when its streams are held up.
        tones: keys can be heard, too, in what the caller says.
        answer_pings: whether the service's pings are answered.
        ping_every_s: how often the carrier pings the service; None: it does not.
    """

    breaks: tuple[StreamBreak, ...] = ()
    signing: Mapping[int, Signing] = field(default_factory=dict)
    start_after_s: float = 0.0
    loss: Loss = NO_LOSS
    webhook_twice: bool = False
    second_socket_after_s: float | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    keep_audio: bool = True
    holds: tuple[StreamHold, ...] = ()
    tones: bool = False
    answer_pings: bool = True
    ping_every_s: float | None = None


@dataclass(frozen=True, slots=True)
class CallbackManners:
    """How callbacks come.

    Attributes:
        delay_s: each comes so much later.
        spread_s: and up to so much more, drawn for each: they overtake one another.
        doubled: each comes twice.
    """

    delay_s: float = 0.0
    spread_s: float = 0.0
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """Whose exchange it is.

    Attributes:
        token: signs what the exchange sends, and opens the REST API with the sid.
        keys: API keys and their secrets, which open the REST API as well.
    """

    sid: str
    token: str
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """Everything around the exchange; may be changed while it runs.

    Attributes:
        parties: whom each number or SIP address reaches; others reach `anybody`.
        handshake_s: how long an upgrade may take.
        calls_per_s: calls that the REST API begins in a second; more are queued.
        options: how calls go that were begun without a word of it; each has a seed of its own.
    """

    parties: dict[str, Party] = field(default_factory=dict)
    anybody: Party = field(default_factory=Party)
    callbacks: CallbackManners = field(default_factory=CallbackManners)
    handshake_s: float = 10.0
    calls_per_s: float | None = None
    options: CallOptions = field(default_factory=CallOptions)

    def options_of(self, number: int) -> CallOptions:
        """How the call of this number goes, where nothing is said of it."""
        return replace(self.options, seed=self.options.seed + number)

    def party(self, address: str) -> Party:
        """Whom an address reaches."""
        return self.parties.get(address.partition("?")[0], self.anybody)


@dataclass(frozen=True, slots=True)
class Detection:
    """Answering machine detection, as a call was made with it.

    Attributes:
        message_end: wait for the end of a machine's greeting.
        callback: told of the result, while the document runs; None: the document waits for it.
    """

    message_end: bool = False
    callback: Callback | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call that is to be made.

    Attributes:
        hook: asked for the document; else `document` is the document itself.
        time_limit_s: the longest that it may last once answered.
        digits: pressed for the callee when he has answered.
        status: told how it goes.
        room: the conference that is joined on answering, in place of a document.
        options: how it goes; None: as calls go in this world.
        base: what relative URLs in it are relative to.
        bridged: it is dialled for another call: with no document, it is ready at once.
    """

    to: str
    from_: str
    hook: Callback | None = None
    fallback: Callback | None = None
    document: str = ""
    timeout_s: float = 60.0
    time_limit_s: float = 14_400.0
    digits: str = ""
    status: Callback | None = None
    detection: Detection | None = None
    record: bool = False
    options: CallOptions | None = None
    room: Conference | None = None
    bridged: bool = False
    base: str = ""
