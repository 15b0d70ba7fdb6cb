"""The simulated model's mind, ear and voice: a script, and numbered sound; without I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.audio.pcm import Pcm16
from agent.call import prompts
from agent.sim.dialogue import CallTools, Move, Nothing, Say
from agent.sim.server_io import Speech
from agent.sim.simulation import numbered
from agent.sim.simulation.record import Said, Voiced
from agent.sim.simulation.script import DONE, END_CALL, TOOL, WORD_MS, Script

HEARD = "utterance"
_PER_MS = 16
_LOOK_MS = 50
"""The ear looks at every so many milliseconds."""


class SimMind:
    """Answers what the script says; `copy.copy` of one goes its own way.

    Attributes:
        grammar: anything may be said.
    """

    grammar = ""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._answered: frozenset[int] = frozenset()

    def __copy__(self) -> SimMind:
        twin = SimMind(self._script)
        twin._answered = self._answered
        return twin

    def greeting(self, text: str) -> Move:
        """The first text."""
        return self._typed(text)

    def heard(self, text: str) -> Move:
        """An utterance, or a text."""
        if not text.startswith(HEARD):
            return self._typed(text)
        found = {int(word) for word in text.split() if word.isdecimal()}
        new = [u for u in self._script.utterances if u.number in found - self._answered]
        if not new:
            return Nothing()
        self._answered |= found
        last = next((u for u in reversed(new) if u.answer != "reply"), new[-1])
        if last.answer == "end":
            return CallTools(((END_CALL, {}),), None)
        if last.answer == "tool":
            return CallTools(((TOOL, {"request": last.number}),), None)
        return Say(_words(f"reply-{last.number}", last.reply_words))

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """Says that it has come, and of which request."""
        if name == END_CALL:
            return Say(_words("goodbye", 4))
        request = str(response.get("output", "")).removeprefix(DONE)
        return Say(_words(f"result-{request}" if request.isdecimal() else "result", 4))

    def _typed(self, text: str) -> Move:
        if text.startswith(_GREETING):
            return Say(_words("greeting", self._script.greeting_words))
        return Say(_words("typed", 4))


_GREETING = prompts.GREETING[:20]


def _words(label: str, n: int) -> str:
    return " ".join([label, *(f"{label}.{i}" for i in range(2, n + 1))]) + "."


class Senses:
    """Ear and voice.

    Args:
        said: what the caller has said, in the order of its numbers.
        voiced: where to note what is spoken.
    """

    def __init__(self, said: list[Said], voiced: list[Voiced], now: Callable[[], float]) -> None:
        self._said, self._voiced, self._now = said, voiced, now
        self._next = 1

    def hear(self, pcm16k: Pcm16) -> str:
        """Which utterances there are in it."""
        found: list[int] = []
        for number in numbered.numbers(pcm16k, _PER_MS, _LOOK_MS).tolist():
            if number > 0:
                one = next((s for s in self._said if s.first <= number < s.first + s.n), None)
                if one is not None and one.number not in found:
                    found.append(one.number)
        return " ".join([HEARD, *map(str, found)])

    def speak(self, text: str) -> Speech:
        """Numbered milliseconds, as long as the text is."""
        n = len(text.split()) * WORD_MS
        self._voiced.append(Voiced(text.split()[0], self._next, n, self._now()))
        speech = numbered.speech(self._next, n)
        self._next += n
        return speech
