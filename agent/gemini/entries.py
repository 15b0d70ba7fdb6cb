"""What a ledger holds, and what it plans for the next connection; plain data, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from msgspec import Struct


class Kind(Enum):
    """What an entry is."""

    AUDIO = auto()
    ASKS = auto()
    """Makes the model speak: a text, turns that are complete."""
    PICTURE = auto()
    """Of a video."""
    TELLS = auto()
    """Everything else: turns left open, answers to calls."""
    BRACKET = auto()
    """The caller's activity begins or ends, by our own detection."""


SPOKEN = frozenset({Kind.AUDIO, Kind.BRACKET})
MEDIA = SPOKEN | {Kind.PICTURE}


class Entry(Struct):
    """One message for the model.

    Attributes:
        payload: of audio, the PCM; else the frame.
        start, n: where the audio lies; `n` is 0 for what is not audio.
        index: its number on the connection it was last sent on; 0: on none.
        bound: means something to that connection only: an answer to a call.
        text: of what makes the model speak, which one it is, from 1.
    """

    kind: Kind
    payload: bytes
    start: int
    n: int
    index: int = 0
    bound: bool = False
    text: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new connection is to be sent: all that the ledger now says waits.

    Attributes:
        replayed: samples among it.
        again: of those, what a connection before was sent already.
        repeated: of those, what the resumed state may include already.
        asks: it makes the model speak.
        exact: the service said what it has, and this is the rest.
    """

    replayed: int
    again: int
    repeated: int
    asks: bool
    exact: bool
