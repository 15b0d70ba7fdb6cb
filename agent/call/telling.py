"""What was said, written into the timeline: each word once, the caller's before the answer; pure.

The caller's transcript may come after the answer has begun, and the answer may be cut and gone on
with: words are told when their turn has them all, or as they come when it was told before.
"""

from agent.call.timeline import Timeline
from agent.call.turn import Turn


class Telling:
    """The words of one call."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._agent: dict[int, int] = {}  # characters told, by turn
        self._caller: set[int] = set()

    def turn(self, turn: Turn, now: float) -> None:
        """The words of this turn are known, for now."""
        if turn.number not in self._agent:
            self.caller(turn, now)
            self._caller.add(turn.number)
        text = turn.agent_text_heard
        told = self._agent.get(turn.number, 0)
        self._agent[turn.number] = max(told, len(text))
        if more := text[told:].strip():
            self._said("agent.said", turn, more, now)

    def caller(self, turn: Turn, now: float) -> None:
        """The answer can be heard: the words that it answers are told, as far as they are known."""
        text = turn.caller_text.strip()
        if text and turn.number not in self._caller:
            self._caller.add(turn.number)
            self._said("caller.said", turn, text, now)

    def caller_more(self, turn: Turn, text: str, now: float) -> None:
        """A piece of the caller's transcript came for this turn."""
        if turn.number in self._caller:
            self._said("caller.said", turn, text.strip(), now)

    def unanswered(self, text: str, now: float) -> None:
        """The call is over, and this was never answered."""
        if text:
            self._timeline.add(now, "caller.said", turn=None, **{"pii.text": text})

    def _said(self, name: str, turn: Turn, text: str, now: float) -> None:
        self._timeline.add(now, name, turn=turn.number, **{"pii.text": turn.kept(text)})
