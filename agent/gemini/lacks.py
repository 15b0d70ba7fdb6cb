"""What the state that a connection begins with lacks, and is to be sent; without I/O.

Source: docs/protocols/gemini-live.md 3.7, C-24, C-25, B14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agent.gemini.entries import SPOKEN, Entry, Kind
from agent.gemini.unanswered import Unanswered


class Lacks(Protocol):
    """Knows of each message whether the state is without it and is to have it."""

    def of(self, entry: Entry) -> bool:
        """Whether the next connection is sent this."""
        ...


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The service has said which messages are in it: the rest is not.

    Attributes:
        taken: the number up to which they are.
    """

    taken: int
    unanswered: Unanswered

    def of(self, entry: Entry) -> bool:
        """All that it lacks, but a text whose answer was heard: once is enough (C-34).

        The answer to a call it is sent in any case, for it may wait for that (B14).
        """
        if entry.index and entry.index <= self.taken:
            return False
        return entry.bound or not (entry.text and self.unanswered.has_answered(entry.text))


@dataclass(frozen=True, slots=True)
class Guessed:
    """Nobody has said it: what was sent counts as taken in, but for what is not answered.

    Attributes:
        begin: from where the caller's words are not; None: all of them are.
        covered: texts from before are in it.
        texts: some text is not answered.
    """

    begin: int | None
    covered: int
    texts: bool
    unanswered: Unanswered

    def of(self, entry: Entry) -> bool:
        """What nobody was sent, and what is not answered; no answers to calls."""
        if entry.bound or not entry.index:
            return not entry.bound
        if entry.kind in SPOKEN:
            return self.begin is not None and entry.start + entry.n > self.begin
        if entry.kind is not Kind.ASKS or not self.texts:
            return False
        return entry.start >= self.covered and not self.unanswered.has_answered(entry.text)
