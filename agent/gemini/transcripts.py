"""Keeps what the service transcribes a second time after a move from being reported twice; no I/O.

Only the last utterance can come again. A connection that is sent it again transcribes it by right.
A resumed session may also do so of its own accord, at once; so words that come later, or after the
caller has begun to speak anew, are his, even where he says the same again.

Letters and digits are compared, without case, spaces and punctuation: a second hearing often
differs in those, and fragments are cut anywhere.
Source: docs/protocols/gemini-live.md 3.7, C-30, B16.
"""

from __future__ import annotations

from math import inf

from agent.gemini.session_events import InputTranscript

MOST_LETTERS = 4_000
"""Of one utterance that are remembered."""
REPEATS_WITHIN_S = 5.0
"""A resumed session transcribes again what it was not sent again: so soon, or not at all."""


class HeardTwice:
    """Filters the transcripts of one caller.

    Attributes:
        swallowed: fragments that were not reported again.
    """

    def __init__(self) -> None:
        self.swallowed = 0
        self._said = ""  # of the utterance that is, or was last, reported
        self._open = False
        self._answered = False
        self._expected = ""
        self._matched = 0
        self._held: list[InputTranscript] = []
        self._by_right = False
        self._spoke = False  # since the last fragment
        self._until = inf

    @property
    def watching(self) -> bool:
        """Whether the last utterance may still come again."""
        return self._matched < len(self._expected)

    def read(self, event: InputTranscript, now: float) -> list[InputTranscript]:
        """What is to be reported of a fragment, and of those held back before it."""
        reported = [] if self._may_repeat(now) else self.settle()
        if not self.watching:
            self._note(event)
            return [*reported, event]
        letters = _letters(event.text)
        left = self._expected[self._matched :]
        if left.startswith(letters):
            self._matched += len(letters)
            self._held.append(event)
            if not self.watching:
                self._repeated(event)
            return []
        if letters.startswith(left):
            rest = InputTranscript(_after(event.text, len(left)), event.finished)
            self._matched += len(left)
            self._repeated(event)
            self._said = (self._said + _letters(rest.text))[:MOST_LETTERS]
            return [rest]
        self._held.append(event)
        return self.settle()

    def moved(self) -> None:
        """The last utterance may be transcribed again from its beginning."""
        self._expected, self._matched = self._said, 0
        self._held.clear()
        self._open = self._by_right = False
        self._until = inf

    def resumed(self, *, again: bool, now: float) -> None:
        """The session goes on, on another connection.

        Args:
            again: that is sent audio which the one before was sent already.
        """
        self._by_right = again and not self._answered
        self._until = now + REPEATS_WITHIN_S

    def spoke(self) -> None:
        """The caller begins to speak."""
        self._spoke = True

    def settle(self) -> list[InputTranscript]:
        """What comes now is new; returned are fragments held back that were new after all."""
        reported, self._held = self._held, []
        self._expected, self._matched = "", 0
        for event in reported:
            self._note(event)
        return reported

    def utterance_over(self) -> None:
        """The model answered: the next fragment begins another utterance."""
        self._open = False
        self._answered = True

    def _may_repeat(self, now: float) -> bool:
        return self._by_right or (not self._spoke and now < self._until)

    def _repeated(self, last: InputTranscript) -> None:
        """The utterance has come again; what follows goes on from it."""
        self.swallowed += len(self._held)
        self._held.clear()
        self._open = not last.finished

    def _note(self, event: InputTranscript) -> None:
        letters = _letters(event.text)
        if letters:
            said = self._said if self._open else ""
            self._said = (said + letters)[:MOST_LETTERS]
            self._answered = self._spoke = False
        self._open = not event.finished


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).casefold()


def _after(text: str, n_letters: int) -> str:
    """The text behind its first letters."""
    for place, character in enumerate(text):
        if n_letters <= 0:
            return text[place:]
        n_letters -= len(_letters(character))
    return ""
