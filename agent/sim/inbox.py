"""What waits for the model's answer, and the mind that gives it, without I/O.

One input is thought about at a time. An utterance whose turn was interrupted before the mind was
asked is joined to the next one, as the model would see both; a reply that was interrupted before a
word of it was spoken is kept, and given if the mind has no answer to what interrupted it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from agent.audio.pcm import Pcm16
from agent.sim.dialogue import CallTools, Move, Nothing, Say
from agent.sim.mind import Mind
from agent.sim.server_frames import Call
from agent.sim.tool_book import ToolResult

_MOST_MISSING_CALLS = 5  # then a mind that keeps calling functions nobody declared is cut off
_CANCELLED = {"error": "The call was cancelled before it was answered.", "retryable": True}


@dataclass(slots=True)
class Entry:
    """Something to answer: an utterance, a typed text, or tool results.

    Attributes:
        ready_at: when the model has thought about it long enough.
        text: None while the ear is at work.
        utterance_id: 0 for what was not spoken.
        pcm16k: the utterance, while the ear is at work.
    """

    ready_at: float
    text: str | None = None
    utterance_id: int = 0
    results: tuple[ToolResult, ...] = ()
    pcm16k: Pcm16 | None = None

    @property
    def known(self) -> bool:
        """Whether the mind can be asked."""
        return self.text is not None or bool(self.results)


class Inbox:
    """Inputs in the order of their answers."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._waiting: deque[Entry] = deque()
        self._when_idle: deque[Entry] = deque()
        self._current: Entry | None = None
        self._opened = False
        self._carried = ""
        self._withheld: Move = Nothing()

    def copy(self, mind: Mind, unspoken: Move | None) -> Inbox:
        """The same for another mind; what is being thought about waits again.

        Args:
            unspoken: what this mind has answered and nobody has heard of yet, or None.
        """
        twin = Inbox(mind)
        current = [self._current] if self._current is not None else []
        twin._waiting.extend(replace(entry) for entry in (*current, *self._waiting))
        twin._when_idle.extend(replace(entry) for entry in self._when_idle)
        twin._opened, twin._carried = self._opened, self._carried
        twin._withheld = self._withheld if unspoken is None else unspoken
        return twin

    @property
    def unheard(self) -> list[tuple[int, Pcm16]]:
        """Utterances that the ear has not answered, by id."""
        return [(e.utterance_id, e.pcm16k) for e in self._waiting if e.pcm16k is not None]

    @property
    def result_due(self) -> bool:
        """Whether a function's result waits to be spoken of."""
        return bool(self._when_idle)

    def put(self, entry: Entry, *, next_: bool = False) -> None:
        """To be answered after all others, or before them."""
        if next_:
            self._waiting.appendleft(entry)
        else:
            self._waiting.append(entry)

    def put_when_idle(self, entry: Entry, *, next_: bool = False) -> None:
        """To be answered when nothing else is and the caller is silent."""
        if next_:
            self._when_idle.appendleft(entry)
        else:
            self._when_idle.append(entry)

    def begin(self, *, caller_speaking: bool) -> bool:
        """Begin to think about the next input; whether there is one."""
        if self._waiting:
            self._current = self._waiting.popleft()
        elif self._when_idle and not caller_speaking:
            self._current = self._when_idle.popleft()
        else:
            return False
        return True

    def next_at(self) -> float | None:
        """When `consider` has an answer; None while there is nothing, or nothing known."""
        entry = self._current
        return entry.ready_at if entry is not None and entry.known else None

    def consider(self, now: float, declared: Container[str]) -> Move | None:
        """The mind's answer to the current input, once, when it is time.

        Args:
            declared: the functions that can be called: a mind that knows others is told so.
        """
        at = self.next_at()
        if self._current is None or at is None or at > now:
            return None
        entry, self._current = self._current, None
        move = self.ask(entry)
        if isinstance(move, Nothing):
            move = self._withheld
        self._withheld = Nothing()
        return self._without_missing(move, declared)

    def skip(self, now: float) -> bool:
        """Pass over the current input of the caller's, when it is time; whether it was so."""
        at = self.next_at()
        if self._current is None or self._current.results or at is None or at > now:
            return False
        self._current = None
        return True

    def ask(self, entry: Entry) -> Move:
        """The mind's answer to one input, now."""
        opened, self._opened = self._opened, True
        if entry.results:
            return _joined([self._mind.tool_result(r.name, r.response) for r in entry.results])
        if entry.utterance_id:
            self._carry(entry.text or "")
            text, self._carried = self._carried, ""
            return self._mind.heard(text)
        text = entry.text or ""
        return self._mind.heard(text) if opened else self._mind.greeting(text)

    def heard(self, utterance_id: int, text: str) -> None:
        """What an utterance was."""
        entries = [self._current, *self._waiting] if self._current else self._waiting
        for entry in entries:
            if entry.utterance_id == utterance_id:
                entry.text = text
                entry.pcm16k = None
                return
        self._carry(text)  # its turn has been interrupted meanwhile

    def withdraw(self, unspoken: Move | None) -> None:
        """The current input's turn is interrupted before a word of it was sent.

        Args:
            unspoken: what the mind answered already, or None.
        """
        entry, self._current = self._current, None
        if unspoken is not None:
            self._withheld = unspoken
        elif entry is not None and entry.utterance_id:
            self._carry(entry.text or "")
        elif entry is not None:
            self._withheld = self.ask(entry)

    def cancelled(self, calls: Sequence[Call]) -> None:
        """The mind learns that these will not be answered; what it says to that can wait."""
        if calls:
            results = tuple(ToolResult(call.name, _CANCELLED) for call in calls)
            self._withheld = self.ask(Entry(0.0, results=results))

    def _without_missing(self, move: Move, declared: Container[str]) -> Move:
        """A model calls declared functions only."""
        for _ in range(_MOST_MISSING_CALLS):
            if not isinstance(move, CallTools):
                return move
            missing = [name for name, _ in move.calls if name not in declared]
            if not missing:
                return move
            error = {"error": f"There is no function {missing[0]}.", "retryable": False}
            move = self._mind.tool_result(missing[0], error)
        return Nothing()

    def _carry(self, text: str) -> None:
        self._carried = f"{self._carried} {text}".strip()


def _joined(moves: Sequence[Move]) -> Move:
    """What several results together move the mind to: a call goes before words."""
    for move in moves:
        if isinstance(move, CallTools):
            return move
    texts = [move.text for move in moves if isinstance(move, Say)]
    return Say(" ".join(texts)) if texts else Nothing()
