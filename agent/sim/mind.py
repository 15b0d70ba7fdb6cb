"""What the model's stand-in needs of whoever decides its words, and its timing, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from agent.sim.dialogue import Move


class Mind(Protocol):
    """Who decides what the model says: a scenario's dialogue, or a script.

    `copy.copy` of a mind must give one that goes its own way: handles are bound to such copies.
    """

    @property
    def grammar(self) -> str:
        """What the caller may say next, in the Java Speech Grammar Format; "" for anything."""
        ...

    def greeting(self, text: str) -> Move:
        """The session was opened with a typed text."""
        ...

    def heard(self, text: str) -> Move:
        """The caller said, or the client typed, this."""
        ...

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """A function answered."""
        ...


@runtime_checkable
class Reader(Protocol):
    """A mind that takes in what is handed over without asking for an answer: history, context."""

    def read(self, role: str, text: str) -> None:
        """A turn of "user", "model" or "system" that was not spoken here."""
        ...


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the model takes; our own choice, the service publishes nothing.

    Attributes:
        think_s: from the end of an input to the mind's answer; recognition runs meanwhile.
        after_tool_s: the same, from a tool response.
        realtime_playback: `turnComplete` waits until the audio is assumed to have been heard.
        transcript_late_s: overrides how late the profile's input transcription is.
    """

    think_s: float = 0.35
    after_tool_s: float = 0.6
    realtime_playback: bool = True
    transcript_late_s: float | None = None
