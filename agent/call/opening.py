"""How far the agent's first words have come: its greeting, or its notice; without I/O."""

from agent.call.playout import Playout
from agent.call.turn import Turn
from agent.call.turns import Turns


class Opening:
    """That of one call: its first turn."""

    def __init__(self, turns: Turns, playout: Playout) -> None:
        self._turns = turns
        self._playout = playout

    @property
    def said(self) -> bool:
        """Whether nothing more of it comes by itself."""
        first = self._first
        return first is not None and (first.generated or first.closed)

    @property
    def heard(self) -> bool:
        """Whether it was said in full, and the caller heard it to its end."""
        first = self._first
        if first is None or not first.generated or first.interrupted:
            return False
        return self._playout.all_heard()

    @property
    def _first(self) -> Turn | None:
        return next((turn for turn in self._turns.all if turn.number == 1), None)
