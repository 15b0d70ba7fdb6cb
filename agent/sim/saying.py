"""A reply whose words are with the voice: it can still be withdrawn. Without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent.sim.dialogue import Move
from agent.sim.server_frames import Call
from agent.sim.server_io import Speak


@dataclass(frozen=True, slots=True)
class Saying:
    """A move of the mind's on its way to be spoken, with the calls that come with it."""

    speech_id: int
    text: str
    calls: tuple[Call, ...]
    move: Move


class Voicing:
    """At most one reply that waits for its sound."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self._saying: Saying | None = None

    @property
    def unspoken(self) -> Move | None:
        """What the mind has answered and nobody has heard of yet."""
        return None if self._saying is None else self._saying.move

    def begin(self, text: str, calls: tuple[Call, ...], move: Move) -> Speak:
        """Have this spoken."""
        self._saying = Saying(next(self._numbers), text, calls, move)
        return Speak(self._saying.speech_id, text)

    def take(self, speech_id: int) -> Saying | None:
        """Its sound is there; None when it has been withdrawn meanwhile."""
        saying = self._saying
        if saying is None or saying.speech_id != speech_id:
            return None
        self._saying = None
        return saying

    def withdraw(self) -> Move | None:
        """It is not to be spoken any more; what it was."""
        unspoken, self._saying = self.unspoken, None
        return unspoken
