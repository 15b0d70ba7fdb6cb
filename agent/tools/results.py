"""What a function returned, made into an answer for the model: plain JSON, never too large."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import msgspec
from pydantic import BaseModel

from agent.errors import ToolError
from agent.tools.pruned import is_large, pruned

MAX_BYTES = 8 * 1024
"""Of an answer, with what is added to it on the way (docs/protocols/gemini-live.md C-18)."""
MAX_ERROR = 2_000
"""Characters of an error."""
LARGE = 10 * 1024
"""Past this, a result is cut before it is written as JSON."""
OUTCOME_UNKNOWN = (
    "It is not known whether it took effect: "
    "tell the caller so, and do not call it again for the same request."
)
_UNTOLD = "The function ran, but its result cannot be told."
_NOTE_BYTES = 256
_ROOM = MAX_BYTES - _NOTE_BYTES
_EMPTY = {b"[]", b"{}", b'""'}

_encoder = msgspec.json.Encoder(enc_hook=lambda value: _encode_other(value))


def answer_with(result: object) -> dict[str, Any]:
    """The response object for a result.

    Dataclasses, enums, dates, pydantic models and msgspec structs are taken as they are. None
    becomes a status, and what is empty is called so, since models call again when an answer says
    nothing (docs/protocols/gemini-live.md 3.4). What is too large is cut, and says so.

    Raises:
        ToolError: the result cannot be told to the model, although the function ran.
    """
    if result is None:
        result = {"status": "done"}
    length = len(result) if isinstance(result, list | tuple | str) else 0
    try:
        large = is_large(result, LARGE)
        text = _encoder.encode(pruned(result, LARGE) if large else result)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise ToolError(_UNTOLD) from error
    if large or len(text) > _ROOM:
        return _cut(text, length, pruned_before=large)
    if text == b"null":  # it was none: JSON has no infinity, and no number that is none
        raise ToolError(_UNTOLD)
    answer = {"output": msgspec.json.decode(text)}
    return {**answer, "status": "done, and the result is empty"} if text in _EMPTY else answer


def error_with(message: str, *, retryable: bool) -> dict[str, Any]:
    """The response object for a failure; a message of any length is cut to `MAX_ERROR`."""
    return {"error": message[:MAX_ERROR], "retryable": retryable}


def _encode_other(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _cut(text: bytes, length: int, *, pruned_before: bool) -> dict[str, Any]:
    """Whole items of a list while they fit; of anything else the first part, as text.

    Args:
        text: the result as JSON.
        length: of a list or text, before anything was left out.
        pruned_before: `text` is not all of it.
    """
    if text.startswith(b"["):
        items = msgspec.json.decode(text, type=list[msgspec.Raw])
        ends = list(accumulate(len(item) + 1 for item in items))
        if count := bisect_right(ends, _ROOM):
            kept = [msgspec.json.decode(item) for item in items[:count]]
            note = f"Too long: only the first {count} of {length or len(items)} items are here."
            return {"output": kept, "truncated": note}
    whole = f"{len(text)} bytes"
    if pruned_before:
        whole = f"{length} characters" if text.startswith(b'"') else "it"
    note = f"Too long: only the beginning of {whole} is here."
    return {"output": text[: _ROOM // 2].decode("utf-8", "ignore"), "truncated": note}
