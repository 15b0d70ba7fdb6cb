"""What the model calls what an entry under `tools` provides, without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.tenants.tools import McpTool, name_of

_STRANGE = re.compile(r"[^A-Za-z0-9_]")


def mcp_name(server: str, tool: str) -> str:
    """The name under which the model knows a tool of an MCP server."""
    return f"{server}_{_STRANGE.sub('_', tool)}"


def declared_names(tool: object) -> tuple[str, ...]:
    """The names of the functions that an entry provides; of a server, those it may."""
    if isinstance(tool, McpTool):
        return tuple(mcp_name(tool.name, name) for name in tool.allow)
    return (name_of(tool)[1],)


def claims_of(tool: object) -> Mapping[str, Sequence[str]]:
    """By the name of a function: the words by which the agent says that it was done."""
    if isinstance(tool, McpTool):
        return {mcp_name(tool.name, name): words for name, words in tool.claims.items()}
    words: Sequence[str] = getattr(tool, "claims", ())
    return {name_of(tool)[1]: words} if words else {}
