"""Tenant files that name the MCP servers of the tests, and the functions they come to."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from agent.tenants.parse import TenantFile, read_model
from agent.tenants.tenant import Tenant
from agent.tools import CallContext
from agent.tools.function import ToolFunction
from agent.tools.journal import MemoryJournal
from agent.tools.mcp import McpServers
from agent.tools.registry import ToolSet
from agent.tools.runner import ToolRunner
from tests.support.leaks import nothing_left

HERE = Path(__file__).parent
KIND = [sys.executable, str(HERE / "mcp_kind.py")]
HOSTILE = [sys.executable, "-S", "-E", str(HERE / "mcp_hostile.py")]
CONTEXT = CallContext("x", "CA1", "+15550100199", Path("/nowhere"))


def file(*entries: dict[str, Any], name: str = "x", number: int = 0) -> TenantFile:
    """A tenant's file with these servers."""
    whole = {
        "tenant": name,
        "numbers": [f"+155501001{number:02}"],
        "agent": {"instructions": "x"},
        "tools": [*({"mcp": {"name": "s", **entry}} for entry in entries), {"builtin": "end_call"}],
    }
    return read_model(yaml.safe_dump(whole, sort_keys=False), f"{name}.yaml", Tenant)


def hostile(*modes: str, allow: list[str], **more: Any) -> dict[str, Any]:
    return {"command": [*HOSTILE, *modes], "allow": allow, **more}


def kind(*allow: str, **more: Any) -> dict[str, Any]:
    return {"command": [*KIND], "allow": list(allow), **more}


def runner_of(functions: list[ToolFunction]) -> ToolRunner:
    return ToolRunner(ToolSet({}).with_functions(functions), MemoryJournal())


class Desk:
    """Where one tenant's tools are run, as a call would."""

    def __init__(self, servers: McpServers) -> None:
        self.servers = servers
        self.functions = {f.declaration.name: f for f in servers.functions("x")}
        self._runner = runner_of(list(self.functions.values()))
        self._asked = 0

    async def ask(self, tool: str, **args: object) -> dict[str, Any]:
        self._asked += 1
        number = str(self._asked)
        return await self._runner.run(number, f"s_{tool}", args, f"key{number}", CONTEXT)


@asynccontextmanager
async def desk(entry: dict[str, Any], **more: Any) -> AsyncIterator[Desk]:
    """Open the server of one entry."""
    async with McpServers(**more) as servers:
        await servers.serve({"x": file(entry)})
        yield Desk(servers)


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """On a real loop, since other programs know no other; at the end, nothing is left."""

    async def checked() -> T:
        async with nothing_left():
            return await main

    return asyncio.run(checked())


def alive(pid: int) -> bool:
    """Whether a process is there, and not only its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
