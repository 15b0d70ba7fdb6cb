"""The last words before the phone is let go, at the end of a call or for a while; without I/O.

Drives an `Ending`: the words are waited for, then what is queued plays out.
"""

from agent.call.conversation import Conversation
from agent.call.ending import Ending, EndingState
from agent.call.seam import Seam


class LastWords:
    """One call's, once.

    Attributes:
        ending: how far they have come.
    """

    def __init__(self, ending: Ending, talk: Conversation, seam: Seam) -> None:
        self.ending = ending
        self._talk = talk
        self._seam = seam

    @property
    def deadline(self) -> float:
        """When `advance` next has something to do; what no mark follows is heard by the clock."""
        playout = self._talk.playout
        if self.ending.state is EndingState.DRAINING and playout.all_heard():
            return min(self.ending.deadline, playout.line_end)
        return self.ending.deadline

    def drain(self, now: float) -> None:
        """No more words are waited for: what is queued plays out."""
        self._talk.model_pauses()
        self._seam.drained()
        self.ending.drain(self._talk.playout.left_s(now), now)

    def advance(self, now: float) -> bool:
        """Do what is due; returns whether all has been said and heard, or its time is up."""
        ending = self.ending
        if ending.state is EndingState.WORDS and now >= ending.deadline:
            self.drain(now)
        if ending.state is not EndingState.DRAINING:
            return False
        if self._talk.playout.all_heard():
            ending.heard(self._talk.playout.line_end)
        return now >= ending.deadline

    def held(self, now: float) -> None:
        """Until now the phone was away, and time stood still."""
        self.ending.held(self._talk.playout.left_s(now), now)
