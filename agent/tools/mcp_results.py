"""What an MCP server answered, made into what the model can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import mcp_types as types
import msgspec

from agent.errors import ToolError

_LEFT_OUT = "{}: left out, since they cannot be told on the telephone"


def result_of(name: str, result: types.CallToolResult | types.InputRequiredResult) -> object:
    """The result itself: structured where the server says so, else its text.

    Raises:
        ToolError: the server says that it did not work, or asks for what nobody can give.
    """
    if isinstance(result, types.InputRequiredResult):
        raise ToolError(f"{name} was not run: it asks for more than a telephone call can give.")
    texts, others = _sorted(result.content)
    text = "\n".join(texts)
    if result.is_error:
        raise ToolError(text or f"{name} says that it did not work, and not why.")
    told = result.structured_content
    if told is None:
        told = _value_of(text)
    if not others:
        return told
    parts = ", ".join(f"{count} {kind}" for kind, count in others.items())
    return {"result": told, "note": _LEFT_OUT.format(parts)}


def _sorted(content: Sequence[types.ContentBlock]) -> tuple[list[str], Counter[str]]:
    """What can be told, and how much of which kind cannot."""
    texts: list[str] = []
    others: Counter[str] = Counter()
    for block in content:
        match block:
            case types.TextContent():
                texts.append(block.text)
            case types.ResourceLink():
                texts.append(f"{block.title or block.name}: {block.uri}")
            case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
                texts.append(resource.text)
            case types.EmbeddedResource():
                others["file"] += 1
            case _:
                others[block.type] += 1
    return texts, others


def _value_of(text: str) -> Any:
    """Text that is JSON is told as what it means; no text at all as "done"."""
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            pass
    return text or None
