"""A sentence that was cut short, and going on with it once; without I/O.

The rest of a turn that the model did not finish never comes by itself. What had come is played to
its end, and the model is asked, once for each cut, to go on after the last word that had sound.
Nothing is asked for when the caller speaks first: he is answered instead. Nor is it when the model
goes on by itself: a second trigger would have it answer twice.

Source: docs/protocols/gemini-live.md C-12, C-26, B19, B26.
"""

from enum import Enum
from math import inf

from agent.call import prompts
from agent.call.turn import Turn
from agent.call.words import tail

MOST_TIMES = 3
"""One turn is gone on with so often; a turn cut oftener has something wrong with it."""

_ENDS = frozenset(".!?\u2026\u3002\uff01\uff1f\u061f\u0964")
"""What closes a sentence, in the scripts whose sentences are closed by something else too."""
_CLOSERS = "\"')]}\u00bb\u201d\u2019\u300d\u300f"
LONGEST_PREMATURE_S = 20.0


class SentenceState(Enum):
    """Where it stands."""

    WHOLE = "whole"
    """Nothing is cut, or nothing is to be done about it."""
    CUT = "cut"
    ASKED = "asked"
    """The model was asked to go on and has not yet."""


class Sentence:
    """The latest one of a call.

    Attributes:
        state: see there.
        turn: the turn that was cut; None when whole.
        ask_at: when to ask; `inf`: not to.
    """

    def __init__(self) -> None:
        self.state = SentenceState.WHOLE
        self.turn: Turn | None = None
        self.ask_at = inf
        self._number = 0
        self._times = 0

    def cut(self, turn: Turn, ask_at: float) -> None:
        """This turn was cut short."""
        if turn.number != self._number:
            self._number, self._times = turn.number, 0
        self._times += 1
        self.settle()
        if self._times <= MOST_TIMES:
            self.state, self.turn, self.ask_at = SentenceState.CUT, turn, ask_at

    def lost(self, now: float) -> None:
        """The connection is gone, and with it what was asked on it."""
        if self.state is SentenceState.ASKED:
            self.state, self.ask_at = SentenceState.CUT, now

    def wait(self, ask_at: float) -> None:
        """Something else prompts the model: ask only if it says nothing by then."""
        if self.state is SentenceState.CUT:
            self.ask_at = max(self.ask_at, ask_at)

    def asked(self) -> str:
        """The model is asked now; returns in which words."""
        self.state, self.ask_at = SentenceState.ASKED, inf
        words = tail(self.turn.agent_text) if self.turn else ""
        return prompts.say(prompts.CONTINUE, words) if words else prompts.GO_ON

    def settle(self) -> None:
        """It goes on, or something else is said instead."""
        self.state, self.turn, self.ask_at = SentenceState.WHOLE, None, inf


def premature(turn: Turn) -> bool:
    """Whether a turn that the service holds for complete stopped in mid-sentence (B19)."""
    text = turn.agent_text.rstrip().rstrip(_CLOSERS)
    whole = not text or text[-1] in _ENDS
    return not whole and not turn.interrupted and 0 < turn.heard_s <= LONGEST_PREMATURE_S
