"""A session as what carries it sees it, without I/O."""

from __future__ import annotations

from typing import Protocol

from agent.gemini.closes import LossKind
from agent.gemini.connection import Connection
from agent.gemini.figures import SessionFigures
from agent.gemini.setup_messages import Setup


class Passenger(Protocol):
    """What `carriage` asks and tells.

    Attributes:
        handle: what the next connection resumes with; a secret. None: it begins afresh.
    """

    handle: str | None

    @property
    def figures(self) -> SessionFigures:
        """What its moves cost."""
        ...

    def at_rest(self) -> bool:
        """Whether nothing would be torn by a move now."""
        ...

    def opening(self) -> Setup:
        """The setup of the next connection: with the handle, or fresh."""
        ...

    def opening_refused(self) -> bool:
        """A fresh setup was refused; whether there is another way to say it."""
        ...

    def left(self, kind: LossKind | None, code: int | None) -> bool:
        """No connection carries the session any more; whether the model's turn was cut."""
        ...

    def carried(self, connection: Connection, now: float) -> None:
        """A connection carries the session from now on."""
        ...

    def over(self) -> None:
        """The session has ended."""
        ...
