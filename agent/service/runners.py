"""Who runs the functions of each tenant: one runner as long as a tenant stays as it is."""

import asyncio
from weakref import WeakKeyDictionary, WeakSet

from agent.service.tenant_files import ReadyTenant
from agent.tools.journal import Journal
from agent.tools.runner import ToolRunner


class Runners:
    """The runners of a service.

    Calls that began before a reload keep the tenant they began with, and so its runner. One that
    no call uses any more and that has nothing under way is forgotten by itself.

    Args:
        journal: what has happened already; the owner closes it.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._runners: WeakKeyDictionary[ReadyTenant, ToolRunner] = WeakKeyDictionary()
        self._alive: WeakSet[ToolRunner] = WeakSet()

    def of(self, ready: ReadyTenant) -> ToolRunner:
        """The runner for a call that begins now."""
        runner = self._runners.get(ready)
        if runner is None:
            runner = self._runners[ready] = ToolRunner(ready.tools, self._journal)
            self._alive.add(runner)
        return runner

    async def close(self, patience_s: float) -> None:
        """Wait for what has begun, in all of them, then stop it."""
        await asyncio.gather(*(runner.close(patience_s) for runner in list(self._alive)))
