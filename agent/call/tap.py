"""Who listens to a call while it goes on: a console's level meters, a person; without I/O."""

from typing import Protocol


class Tap(Protocol):
    """Is told what both sides say, as it is said; 8 kHz mu-law."""

    def caller(self, mulaw: bytes) -> None:
        """The next piece of the caller's stream."""
        ...

    def agent(self, mulaw: bytes, at: float) -> None:
        """Audio that the caller hears from the time `at` on."""
        ...

    def cleared(self, now: float) -> None:
        """What the caller had not heard by `now` will not be heard."""
        ...
