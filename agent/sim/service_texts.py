"""The texts that the service types to the model, recognised again; without I/O.

Their wordings are `agent.call.prompts`; everything else that is typed is taken for the caller's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.call import prompts


@dataclass(frozen=True, slots=True)
class SayExactly:
    """Words to be spoken."""

    words: str


@dataclass(frozen=True, slots=True)
class SayGoodbye:
    """The call ends, or has to."""


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """The caller pressed these digits; other keys are left out."""

    digits: str


@dataclass(frozen=True, slots=True)
class LateResult:
    """A function that was given up has answered; an answer that cannot be read is empty."""

    name: str
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GoOn:
    """The last reply was cut off; "" when it is not known after which words."""

    heard: str


@dataclass(frozen=True, slots=True)
class AnswerNow:
    """An answer to the caller's last words has not come."""


@dataclass(frozen=True, slots=True)
class SayAgain:
    """The caller wants to hear the last words again."""


type ServiceText = GoOn | AnswerNow | SayAgain | SayExactly | SayGoodbye | KeysPressed | LateResult


LONGEST_TAIL = 6
"""Words by which the place is found again where a reply was cut off."""


def _pattern(wording: str) -> re.Pattern[str]:
    """What a wording looks like once its fields are filled."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*)", re.escape(wording)), re.DOTALL)


_EXACTLY, _KEYS, _LATE, _CONTINUE = map(
    _pattern, (prompts.SAY_EXACTLY, prompts.KEYS, prompts.LATE_RESULT, prompts.CONTINUE)
)


def read_service_text(text: str) -> ServiceText | None:
    """What the service wants; None when this is not one of its texts."""
    if found := _CONTINUE.fullmatch(text):
        return GoOn(found["text"])
    if text == prompts.GO_ON:
        return GoOn("")
    if text == prompts.ANSWER:
        return AnswerNow()
    if found := _EXACTLY.search(text):
        return SayExactly(found["text"])
    if text == prompts.KEY_REPEAT:
        return SayAgain()
    if text in (prompts.IDLE_GOODBYE, prompts.KEY_GOODBYE, prompts.WRAP_UP):
        return SayGoodbye()
    if found := _KEYS.fullmatch(text):
        return KeysPressed("".join(char for char in found["keys"] if char.isdigit()))
    if found := _LATE.fullmatch(text):
        return LateResult(found["name"], json_object(found["result"]))
    return None


def rest_of(reply: str, heard: str) -> str:
    """What of a reply comes after the words that were heard; all of it when they are not in it."""
    words = reply.split()
    last = [_bare(word) for word in heard.split()][-LONGEST_TAIL:]
    bare = [_bare(word) for word in words]
    for length in range(len(last), 0, -1):
        tail = last[-length:]
        for start in range(len(words) - length, -1, -1):
            if bare[start : start + length] == tail:
                return " ".join(words[start + length :])
    return reply


def _bare(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())


def json_object(text: str) -> Mapping[str, Any]:
    """What a result that was written as text is; one that cannot be read is empty."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
