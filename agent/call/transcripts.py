"""Puts the pieces of both sides' transcripts together; without I/O.

Source: docs/protocols/gemini-live.md 3.3, 3.5, C-9.
"""

from agent.call.turn import Turn

MOST_TEXT = 20_000
_SENTENCE_ENDS = frozenset(".!?")


class Transcripts:
    """One call's.

    Attributes:
        waiting: what the caller said that no turn has answered yet.
        dropped: characters beyond `MOST_TEXT` per side and turn.
    """

    def __init__(self) -> None:
        self.waiting = ""
        self.dropped = 0
        self._apart = False  # the caller's next words are an utterance of their own

    def caller_finished(self) -> None:
        """An utterance of the caller is transcribed to its end."""
        self._apart = True

    def caller_said(self, text: str, turn: Turn | None) -> None:
        """Take a piece of the caller's transcript, which belongs to a turn, or waits for one."""
        before = self.waiting if turn is None else turn.caller_text
        apart, self._apart = self._apart, False
        if apart and before[-1:].strip() and text[:1].strip():
            text = f" {text}"
        joined = self._joined(before, text)
        if turn is None:
            self.waiting = joined
        else:
            turn.caller_text = joined

    def answered_by(self, turn: Turn) -> None:
        """A turn has begun: it answers what waits."""
        turn.caller_text, self.waiting = self.waiting, ""

    def agent_said(self, text: str, turn: Turn) -> None:
        """Take a piece of the agent's transcript; sentences around a function are kept apart."""
        if turn.agent_text[-1:] in _SENTENCE_ENDS and text[:1].isalnum():
            text = f" {text}"
        elif turn.agent_text[-1:] == " ":
            text = text.lstrip()
        turn.agent_text = self._joined(turn.agent_text, text)
        if not turn.pieces or turn.pieces[-1][0] < len(turn.agent_text):
            turn.pieces.append((len(turn.agent_text), turn.audio))

    def _joined(self, text: str, more: str) -> str:
        room = MOST_TEXT - len(text)
        self.dropped += max(0, len(more) - room)
        return text + more[:room]
