"""A mind that remembers a secret word and calls functions by name, without I/O.

For programs of the live client: what a resumed session knows can be asked for. A function is called
when its name is said: `room_temperature` by "What is the room temperature?".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from agent.sim.dialogue import CallTools, Move, Say

_TOLD = re.compile(r"\bsecret word is (\w+)", re.IGNORECASE)
_ASKED = re.compile(r"\bsecret word\b", re.IGNORECASE)


class MemoryMind:
    """Answers in one sentence.

    Args:
        tools: the functions declared in the session.
    """

    grammar = ""

    def __init__(self, tools: Collection[str] = ()) -> None:
        self._tools = tuple(tools)
        self._word: str | None = None

    def greeting(self, text: str) -> Move:
        """The session was opened with a typed text."""
        return self.heard(text)

    def heard(self, text: str) -> Move:
        """The caller said, or the client typed, this."""
        if found := _TOLD.search(text):
            self._word = found[1]
            return Say(f"I will remember {self._word}.")
        if _ASKED.search(text):
            known = f"The secret word is {self._word}."
            return Say(known if self._word else "Nobody has told me a secret word.")
        for tool in self._tools:
            if tool.replace("_", " ").lower() in text.lower():
                return CallTools(((tool, {}),))
        return Say(f"You said: {text}")

    def read(self, role: str, text: str) -> None:
        """A turn was handed over, to be known and not to be answered."""
        if found := _TOLD.search(text):
            self._word = found[1]

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """A function answered."""
        return Say(f"{name} says: {response.get('output', response)}.")
