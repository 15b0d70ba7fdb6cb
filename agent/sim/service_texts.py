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


type ServiceText = SayExactly | SayGoodbye | KeysPressed | LateResult


def _pattern(wording: str) -> re.Pattern[str]:
    """What a wording looks like once its fields are filled."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*)", re.escape(wording)), re.DOTALL)


_EXACTLY, _KEYS, _LATE = map(_pattern, (prompts.SAY_EXACTLY, prompts.KEYS, prompts.LATE_RESULT))


def read_service_text(text: str) -> ServiceText | None:
    """What the service wants; None when this is not one of its texts."""
    if found := _EXACTLY.search(text):
        return SayExactly(found["text"])
    if text in (prompts.IDLE_GOODBYE, prompts.WRAP_UP):
        return SayGoodbye()
    if found := _KEYS.fullmatch(text):
        return KeysPressed("".join(char for char in found["keys"] if char.isdigit()))
    if found := _LATE.fullmatch(text):
        return LateResult(found["name"], _object(found["result"]))
    return None


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
