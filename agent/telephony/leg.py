"""What every phone leg offers a call: events in, texts out; without I/O.

A leg speaks one carrier's media protocol. The call core sees only this page, so that a
second carrier is a second implementation of `PhoneLeg` and nothing else.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Started:
    """The carrier opened the stream; media may flow both ways from now on.

    Attributes:
        stream_id: the carrier's name for this stream.
        call_id: the carrier's name for the call, constant across streams.
        account_id: the carrier account the call belongs to.
        parameters: what our own answer to the webhook asked to be handed back.
    """

    stream_id: str
    call_id: str
    account_id: str
    parameters: Mapping[str, str]


class Heard(Struct, frozen=True):
    """Caller audio: 8 kHz mu-law; `at_ms` is the carrier's time of its first sample."""

    mulaw: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Digit:
    """The caller pressed one key: `0`-`9`, `*`, `#` or `A`-`D`."""

    digit: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark of ours came back.

    Attributes:
        name: the name given to `PhoneLeg.mark`.
        cleared: it was outstanding when we sent a clear, so its return proves nothing
            about what the caller heard.
    """

    name: str
    cleared: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The stream is over, for this reason; said once per leg, and nothing follows."""

    reason: str


type LegEvent = Started | Heard | Digit | Marked | Stopped


class PhoneLeg(Protocol):
    """One carrier stream, seen from the call."""

    counters: Counter[str]

    def receive(self, text: bytes | str) -> list[LegEvent]:
        """Take one message of the carrier.

        Raises:
            PeerProtocolError: a known kind of message was malformed. It is counted and
                skipped; the leg goes on and the caller of this method decides how many
                it will bear.
        """
        ...

    def closed(self) -> list[LegEvent]:
        """The socket is gone: `Stopped`, unless that was said already."""
        ...

    def media(self, mulaw: bytes) -> bytes:
        """The text that plays this 8 kHz mu-law audio to the caller.

        Raises:
            LocalProtocolError: before `Started`, after `Stopped`, or empty audio.
        """
        ...

    def mark(self, name: str) -> bytes:
        """The text that asks for `Marked(name)` once everything sent before has played."""
        ...

    def clear(self) -> bytes:
        """The text that empties the carrier's queue; outstanding marks come back cleared."""
        ...
