"""Since when the caller waits for something that the agent is to say; without I/O."""

from math import inf

from agent.call.conversation import Conversation
from agent.call.errands import Errands
from agent.call.sentence import Sentence, SentenceState
from agent.call.watchdog import Watchdog

NOTICED_S = 1.0
"""That he has stopped is noticed within this time, and he has waited since then."""


class Waiting:
    """One caller's."""

    def __init__(
        self, talk: Conversation, errands: Errands, watchdog: Watchdog, sentence: Sentence
    ) -> None:
        self._talk = talk
        self._errands = errands
        self._watchdog = watchdog
        self._sentence = sentence
        self._from = inf

    def note(self, now: float, *, away: bool) -> float | None:
        """Time has come so far; returns the same as `since`."""
        if not self._awaited(away):
            self._from = inf
            return None
        if self._from == inf:
            quiet_from = self._quiet_from()
            self._from = quiet_from if now - quiet_from <= NOTICED_S else now
        return self._since(away)

    def since(self, *, away: bool) -> float | None:
        """Since when he waits; None: he does not, for he speaks or nothing is owed to him.

        Args:
            away: there is no model.
        """
        return self._since(away) if self._awaited(away) else None

    def _since(self, away: bool) -> float | None:
        if self._talk.turns.caller_speaking:
            return None
        return self._quiet_from() if away else max(self._quiet_from(), self._from)

    def _quiet_from(self) -> float:
        return max(self._talk.caller_voice.until, self._talk.playout.end)

    def _awaited(self, away: bool) -> bool:
        ends = self._talk.last_words
        if ends and not away:
            return False
        if self._watchdog.owed or self._sentence.state is not SentenceState.WHOLE:
            return True
        if self._errands.tools.pending and not ends:
            return True
        return not away and self._talk.turns.stalled_from() < inf
