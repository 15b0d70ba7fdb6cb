"""The tape of a call: every fact it was told and what came out of it, as data; without I/O.

A call is told facts and the time, and nothing else decides what comes out of it. So who keeps the
facts, each with its time, and what the call was made of, can have the same call again: `taped`
writes such a tape while a call runs, `agent.observe.replay` runs a call from one.

What comes out is not kept whole: `Out` says of each effect what it was, how long, and its digest,
which is enough to find the first one that differs.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol

import msgspec

from agent.call.effects import Effect, SaveAudio, ToModel, ToPhone
from agent.call.policy import CallPlan
from agent.gemini.models import Profile
from agent.gemini.session_events import Loss
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup_messages import Setup

FORMAT = 1
"""Of the facts below; another one where their meaning changes."""
SEED_BITS = 53
"""Of a seed: a number that every reader can hold."""
SHOWN_WHOLE, SHOWN = 200, 64
"""Effects up to so many bytes are kept whole; of longer ones, so many from the beginning."""

_DIGEST_BYTES = 8


class Out(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One effect.

    Attributes:
        kind: its class, as `ToPhone`.
        size: bytes.
        digest: BLAKE2b of them, 8 bytes.
        shown: they themselves if they are few, else the first of them.
    """

    kind: str
    size: int
    digest: bytes
    shown: bytes


class Began(msgspec.Struct, frozen=True, array_like=True, tag="began"):
    """The call was made: first on every tape.

    Attributes:
        at: monotonic seconds, as all times on a tape.
        at_utc: the same moment, for people.
        version: of this package.
        call_id: the carrier's.
        seed: of the session's randomness.
    """

    at: float
    at_utc: str
    version: str
    call_id: str
    seed: int
    plan: CallPlan
    setup: Setup
    profile: Profile
    moves: MovePolicy
    format: int = FORMAT


class PhoneSaid(msgspec.Struct, frozen=True, array_like=True, tag="phone", gc=False):
    """A text of the phone's socket."""

    at: float
    text: bytes


class PhoneLost(msgspec.Struct, frozen=True, array_like=True, tag="phone_lost", gc=False):
    """The phone's socket is gone."""

    at: float


class ModelConnected(msgspec.Struct, frozen=True, array_like=True, tag="connected", gc=False):
    """A connection to the model is open."""

    at: float
    connection: int


class ModelSaid(msgspec.Struct, frozen=True, array_like=True, tag="model", gc=False):
    """A frame of the model's service."""

    at: float
    connection: int
    frame: bytes


class ModelLost(msgspec.Struct, frozen=True, array_like=True, tag="lost"):
    """A connection to the model is gone, or never was."""

    at: float
    connection: int
    loss: Loss


class ToolFinished(msgspec.Struct, frozen=True, array_like=True, tag="tool", gc=False):
    """A function came back.

    Attributes:
        response: as JSON.
    """

    at: float
    id: str
    response: bytes


class Finished(msgspec.Struct, frozen=True, array_like=True, tag="finish", gc=False):
    """The call was ended from outside."""

    at: float
    outcome: str


class PhoneBack(msgspec.Struct, frozen=True, array_like=True, tag="phone_back", gc=False):
    """The phone has another socket, whose texts follow."""

    at: float
    tell: str | None


class SteppedAside(msgspec.Struct, frozen=True, array_like=True, tag="aside", gc=False):
    """The phone was to go for a while."""

    at: float
    longest_s: float
    then: str
    after_words: bool


class CallerWrote(msgspec.Struct, frozen=True, array_like=True, tag="wrote", gc=False):
    """The caller wrote in place of speaking."""

    at: float
    text: str


class Advised(msgspec.Struct, frozen=True, array_like=True, tag="advised", gc=False):
    """The model was to be told something."""

    at: float
    text: str


class Dialled(msgspec.Struct, frozen=True, array_like=True, tag="dial", gc=False):
    """Keys were to be dialled on the line."""

    at: float
    keys: str


class WrappedUp(msgspec.Struct, frozen=True, array_like=True, tag="wrap_up", gc=False):
    """The call was asked to come to a close."""

    at: float


class LeftMessage(msgspec.Struct, frozen=True, array_like=True, tag="message", gc=False):
    """A message was to be left, after a machine's beep or with whoever had answered."""

    at: float
    text: str
    to_machine: bool = True


class Rang(msgspec.Struct, frozen=True, array_like=True, tag="timer", gc=False):
    """The call's timer went off."""

    at: float


class Drained(msgspec.Struct, frozen=True, array_like=True, tag="out", gc=False):
    """The effects so far were taken out; also when there were none, as time passes by it."""

    at: float
    out: tuple[Out, ...]


class Paused(msgspec.Struct, frozen=True, array_like=True, tag="paused", gc=False):
    """Nothing is kept from here on, until `Resumed`: the call goes on, unseen."""

    at: float


class Resumed(msgspec.Struct, frozen=True, array_like=True, tag="resumed", gc=False):
    """What happens is kept again."""

    at: float


class Broken(msgspec.Struct, frozen=True, array_like=True, tag="broken", gc=False):
    """The tape ends here, although the call does not.

    Attributes:
        reason: `full`, `slow_disk`, or what the system said.
    """

    at: float
    reason: str


type Told = (
    PhoneSaid | PhoneLost | PhoneBack | SteppedAside | CallerWrote | Advised | Dialled
    | ModelConnected | ModelSaid | ModelLost | ToolFinished | Finished | WrappedUp | Rang
    | LeftMessage
)  # fmt: skip
"""What a call can be told."""
type Fact = (
    Began | PhoneSaid | PhoneLost | PhoneBack | SteppedAside | CallerWrote | Advised | Dialled
    | ModelConnected | ModelSaid | ModelLost | ToolFinished | Finished | WrappedUp | Rang
    | LeftMessage | Drained | Paused | Resumed | Broken
)  # fmt: skip


class Tape(Protocol):
    """Where facts go."""

    def note(self, fact: Fact, size: int) -> None:
        """Keep a fact of about so many bytes; never waits, never fails."""
        ...

    def allow(self) -> None:
        """What is noted may be kept: until this is said, it is only held."""
        ...


def out_of(effect: Effect) -> Out:
    """What a tape says of an effect."""
    content = _bytes_of(effect)
    shown = content if len(content) <= SHOWN_WHOLE else content[:SHOWN]
    digest = blake2b(content, digest_size=_DIGEST_BYTES).digest()
    return Out(type(effect).__name__, len(content), digest, shown)


def _bytes_of(effect: Effect) -> bytes:
    match effect:
        case ToPhone(frame):
            return frame
        case ToModel(connection, frame):
            return b"%d %b" % (connection, frame)
        case SaveAudio(stereo):
            return stereo
        case _:  # a few words, all of which may matter
            return repr(effect).encode()
