"""The words for where a conversation of the model's stand-in stands, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from agent.sim.delivery import Kept
from agent.sim.inbox import Inbox
from agent.sim.mind import Mind
from agent.sim.mishaps import Moment


class Phase(Enum):
    """What the model is doing."""

    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    PLAYING = "playing"  # all is sent; the caller is assumed to be listening still
    WAITING = "waiting"  # silent until BLOCKING calls are answered


MOMENTS: dict[Phase, Moment] = {
    Phase.THINKING: "thinking",
    Phase.SPEAKING: "speaking",
    Phase.PLAYING: "playing",
    Phase.WAITING: "waiting",
}


class Noted(Enum):
    """What a handle's moment depends on."""

    GENERATING = "generating"
    GENERATED = "generated"  # all of a reply is sent
    CALLING = "calling"
    ANSWERED = "answered"  # functions have
    TURN_OVER = "turn over"


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What a handle is bound to: everything but a generation in flight.

    Attributes:
        mind: a copy; to be copied again by whoever goes on with it.
        heard: the caller's last words.
        stale: calls that are still waited for, though their turn is gone (E-31).
    """

    mind: Mind
    inbox: Inbox
    output: Kept
    heard: str
    stale: frozenset[str]
