"""What caller and model said, told to the owner once and remembered for the next; without I/O.

Source: docs/protocols/gemini-live.md C-30, B6, B10, B16, B28.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.gemini.content import MODEL, USER
from agent.gemini.history import History
from agent.gemini.session_events import InputTranscript, SessionEvent, ToolCall
from agent.gemini.transcripts import HeardTwice


class Words:
    """Of one session.

    Attributes:
        history: all of them, as a session is told that knows none of them, or not all.
    """

    def __init__(self, events: list[SessionEvent]) -> None:
        self._events = events
        self._twice = HeardTwice()
        self.history = History()

    def of_caller(self, event: InputTranscript, now: float) -> None:
        """A fragment of what the caller said, perhaps for the second time."""
        self._report(self._twice.read(event, now))

    def of_model(self, text: str) -> None:
        """A fragment of what the model says."""
        self.history.said(MODEL, text)

    def told(self, text: str) -> None:
        """A turn of the user's that the owner wrote; empty: none."""
        if text:
            self.history.said(USER, text)
            self.history.turn_over()

    def caller_began(self) -> None:
        """The caller begins to speak, as our own ear or the service says."""
        self._twice.spoke()

    def turn_began(self) -> None:
        """The model answers."""
        self._release()
        self._twice.utterance_over()

    def turn_over(self) -> None:
        """The model's turn has ended."""
        self.history.turn_over()
        self._twice.utterance_over()

    def called(self, calls: Iterable[ToolCall]) -> None:
        """The model asked for functions."""
        self._release()
        for call in calls:
            self.history.called(call.name, call.args)

    def left(self) -> None:
        """No connection carries the session."""
        self.history.turn_over()
        self._twice.moved()

    def carried(self, *, resumed: bool, again: bool, now: float) -> None:
        """A connection carries the session.

        Args:
            again: it is sent audio that the last one was sent already.
        """
        if resumed:
            self._twice.resumed(again=again, now=now)
        else:
            self._twice.settle()

    def _release(self) -> None:
        """The model reacts: what was taken for a repetition and is not complete was none."""
        self._report(self._twice.settle())

    def _report(self, fragments: Iterable[InputTranscript]) -> None:
        for fragment in fragments:
            self.history.said(USER, fragment.text)
            self._events.append(fragment)
