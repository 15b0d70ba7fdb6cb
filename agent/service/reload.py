"""The tenants that answer now, and the next generation of them when their files have changed.

A generation is taken over whole or not at all. A call keeps the tenant it began with, so nothing
under a running call changes; the next call gets the newest.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import structlog
from watchfiles import Change, awatch

from agent.errors import ConfigError
from agent.service.tenant_files import ReadyTenant, ReadyTenants, TenantLoader
from agent.tools.function import ToolFunction
from agent.tools.mcp import McpServers
from agent.tools.threads import Threads

QUIET_MS = 50
"""A reload waits until nothing has changed for so long: an editor writes in several steps;"""
BUSY_MS = 1000
"""but for no longer than this."""
LOOK_MS = 1000
"""How often to look whether the folders themselves are still the same."""
PAUSE_S = 0.0002
"""The loop gets the interpreter for so long after each file that was read."""
SLOW_S = 20.0
"""A reload that takes longer is told of; it goes on all the same."""
SLOW = (
    f"reading the tenants' files takes longer than {SLOW_S:g} s; does a module of functions wait "
    "for something while it is imported? Until it is done no change is taken over; if it never is, "
    "restart the service"
)
NAMED = 20
"""Tenants named in a line of the log; of more, only their number is told."""

type Watch = Callable[[Sequence[Path]], AsyncIterator[object]]
type Report = Callable[[Sequence[str]], None]

_log = structlog.stdlib.get_logger()
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it counts changes, of ours or not


@dataclass(frozen=True, slots=True)
class _Completed:
    """A tenant as it was loaded, what its servers have told of, and both together."""

    loaded: ReadyTenant
    further: list[ToolFunction]
    whole: ReadyTenant


class TenantStore:
    """The tenants of a service.

    Args:
        loader: reads them; a reload calls it in a thread.
        report: told the problems of each reload that is refused, besides the log.

    Attributes:
        current: who answers the next call.
        generation: its number, from 1.
        refused: why the files as they are now were not taken over; empty when they were.

    Raises:
        ConfigError: the first generation cannot be used.
    """

    def __init__(self, loader: TenantLoader, report: Report = lambda problems: None) -> None:
        self.current = loader.load()
        self.generation = 1
        self.refused: tuple[str, ...] = ()
        self._loader = loader
        self._report = report
        self._renewed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._threads = Threads()
        self._loaded = self.current
        self._servers: McpServers | None = None
        self._completed: dict[str, _Completed] = {}

    @property
    def tool_counters(self) -> Mapping[str, Counter[str]]:
        """What came of HTTP tools (`http`) and of MCP servers (`mcp`), of all tenants together."""
        servers = self._servers
        return {
            "http": self._loader.http.counters,
            "mcp": Counter() if servers is None else servers.counters,
        }

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connect what the tenants' tools need, for as long as calls run.

        Raises:
            ConfigError: a server of tools is not there, or does not have what a file names.
        """
        try:
            async with McpServers() as self._servers:
                self.current = await self._complete(self.current)
                yield
        finally:
            self._servers = None
            await self._loader.http.close()

    async def generations(self) -> AsyncGenerator[tuple[ReadyTenants, ReadyTenants], None]:
        """Each change from now on, as before and after; one that was overtaken is left out."""
        seen = self.current
        while True:
            if self.current is seen:
                await self._renewed.wait()
            before, seen = seen, self.current
            yield before, seen

    async def watch(self, watch: Watch | None = None) -> None:
        """Take over what changes in the folders, until cancelled."""
        changes = watch or folder_changes
        async for _ in changes(self._loader.folders):
            await self.reload()

    async def reload(self) -> bool:
        """Look at the files once.

        Returns:
            Whether there is a new generation. Why not, if it was refused, is in `refused`.
        """
        async with self._one_at_a_time:
            return await self._reload()

    async def _reload(self) -> bool:
        began = time.monotonic()
        try:
            loaded = await self._load()
            found = self.current
            if loaded is not self._loaded:
                found = await self._complete(loaded)
        except ConfigError as error:
            self._refuse(error.problems)
            return False
        self.refused, self._loaded = (), loaded
        if found is self.current:
            return False
        before, self.current = self.current, found
        self.generation += 1
        self._renewed.set()
        self._renewed = asyncio.Event()
        _log.info(
            "tenants.reloaded",
            generation=self.generation,
            tenants=len(found.by_name),
            numbers=len(found.directory.numbers),
            seconds=round(time.monotonic() - began, 3),
            **_changes(before, found),
        )
        return True

    async def _load(self) -> ReadyTenants:
        """Read the files in a thread that nobody waits for when the process ends.

        A module of functions runs its own lines when it is imported, and may never come to an end.
        """
        work = partial(self._loader.load, breathe)
        loading = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            await asyncio.wait([loading], timeout=SLOW_S)
            if not loading.done():
                self._refuse((SLOW,))
            return await loading
        finally:
            loading.cancel()

    def _refuse(self, problems: tuple[str, ...]) -> None:
        if problems != self.refused:
            self.refused = problems
            _log.error("tenants.refused", generation=self.generation, problems=problems)
            self._report(problems)

    async def _complete(self, loaded: ReadyTenants) -> ReadyTenants:
        """These tenants with the tools of their servers, which are asked."""
        if self._servers is None:
            return loaded
        await self._servers.serve(loaded.directory.files)
        further = {name: self._servers.functions(name) for name in loaded.by_name}
        if not any(further.values()):
            return loaded
        return await asyncio.to_thread(self._joined, loaded, further)

    def _joined(
        self, loaded: ReadyTenants, further: Mapping[str, Sequence[ToolFunction]]
    ) -> ReadyTenants:
        completed: dict[str, _Completed] = {}
        for name, ready in loaded.by_name.items():
            if not further[name]:
                continue
            known = self._completed.get(name)
            if known is None or known.loaded is not ready or known.further != further[name]:
                file = loaded.directory.files[name]
                whole = self._loader.with_functions(ready, file, further[name])
                known = _Completed(ready, list(further[name]), whole)
                breathe()
            completed[name] = known
        self._completed = completed
        by_name = {
            name: completed[name].whole if name in completed else ready
            for name, ready in loaded.by_name.items()
        }
        return ReadyTenants(MappingProxyType(by_name), loaded.directory)


