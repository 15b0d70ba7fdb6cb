"""Who the caller of the continuity cases talks to: a mind that remembers one word, if it was told.

It answers four sentences, goes on where it was cut off when it is asked to and knows what it was
talking about, and learns from a history that it is given what an earlier session had heard.
"""

from collections.abc import Mapping
from copy import copy
from typing import Any

from agent.sim.dialogue import CallTools, Move, Say
from agent.sim.service_texts import (
    AnswerNow,
    GoOn,
    LateResult,
    SayExactly,
    read_service_text,
    rest_of,
)
from bench.continuity_sound import REPLY, REPLY_WORDS

REMEMBER, TELL, RECALL, BOOK = SENTENCES = (
    "the word is harbor",
    "tell me everything",
    "which word was it",
    "book a table",
)
"""What the caller's markers 0 to 3 mean."""

ANSWERS = {
    REMEMBER: {"noted"},
    TELL: set(REPLY_WORDS),
    RECALL: {"known", "unknown"},
    BOOK: {"booked", "failed"},
}
"""Words of which one is in the answer to each."""

FUNCTION = "book_table"


class Witness:
    """Answers; `copy.copy` gives one that goes its own way."""

    grammar = ""

    def __init__(self) -> None:
        self._knows = False
        self._telling = False
        self._last: Move = Say("hello.")

    def __copy__(self) -> "Witness":
        twin = Witness()
        twin._knows, twin._telling, twin._last = self._knows, self._telling, self._last
        return twin

    def read(self, role: str, text: str) -> None:
        """History, or words about it."""
        self._knows = self._knows or REMEMBER.split()[-1] in text
        self._telling = self._telling or TELL in text

    def greeting(self, text: str) -> Move:
        """The session was opened with a typed text, which may be the second session of a call."""
        match read_service_text(text):
            case SayExactly() | None:
                return self._say("hello.")
            case _:
                return self.heard(text)

    def heard(self, text: str) -> Move:
        """The caller said this, or the client typed it."""
        match read_service_text(text):
            case GoOn(heard):
                return Say(rest_of(REPLY, heard)) if self._telling else self._say("pardon.")
            case AnswerNow():
                return self._last
            case LateResult(name, response):
                return self.tool_result(name, response)
            case SayExactly() | None:
                pass
            case _:
                return self._say("pardon.")
        if REMEMBER in text:
            self._knows = True
        if BOOK in text:
            self._last = CallTools(((FUNCTION, {"people": 4}),))
            return copy(self._last)
        if RECALL in text:
            return self._say("known." if self._knows else "unknown.")
        if TELL in text:
            self._telling = True
            return self._say(REPLY)
        return self._say("noted." if REMEMBER in text else "pardon.")

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """The booking was made, or was not."""
        return self._say("failed." if "error" in response else "booked.")

    def _say(self, text: str) -> Move:
        self._last = Say(text)
        return self._last
