"""A tool of an MCP server, as the model may call it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from agent.gemini.tools import FunctionDeclaration
from agent.tenants.tool_names import mcp_name
from agent.tenants.tools import McpTool
from agent.tools.context import CallContext
from agent.tools.function import ArgumentsError
from agent.tools.mcp_schema import Unusable, told

if TYPE_CHECKING:  # the library is an extra
    import mcp_types

    from agent.tools.mcp_server import McpServer

MAX_NAME = 128
MAX_DESCRIPTION = 2_000
"""Characters: every call pays for them in tokens."""

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class McpFunction:
    """A tool of a server.

    Attributes:
        declaration: what the model is told; the name begins with the server's.
        timeout_s: how long one run may take.
        repeatable: the server says that it changes nothing.
        tool: its name at the server.
        server: where it runs.
    """

    declaration: FunctionDeclaration
    timeout_s: float
    repeatable: bool
    tool: str
    server: McpServer

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        """Check the names of what the model sent; the server checks the values."""
        shape = self.declaration.parameters or {}
        known, required = shape.get("properties", {}), shape.get("required", [])
        values = {
            name: value
            for name, value in given.items()
            if value is not None or name in required or known.get(name, {}).get("nullable")
        }
        problems = [f'there is no argument "{name[:80]}"' for name in given if name not in known]
        problems += [f"{name} is missing" for name in required if name not in values]
        if problems:
            raise ArgumentsError(
                f"{self.declaration.name} was not run: {'; '.join(problems[:10])}. Correct this "
                "and call it again; ask the caller for what you do not know."
            )
        return {"arguments": values, "key": context.idempotency_key}

    async def run(self, keywords: Mapping[str, Any]) -> object:
        """Have the server run it."""
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            return await self.server.call(
                self.declaration.name, self.tool, **keywords, repeatable=self.repeatable
            )
        except asyncio.CancelledError:
            if clock() - began >= 0.9 * self.timeout_s:  # not because the caller hung up
                self.server.timed_out()
            raise


def mcp_function(entry: McpTool, tool: mcp_types.Tool, server: McpServer) -> McpFunction:
    """Make a server's tool ready to be declared and run.

    Raises:
        Unusable: the model cannot be told of it.
    """
    name = mcp_name(entry.name, tool.name)
    if len(name) > MAX_NAME:
        raise Unusable(f"the name {name[:40]}... is longer than {MAX_NAME} characters")
    shape = told(tool.input_schema)
    if shape.left_out:
        _log.info("mcp.left_out", server=entry.name, tool=tool.name, fields=shape.left_out[:20])
    words = tool.description or tool.title or f"{tool.name} of {entry.name}."
    hints = tool.annotations
    return McpFunction(
        FunctionDeclaration(name, words[:MAX_DESCRIPTION], shape.parameters),
        entry.timeout,
        bool(hints and (hints.read_only_hint or hints.idempotent_hint)),
        tool.name,
        server,
    )