def rewritten(before: ReadyTenants, after: ReadyTenants) -> list[ReadyTenant]:
    """The tenants that are new or whose files say something else than before."""
    old = before.by_name
    return [
        ready
        for name, ready in after.by_name.items()
        if name not in old or old[name].tenant is not ready.tenant
    ]


def breathe() -> None:
    """Let the loop's thread have the interpreter, from a thread that keeps it busy."""
    time.sleep(PAUSE_S)


def _changes(before: ReadyTenants, after: ReadyTenants) -> dict[str, object]:
    """What the log says of a new generation."""
    old, new = before.by_name, after.by_name
    names = {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in new.keys() & old.keys() if new[name] is not old[name]),
    }
    return {what: named if len(named) <= NAMED else len(named) for what, named in names.items()}


async def folder_changes(folders: Sequence[Path]) -> AsyncGenerator[object, None]:
    """Yield when something in the folders has changed and the writing has stopped.

    What a watch tells belongs to the folder that it began with: one that was moved away, and
    another put in its place, is watched anew. What has changed before the watch began to look is
    made up for by yielding once in any case.
    """
    while True:
        there = _present(folders)
        told = False
        async for changes in awatch(
            *there,
            watch_filter=_concerns_us,
            step=QUIET_MS,
            debounce=BUSY_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
        ):
            moved = _present(folders) != there
            if changes or moved or not told:
                told = True
                yield changes
            if moved:
                break


def _present(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """The folders that are there, and which ones they are."""
    found = {}
    for folder in folders:
        with suppress(OSError):
            state = folder.stat()
            found[folder] = state.st_dev, state.st_ino
    return found


def _concerns_us(_: Change, path: str) -> bool:
    """Whether a change may be one of tenants or functions: of a file of theirs, or of a folder.

    Folders count because whole sets of files are put in place by moving a folder or a link to one.
    """
    parts = Path(path)
    return "__pycache__" not in parts.parts and parts.suffix in {"", ".yaml", ".yml", ".py"}
