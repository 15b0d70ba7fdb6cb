"""The end of a call that lets the last words play out; without I/O.

First, where words are still to come, the model gets a moment to say them; then what is queued plays
out, until its last mark comes back. Should the model say more before that, it is heard too. Both
waits are bounded, and the caller's talking over the goodbye does not cut it.

Source: docs/protocols/twilio.md 2.4, R20.
"""

from enum import Enum

from agent.call.effects import Outcome
from agent.errors import LocalProtocolError

FIRST_WORD_S = 6.0
"""How long the model may take to begin its last words,"""
NEXT_WORD_S = 2.0
"""how long it may pause in them,"""
LONGEST_WORDS_S = 20.0
"""and how long it may go on."""
MARK_S = 2.0
"""How long after the end by the clock the last mark is waited for."""
FINISH_DRAIN_S = 5.0
"""In a call ended from outside, so much of the agent's speech is still played out;"""
LIMIT_DRAIN_S = 10.0
"""and so much at the longest duration."""


class EndingState(Enum):
    """How far the end has come."""

    WORDS = "words"
    DRAINING = "draining"


class Ending:
    """One call's end.

    Args:
        spoken: the model has said its last words, or is saying them.
        longest_drain_s: at most so much of the queue is played out.

    Attributes:
        deadline: when the state is to be left whatever happens.
    """

    def __init__(
        self, outcome: Outcome, now: float, *, spoken: bool, longest_drain_s: float
    ) -> None:
        self.outcome = outcome
        self.state = EndingState.WORDS
        self.deadline = now + (NEXT_WORD_S if spoken else FIRST_WORD_S)
        self._spoken = spoken
        self._longest_drain_s = longest_drain_s
        self._latest = now + LONGEST_WORDS_S
        self._more = True

    def model_spoke(self, now: float) -> bool:
        """Audio came in; returns whether it is of the last words: afterwards it is too late."""
        if self.state is EndingState.DRAINING and not (self._more and now < self._latest):
            return False
        self.state = EndingState.WORDS
        self._spoken = True
        self.deadline = min(now + NEXT_WORD_S, self._latest)
        return True

    def no_more(self) -> None:
        """Nothing that the model could still say is waited for."""
        self._more = False

    def turn_over(self, now: float) -> None:
        """The model says that its turn is over, which ends its last words if it said any."""
        if self._spoken and self.state is EndingState.WORDS:
            self.deadline = now

    def model_left(self, now: float) -> None:
        """The model has gone: what was said of its last words is all of them, if anything was."""
        self.turn_over(now)

    def model_back(self, now: float) -> None:
        """There is a model again: it gets its moment anew to say what it has not."""
        if not self._spoken and self.state is EndingState.WORDS:
            self.deadline = min(now + FIRST_WORD_S, self._latest)

    def drain(self, left_s: float, now: float) -> None:
        """No more words: wait for the `left_s` seconds that the caller has yet to hear."""
        if self.state is not EndingState.WORDS:
            raise LocalProtocolError(f"a call's end in state {self.state.name} was drained again")
        self.state = EndingState.DRAINING
        self.deadline = now + min(left_s, self._longest_drain_s) + MARK_S

    def held(self, left_s: float, now: float) -> None:
        """Until now nothing could be said or heard: every wait begins anew, within its bounds."""
        wait_s = NEXT_WORD_S
        if self.state is EndingState.DRAINING:
            wait_s = min(left_s, self._longest_drain_s) + MARK_S
        self.deadline = max(self.deadline, now + wait_s)

    def heard(self, end: float) -> None:
        """Every mark is back: nothing more to wait for, once the clock agrees that it is `end`.

        A mark that comes before that cannot be true, whatever the carrier means by it.
        """
        self.deadline = min(self.deadline, end)
