"""A model that speaks slower than real time: its turn is played in longer stretches; without I/O.

Source: docs/protocols/gemini-live.md B23.
"""

from agent.call.playout import Playout

SLOW_AFTER = 2
"""A turn whose audio ran out so often is generated slower than real time:"""
SLOW_HOLD_MS = 1000
"""it is played in stretches of so much."""


class Slowness:
    """Of one call.

    Attributes:
        underruns: of the playout, as far as they are known here.
    """

    def __init__(self, playout: Playout) -> None:
        self.underruns = 0
        self._playout = playout
        self._turn = self._times = 0

    def ran_dry(self, turn: int, now: float) -> None:
        """The turn's audio has run out once more before its end."""
        times = self._times + 1 if self._turn == turn else 1
        self._turn, self._times = turn, times
        self.underruns = self._playout.underruns
        if times >= SLOW_AFTER:
            self._playout.hold_back(turn, SLOW_HOLD_MS, now)
