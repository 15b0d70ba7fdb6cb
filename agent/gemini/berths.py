"""The connections that a session has at one time, and what is done to them; without I/O.

One carries the session; at most one other is being prepared, and one has just been left. Each is
asked for, and closed, once. Source: docs/protocols/gemini-live.md C-22, B2.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.gemini.connection import Connection, Stage
from agent.gemini.session_events import CloseConnection, OpenConnection, SessionEffect
from agent.gemini.session_state import SessionLimits

NORMAL = 1000


class Berths:
    """Of one session.

    Attributes:
        carrier: carries it.
        next: is being dialled, waits to be set up, or is being set up.
        former: was left, and is not known to be closed.
    """

    def __init__(self, limits: SessionLimits, effects: list[SessionEffect]) -> None:
        self._limits, self._effects = limits, effects
        self.carrier: Connection | None = None
        self.next: Connection | None = None
        self.former: Connection | None = None
        self._number = 0

    def __iter__(self) -> Iterator[Connection]:
        return (c for c in (self.carrier, self.next, self.former) if c is not None)

    @property
    def next_is_open(self) -> bool:
        """Whether the next one waits for its setup."""
        return self.next is not None and self.next.stage is Stage.OPEN

    def find(self, number: int) -> Connection | None:
        """The connection of that number; None: it was given up before, or never was."""
        return next((connection for connection in self if connection.number == number), None)

    def setting_up(self, number: int) -> Connection | None:
        """The connection of that number, if its setup awaits an answer."""
        connection = self.next
        if connection is None or connection.number != number:
            return None
        return connection if connection.stage is Stage.SETTING_UP else None

    def dial(self, now: float) -> Connection:
        """Ask for the next one."""
        self._number += 1
        self.next = Connection(self._number, self._limits, now)
        self._effects.append(OpenConnection(self._number))
        return self.next

    def leave(self) -> None:
        """What carries the session does so no more."""
        self.former, self.carrier = self.carrier, None

    def arrive(self) -> None:
        """The next one carries the session; the former, if it is still open, is closed now."""
        self.carrier, self.next = self.next, None
        self.close_former()

    def close(self, connection: Connection) -> None:
        """Close one, unless that has been done."""
        if connection.stage is not Stage.CLOSING:
            connection.stage = Stage.CLOSING
            self._effects.append(CloseConnection(connection.number, NORMAL, ""))

    def give_up(self, connection: Connection, code: int, says: str) -> None:
        """Close one that is of no use; how far it had come still tells what that means.

        Args:
            says: to the peer.
        """
        self._effects.append(CloseConnection(connection.number, code, says))

    def close_former(self) -> None:
        """Close the former, if there is one; it is kept until it is known to be closed."""
        if self.former is not None:
            self.close(self.former)

    def refuse(self, number: int) -> None:
        """Close one that nobody waits for any more."""
        self._effects.append(CloseConnection(number, NORMAL, ""))

    def close_all(self) -> None:
        """Close them all."""
        for connection in self:
            self.close(connection)

    def forget(self) -> None:
        """There are none any more."""
        self.carrier = self.next = self.former = None
