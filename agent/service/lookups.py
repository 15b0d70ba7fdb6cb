"""What is known of a caller before the agent answers: looked up in time, or not at all.

A look-up is a run of one of the tenant's tools, by the tenant's runner: checked, journalled and
logged as when the model asks for it. The caller waits for it no longer than its time, even where
the tool takes no notice of being told to stop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

import structlog

from agent.call.requests import canonical, effect_key
from agent.tenants.lookup import Lookup
from agent.tenants.placeholders import facts_of
from agent.tools.context import CallContext

TOOL_CALL = "lookup"
"""In the log, in the place of the id of a tool call."""

_log = structlog.stdlib.get_logger()


class Outcome(StrEnum):
    """What came of a look-up: the log's `outcome`, and after `lookup_` the service's counters."""

    FOUND = "found"
    NOTHING = "nothing"
    """The result has no field that can stand in a prompt."""
    FAILED = "failed"
    """The tool answered with an error."""
    TIMED_OUT = "timed_out"
    WITHHELD = "withheld"
    """The caller's number is needed, and not known; the tool was not run."""


class Run(Protocol):
    """Runs a tool, as `ToolRunner.run` does."""

    async def __call__(
        self, id: str, name: str, args: Mapping[str, Any], key: str, context: CallContext
    ) -> dict[str, Any]:
        """Answer with the response object; never raises but `CancelledError`."""
        ...


class Lookups:
    """The look-ups of a service.

    Args:
        counters: of the service; look-ups are counted there.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._late: set[asyncio.Task[dict[str, Any]]] = set()

    async def look_up(self, lookup: Lookup, run: Run, context: CallContext) -> dict[str, str]:
        """What is known of the caller, by field; empty when there is nothing in time.

        Args:
            run: of the tenant's tools.
            context: of the call that is about to begin.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        facts, outcome = await self._looked_up(lookup, run, context)
        self._counters[f"lookup_{outcome}"] += 1
        _log.info(
            "lookup.finished",
            tenant=context.tenant,
            call_id=context.call_id,
            tool=lookup.tool,
            outcome=outcome.value,
            seconds=round(clock() - began, 3),
            fields=len(facts),
        )
        return facts

    async def close(self) -> None:
        """Wait for what was told to stop; its runner's `close` sees to it that it does."""
        if self._late:
            await asyncio.wait(self._late)

    async def _looked_up(
        self, lookup: Lookup, run: Run, context: CallContext
    ) -> tuple[dict[str, str], Outcome]:
        arguments = lookup.arguments_for(context.caller)
        if arguments is None:
            return {}, Outcome.WITHHELD
        # A name that no function has: the model's own request for the same is another one.
        key = effect_key(context.call_id, f"lookup {lookup.tool}", canonical(arguments), 0)
        task = asyncio.create_task(run(TOOL_CALL, lookup.tool, arguments, key, context))
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        try:
            await asyncio.wait([task], timeout=lookup.timeout)
        finally:
            in_time = task.done()
            task.cancel()
        if not in_time or task.cancelled():
            return {}, Outcome.TIMED_OUT
        response = task.result()
        if "error" in response:
            return {}, Outcome.FAILED
        facts = facts_of(response["output"])
        return facts, Outcome.FOUND if facts else Outcome.NOTHING
