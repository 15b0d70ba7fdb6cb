"""What was said so far, as a session is told of it that knows none of it, or not all; without I/O.

The service does not hand out its history; this is our own, from the transcripts. Functions stand
in it as text, since most models refuse function parts in turns they are handed (B11).
Source: docs/protocols/gemini-live.md 3.8, 3.9, C-23, B6, B10.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from agent.gemini.content import MODEL, SYSTEM, USER, Content, Part, text_content
from agent.gemini.models import Profile

MOST_CHARACTERS = 24_000
"""About a quarter of an hour of talk; older turns are left out."""
MOST_RESULT = 2_000

GOES_ON = (
    "This conversation is already under way; the line to you was interrupted for a moment. "
    "Go on from where it stopped. Do not greet again and do not mention the interruption."
)
TRANSCRIPT = "What was said so far:"
_NAMES = {USER: "Caller", MODEL: "You", SYSTEM: "Instruction"}


class _Turn(NamedTuple):
    role: str
    text: str
    spoken: bool  # else it is a note
    saved: int = 0  # the number of the first handle that knows of it; 0: none does


class History:
    """The turns of one conversation."""

    def __init__(self) -> None:
        self._turns: deque[_Turn] = deque()
        self._size = 0
        self._open: str | None = None  # the role of the last turn while it goes on
        self._caller_open = False  # the caller's last words may get more
        self._caller_saved = 0  # the handle that knows the caller's next words already, if one does

    def __bool__(self) -> bool:
        return bool(self._turns)

    def said(self, role: str, text: str) -> None:
        """A fragment of a turn; it joins the last one while that is the same role's and open.

        Words of the caller that come while the model's turn is open belong before it (B28).
        """
        if not text:
            return
        late = self._open == MODEL and role == USER
        reply = self._turns.pop() if late else None
        joins = self._open == role or (late and self._caller_open)
        saved = self._caller_saved if role == USER else 0
        last = self._turns[-1] if joins and self._turns else None
        if last is not None and last.role == role and (saved or not last.saved):
            del self._turns[-1]
            text = last.text + text
            self._size -= len(last.text)
        self._add(_Turn(role, text, spoken=True, saved=saved))
        if reply is not None:
            self._turns.append(reply)
        else:
            self._open = role
        if role == USER:
            self._caller_open = True
        self._trim()

    def turn_over(self) -> None:
        """What comes now begins a turn of its own."""
        self._open = None
        self._caller_open = False
        self._caller_saved = 0

    def saved(self, number: int, *, listening: bool) -> None:
        """A handle came that knows of all this; the session's handles are numbered from 1.

        Args:
            listening: and of what the caller has begun to say, of which no word is here yet.
        """
        self._turns = deque(t if t.saved else t._replace(saved=number) for t in self._turns)
        self._caller_saved = number if listening else 0

    def heard(self, text: str) -> None:
        """Of the model's last turn the caller heard only this."""
        for place in range(len(self._turns) - 1, -1, -1):
            turn = self._turns[place]
            if turn.role == MODEL and turn.spoken:
                self._size += len(text) - len(turn.text)
                if text:
                    self._turns[place] = turn._replace(text=text)
                else:
                    del self._turns[place]
                break
        self._open = None
        self._trim()

    def called(self, name: str, args: Mapping[str, object]) -> None:
        """The model asked for a function."""
        self._note(f"(I called {name} with {_short(args)}.)")

    def result(self, name: str, response: Mapping[str, object]) -> None:
        """A function answered."""
        self._note(f"({name} answered: {_short(response)})")

    def turns(
        self, profile: Profile, *, without_last_words: bool, known_to: int | None = None
    ) -> tuple[Content, ...]:
        """What a session is handed.

        Args:
            without_last_words: leave out what the caller said last, if nobody answered it.
            known_to: the number of a handle: only what it does not know of; 0: that knows nothing
                of this. None: all, to a fresh session.
        """
        known = range(1, (known_to or 0) + 1)
        told = [t for t in self._turns if t.text.strip() and t.saved not in known]
        if without_last_words and told and told[-1].role == USER:
            told.pop()
        turns = [Content((Part(text=turn.text.strip()),), turn.role) for turn in told]
        if turns and turns[-1].role == MODEL and profile.history_ends_with_user:
            turns.append(text_content(f"({GOES_ON})"))
        return tuple(turns)

    def transcript(self) -> str:
        """The same as one text, for the instruction."""
        lines = [f"{_NAMES[turn.role]}: {turn.text.strip()}" for turn in self._turns]
        return "\n".join([TRANSCRIPT, *lines])

    def _note(self, text: str) -> None:
        self._open = None
        self._add(_Turn(MODEL, text, spoken=False))
        self._trim()

    def _add(self, turn: _Turn) -> None:
        self._turns.append(turn)
        self._size += len(turn.text)

    def _trim(self) -> None:
        while self._size > MOST_CHARACTERS:
            oldest = self._turns.popleft()
            self._size -= len(oldest.text)
            if not self._turns:  # one endless turn: its end is kept
                self._add(oldest._replace(text=oldest.text[-MOST_CHARACTERS:]))


def _short(value: Mapping[str, object]) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= MOST_RESULT else text[:MOST_RESULT] + "..."
