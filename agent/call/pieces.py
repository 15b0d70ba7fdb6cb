"""What goes out to the caller, piece by piece: data only."""

from msgspec import Struct

from agent.call.cover import CoverSound


class Play(Struct, frozen=True):
    """Send this audio, whole 20 ms frames of mu-law, now.

    Attributes:
        part: the name of the part that begins with it, which its mark will have; else None.
        turn: the turn that the audio belongs to; 0 for cover.
        at: when, by the clock, the caller begins to hear it.
        cover: what it is, if it is not the agent's audio.
    """

    mulaw: bytes
    part: str | None
    turn: int
    at: float
    cover: CoverSound | None = None


class Mark(Struct, frozen=True):
    """Send this mark now."""

    name: str
