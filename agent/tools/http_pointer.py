"""The part of an answer that the model is told, by JSON pointer (RFC 6901); without I/O."""

from collections.abc import Mapping
from typing import Any


class NotThere(Exception):
    """A pointer leads nowhere in this answer."""


def select(answer: Any, result: str | Mapping[str, str] | None) -> Any:
    """What a tool's `result` asks for.

    Args:
        answer: as JSON was read.
        result: a pointer: what it points at. A name and a pointer for each: those that are there,
            and None for the others. None: all of it.

    Raises:
        NotThere: nothing of what was asked for is there.
    """
    if result is None:
        return answer
    if isinstance(result, str):
        return at(answer, result)
    found = {}
    for name, pointer in result.items():
        try:
            found[name] = at(answer, pointer)
        except NotThere:
            found[name] = None
    if all(value is None for value in found.values()):
        raise NotThere
    return found


def at(answer: Any, pointer: str) -> Any:
    """What one pointer points at; `NotThere` if nothing."""
    value = answer
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _is_index(token) and int(token) < len(value):
            value = value[int(token)]
        else:
            raise NotThere
    return value


def _is_index(token: str) -> bool:
    """Digits without a leading zero; a few, since a long number leads nowhere."""
    plain = token.isascii() and token.isdigit() and len(token) < 10
    return plain and (token == "0" or token[0] != "0")
