"""Tools of MCP servers: which servers a service needs, and each tenant's functions of them.

The library that speaks the protocol is an extra of this package, and imported when a tenant's file
names a server.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agent.errors import ConfigError
from agent.tenants.parse import TenantFile
from agent.tenants.tools import McpTool
from agent.tools.function import ToolFunction
from agent.tools.mcp_bounds import OPEN_S
from agent.tools.mcp_function import mcp_function
from agent.tools.mcp_schema import Unusable
from agent.tools.mcp_target import Target, target_of

if TYPE_CHECKING:
    import mcp_types

    from agent.tools.mcp_server import McpServer

LINGER_S = 4 * 3600.0
"""A server that no file names any more serves the calls that began with it: none is longer."""
AT_ONCE = 4
"""Servers that are started at the same time."""
LIBRARY = frozenset({"mcp", "mcp_types", "httpx2", "anyio"})
MISSING = "MCP servers need the extra of that name: pip install 'seamline[mcp]'"

type _Key = tuple[Target, str, tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a tenant's file, and where it stands."""

    file: TenantFile
    field: str
    tool: McpTool
    target: Target

    @property
    def key(self) -> _Key:
        """What the functions of an entry depend on."""
        return self.target, self.tool.name, self.tool.allow, self.tool.timeout

    def problem(self, message: str, key: str = "") -> str:
        """A line about the entry, or about one of its keys."""
        words = f"server {self.tool.name}: {message}"
        return self.file.problem(f"{self.field}.{key}" if key else self.field, words)


class McpServers:
    """The servers of all tenants, for as long as the context lasts.

    Args:
        read_env, read_file: where secrets come from.
        open_s: how long a server may take to answer for the first time.
    """

    def __init__(
        self,
        read_env: Callable[[str], str | None] = os.environ.get,
        read_file: Callable[[str], str] = lambda path: Path(path).read_text(),
        *,
        open_s: float = OPEN_S,
    ) -> None:
        self._read_env = read_env
        self._read_file = read_file
        self._open_s = open_s
        self._servers: dict[Target, McpServer] = {}
        self._leaving: dict[Target, asyncio.TimerHandle] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._functions: dict[str, list[ToolFunction]] = {}
        self._known: dict[_Key, list[ToolFunction]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End every server; when this is over, no process is left."""
        for handle in self._leaving.values():
            handle.cancel()
        servers, self._servers = self._servers, {}
        await asyncio.gather(*self._stopping, *(server.stop() for server in servers.values()))

    @property
    def counters(self) -> Counter[str]:
        """Of all servers together; see `McpServer.counters`."""
        return sum((server.counters for server in self._servers.values()), Counter())

    async def serve(self, files: Mapping[str, TenantFile]) -> None:
        """Have the servers that these files name, and their tools; may be called again.

        Raises:
            ConfigError: with every problem of every file; what was served before is served on.
        """
        entries, problems = self._entries(files)
        fresh = await self._open(entries, problems)
        known = await self._list(entries, problems)
        if problems:
            await asyncio.gather(*(self._servers.pop(target).stop() for target in fresh))
            raise ConfigError(*problems)
        self._known, self._functions = known, {}
        for entry in entries:
            self._functions.setdefault(entry.file.model.tenant, []).extend(known[entry.key])
        self._let_go({entry.target for entry in entries})

    def functions(self, tenant: str) -> list[ToolFunction]:
        """A tenant's functions, in the order of its file."""
        return self._functions.get(tenant, [])

    def _entries(self, files: Mapping[str, TenantFile]) -> tuple[list[_Entry], list[str]]:
        entries: list[_Entry] = []
        problems: list[str] = []
        for file in files.values():
            for index, tool in enumerate(file.model.tools):
                if isinstance(tool, McpTool):
                    field = f"tools[{index}].mcp"
                    try:
                        target = target_of(tool, self._read_env, self._read_file)
                    except ConfigError as error:
                        problems += (file.problem(field, text) for text in error.problems)
                    else:
                        entries.append(_Entry(file, field, tool, target))
        return entries, problems

    async def _open(self, entries: Sequence[_Entry], problems: list[str]) -> list[Target]:
        """Start the servers that are missing; returns those that were started."""
        first = {entry.target: entry for entry in reversed(entries)}
        missing = [entry for target, entry in first.items() if target not in self._servers]
        if not missing:
            return []
        try:
            make = await asyncio.to_thread(_server_class)  # it takes most of a second
        except ConfigError as error:
            problems += (missing[0].problem(text) for text in error.problems)
            return []
        places = asyncio.Semaphore(AT_ONCE)

        async def start(entry: _Entry) -> None:
            server = make(entry.tool.name, entry.target, open_s=self._open_s)
            self._servers[entry.target] = server
            try:
                async with places:
                    await server.start()
            except ConfigError as error:
                del self._servers[entry.target]
                problems.append(entry.problem(str(error)))

        async with asyncio.TaskGroup() as group:
            for entry in missing:
                group.create_task(start(entry))
        return [entry.target for entry in missing if entry.target in self._servers]

    async def _list(
        self, entries: Sequence[_Entry], problems: list[str]
    ) -> dict[_Key, list[ToolFunction]]:
        """The functions of each entry: of those that are new, the servers are asked."""
        known = {entry.key: self._known[entry.key] for entry in entries if entry.key in self._known}
        fresh = {entry.key: entry for entry in entries if entry.key not in known}
        for target in {entry.target for entry in fresh.values()} & self._servers.keys():
            server = self._servers[target]
            asking = [entry for entry in fresh.values() if entry.target == target]
            try:
                tools = await server.tools({name for entry in asking for name in entry.tool.allow})
            except ConfigError as error:
                problems.append(asking[0].problem(str(error)))
                continue
            for entry in asking:
                known[entry.key] = list(_declared(entry, tools, server, problems))
        return known

    def _let_go(self, wanted: Set[Target]) -> None:
        """End the servers that nobody names any more, once the calls that use them are over."""
        for target in self._leaving.keys() & wanted:
            self._leaving.pop(target).cancel()
        for target in self._servers.keys() - wanted - self._leaving.keys():
            loop = asyncio.get_running_loop()
            self._leaving[target] = loop.call_later(LINGER_S, self._end, target)

    def _end(self, target: Target) -> None:
        del self._leaving[target]
        ending = asyncio.create_task(self._servers.pop(target).stop())
        self._stopping.add(ending)
        ending.add_done_callback(self._stopping.discard)


def _declared(
    entry: _Entry, tools: Mapping[str, mcp_types.Tool], server: McpServer, problems: list[str]
) -> Iterator[ToolFunction]:
    """The functions of an entry, as far as they can be declared."""
    for index, name in enumerate(entry.tool.allow):
        field = f"allow[{index}]"
        if name not in tools:
            problems.append(entry.problem(f'"{name}" is not a tool of this server', field))
            continue
        try:
            yield mcp_function(entry.tool, tools[name], server)
        except Unusable as error:
            problems.append(entry.problem(f'"{name}" cannot be told to the model: {error}', field))


def _server_class() -> type[McpServer]:
    """The part that speaks the protocol.

    Raises:
        ConfigError: the library it needs is not installed.
    """
    try:
        from agent.tools.mcp_server import McpServer
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] in LIBRARY:
            raise ConfigError(MISSING) from error
        raise
    return McpServer
