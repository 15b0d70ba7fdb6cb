"""What has been put to the model and not been answered: the caller's words, and texts; no I/O.

Nobody says which words an answer answers. What the model begins to say is taken to answer what it
had been sent by then, except while the caller goes on speaking; and what it has long had and did
not answer was no question.

Positions are samples at 16 kHz since the session began; `sent_to` is the one up to which everything
has been sent.
Source: docs/protocols/gemini-live.md C-25.
"""

from __future__ import annotations

from collections import deque

MOST_LATER = 64
"""Utterances known by where they began, of those that wait for an answer to one before them."""
MOST_ENDS = 16
"""Of the stream, remembered."""


class Unanswered:
    """Of one session.

    Args:
        patience: samples sent after it, until what was not answered was no question.

    Attributes:
        began: where the caller began what is not answered, if he did; see `words`.
        speaking: whether the caller speaks, as far as anybody has said.
        spoke_until: where he last stopped.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self.began: int | None = None
        self._later: deque[int] = deque(maxlen=MOST_LATER)  # where he went on after that
        self._ends: deque[int] = deque(maxlen=MOST_ENDS)
        self.speaking = False
        self.spoke_until = 0
        self._turn_at = 0  # the running turn answers what lies before
        self._text_at: int | None = None  # where the last text was sent, if it is not answered
        self._texts = self._before_turn = self._answered = 0

    def speech(self, started: bool, at: int, sent_to: int) -> None:
        """The caller began or stopped to speak there."""
        if not started:
            self.spoke_until = max(at, self.spoke_until)
        elif not self.words(sent_to):
            self.began = at
            self._later.clear()
        else:
            self._later.append(at)
        self.speaking = started

    def stream_ended(self, at: int) -> None:
        """No audio follows for a while; what does is no part of what came before."""
        self._ends.append(at)

    @property
    def ended_at(self) -> int | None:
        """Where the stream last ended."""
        return self._ends[-1] if self._ends else None

    def begins(self, before: int) -> int | None:
        """Where what is not answered begins, and the moment before it, of so many samples."""
        if self.began is None:
            return None
        return max([self.began - before, *(end for end in self._ends if end <= self.began)])

    def asked(self, at: int) -> int:
        """A text was put to the model; its number."""
        self._text_at = at
        self._texts += 1
        return self._texts

    def turn_began(self, sent_to: int | None, position: int, texts_unsent: int) -> None:
        """The model began a turn.

        Args:
            sent_to: None: there is nothing that was not sent.
        """
        self._turn_at = position if sent_to is None else sent_to - 1
        self._before_turn = self._texts - texts_unsent

    def answered(self) -> None:
        """The model speaks."""
        if self.began is not None and self._turn_at >= self.began:
            later = next((at for at in self._later if at > self._turn_at), None)
            if later is not None or not self.speaking:  # he speaks: the latest is where he began
                self.began = later
        self._answered = self._before_turn
        if self._before_turn == self._texts:
            self._text_at = None

    def words(self, sent_to: int) -> bool:
        """Whether the caller has said something that is not answered."""
        if self.began is None:
            return False
        return self.speaking or sent_to - self.spoke_until <= self._patience

    def texts(self, sent_to: int) -> bool:
        """Whether a text is not answered."""
        return self._text_at is not None and sent_to - self._text_at <= self._patience

    def has_answered(self, text: int) -> bool:
        """Whether the text of that number was."""
        return text <= self._answered
