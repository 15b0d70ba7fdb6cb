"""The phone goes and comes back while the call goes on; without I/O.

Joins `Aside`, which knows where the phone is, with the last words before it is let go.
"""

from math import inf

from agent.call.aside import LONGEST_WORDS_S, Aside, PhoneState
from agent.call.conversation import Conversation
from agent.call.effects import Outcome
from agent.call.ending import Ending
from agent.call.last_words import LastWords
from agent.call.limits import START_S, Limits
from agent.call.seam import Seam
from agent.call.timeline import Timeline


class Presence:
    """Of one call's phone.

    Attributes:
        aside: where the phone is.
        left: it has just gone, and the rest of the call is to be told.
        heard_from_at: its last sign of life before that.
        words: those that are heard before it is let go; None: it is not about to go.
    """

    def __init__(
        self, reattach_s: float, limits: Limits, talk: Conversation, seam: Seam, timeline: Timeline
    ) -> None:
        self.aside = Aside()
        self.left = False
        self.heard_from_at = -inf
        self.words: LastWords | None = None
        self._reattach_s = reattach_s
        self._limits = limits
        self._talk = talk
        self._seam = seam
        self._timeline = timeline

    @property
    def awaited(self) -> bool:
        """Whether the phone is waited for should it go now."""
        return self._reattach_s > 0 or self.aside.state is not PhoneState.HERE

    def step_aside(
        self, longest_s: float, outcome: Outcome, now: float, *, after_words: bool
    ) -> bool:
        """Let the phone go once the caller has heard what is being said; see `Call.step_aside`."""
        if self.aside.state is not PhoneState.HERE:
            return False
        self.aside.leaving(longest_s, outcome)
        turn = self._talk.turns.open
        said = turn is not None and turn.audio > 0  # a model may say it before it asks for it
        spoken = said or not after_words
        ending = Ending(outcome, now, spoken=spoken, longest_drain_s=LONGEST_WORDS_S)
        self.words = LastWords(ending, self._talk, self._seam)
        if not after_words and turn is None:
            self.words.drain(now)
        self._timeline.add(now, "phone.leaving")
        return True

    def stays(self) -> None:
        """The call ends: the phone is not let go before that."""
        self.words = None
        self.aside.stays()

    def lost(self, now: float) -> None:
        """It has gone, and is waited for."""
        self.words, self.left = None, True
        self.heard_from_at, self._limits.media_at = min(now, self._limits.media_at), inf
        self._timeline.add(now, "phone.left", wanted=self.aside.state is PhoneState.LEAVING)
        self.aside.lost(self._reattach_s or START_S, now)

    def comes(self, now: float) -> None:
        """There is another socket for it; one that is still here, or coming, is so no longer."""
        if self.aside.state is not PhoneState.COMING:
            if not self.aside.away:
                self.lost(now)
            self.aside.coming()

    def back(self, stream_id: str, now: float) -> float:
        """The carrier has begun another stream; returns how long nothing was heard of the phone."""
        away_s = self.aside.back(now)
        self._limits.media_at = now
        self._timeline.add(now, "phone.back", stream=stream_id, away_s=round(away_s, 3))
        return now - self.heard_from_at

    def advance(self, now: float) -> None:
        """Do what is due while it is here."""
        if self.words is not None and self.words.advance(now):
            self.lost(now)
