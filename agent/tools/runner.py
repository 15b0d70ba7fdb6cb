"""Runs business functions for the model: in time, a few at once, once for each request.

A function that has begun is not stopped because its telephone call no longer wants the answer: it
may have taken effect, and a request made again must get its result. So it runs in a task of its
own, which belongs to the runner and not to the call, until it is done or its time is up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

import structlog

from agent.errors import ToolError
from agent.tools.context import CallContext
from agent.tools.execution import STOP_S, Answer, Outcome, execute, failure, refusal
from agent.tools.function import ToolFunction
from agent.tools.journal import Busy, Committed, Journal, MemoryJournal, Mine, Starts, Unknown
from agent.tools.pruned import is_large
from agent.tools.registry import ToolSet
from agent.tools.results import OUTCOME_UNKNOWN, error_with

MAX_CONCURRENT = 8
LEASE_MARGIN_S = 10.0
"""For a result to be written down, beyond the function's own time."""
MOST_TOLD = 64 * 1024
"""Characters that the model may send as arguments of one call;"""
LEAST_OF_EACH = 64
"""and each value counts as so many: a thousand of them, which cost a few milliseconds to check."""
TOO_MUCH = "(more than is taken)"
"""In the log, in the place of such arguments."""
LOOK_AGAIN_S = 0.1
"""How often to look whether another process has finished."""

_log = structlog.stdlib.get_logger()


def _too_much(args: Mapping[str, Any]) -> bool:
    return is_large(args, MOST_TOLD, LEAST_OF_EACH)


class _Full(ToolError):
    """Too many functions run already."""


@dataclass(slots=True)
class _Effect:
    """A request that is being executed.

    Attributes:
        begun: too late to prevent it.
        waiting: how many want its answer.
    """

    task: asyncio.Task[Answer] = field(init=False)
    begun: bool = False
    waiting: int = 0


class ToolRunner:
    """Runs the functions of one tenant.

    One runner serves all calls of the tenant, so that the limit on concurrency protects what the
    functions talk to. Close it when no call is left.

    Args:
        journal: what has happened already; the owner closes it.

    Attributes:
        starts: what has begun, counted where it begins.
        counters: what came of requests, by `Outcome`, and `joined`: those that waited for an
            effect under way.
        stuck: functions that were told to stop and still run; few, and not for long, if all
            take notice.
    """

    def __init__(
        self,
        tools: ToolSet,
        journal: Journal | None = None,
        *,
        max_concurrent: int = MAX_CONCURRENT,
    ) -> None:
        self.starts = Starts()
        self.counters: Counter[str] = Counter()
        self.stuck: set[asyncio.Task[object]] = set()
        self._tools = tools
        self._journal: Journal = journal or MemoryJournal()
        self._places = asyncio.Semaphore(max_concurrent)
        self._places_of = {name: asyncio.Semaphore(n) for name, n in tools.at_once.items()}
        self._effects: dict[str, _Effect] = {}

    async def run(
        self, id: str, name: str, args: Mapping[str, Any], key: str, context: CallContext
    ) -> dict[str, Any]:
        """Run one function and answer the model.

        Args:
            id: of the tool call, for the log.
            name: as the model called it.
            args: as the model sent them.
            key: the effect key: for one key, one effect, unless the function is `repeatable`.
            context: of the call.

        Returns:
            `{"output": ...}`, or `{"error": ..., "retryable": ...}` with a text the model can act
            on. Nothing is raised but `CancelledError`, when the call no longer wants the answer.
        """
        clock = asyncio.get_running_loop().time
        began, private = clock(), context.private()
        try:
            answer = await self._answer(name, args, key, context)
        except asyncio.CancelledError:
            self.counters[Outcome.CANCELLED] += 1
            raise
        self.counters[answer.outcome] += 1
        known = TOO_MUCH if _too_much(args) else dict(args)
        told = {"pii.args": known, "pii.answer": answer.response}
        _log.info(
            "tool.finished",
            tool=name if name in self._tools.functions else "(unknown)",
            tool_call=id,
            seconds=round(clock() - began, 3),
            ok="error" not in answer.response,
            outcome=answer.outcome.value,
            **({} if private or context.private() else told),
        )
        return answer.response

    async def close(self, patience_s: float = 0.0) -> None:
        """Wait a while for what has begun, then stop it: its outcome is unknown from then on."""
        tasks: list[asyncio.Task[Any]] = [effect.task for effect in self._effects.values()]
        tasks += self.stuck
        for timeout_s in (patience_s, 2 * STOP_S):  # a function has one of them to stop in
            if tasks:
                _, left = await asyncio.wait(tasks, timeout=timeout_s)
                tasks = list(left)
                for task in tasks:
                    task.cancel()

    async def _answer(
        self, name: str, args: Mapping[str, Any], key: str, context: CallContext
    ) -> Answer:
        function = self._tools.functions.get(name)
        if function is None:
            known = ", ".join(self._tools.functions) or "none"
            message = f"There is no function of that name; known: {known}."
            return Answer(error_with(message, retryable=False), Outcome.UNKNOWN_TOOL)
        if _too_much(args):
            message = f"{name} was not run: that is more than it takes. Call it again with less."
            return Answer(error_with(message, retryable=True), Outcome.BAD_ARGUMENTS)
        try:
            keywords = function.arguments(args, replace(context, idempotency_key=key))
        except ToolError as error:  # it did not begin: nothing for the journal
            return refusal(error, Outcome.BAD_ARGUMENTS)
        except Exception as error:  # a check may be a business's own, too
            return failure(name, error)
        if function.repeatable:
            return await self._repeatable(function, keywords)
        return await self._once(key, function, keywords, context.call_id)

    async def _repeatable(self, function: ToolFunction, keywords: Mapping[str, Any]) -> Answer:
        try:
            async with self._place(function) as deadline:
                return await execute(function, keywords, deadline, self.stuck)
        except _Full as error:
            return refusal(error, Outcome.FULL)

    async def _once(
        self, key: str, function: ToolFunction, keywords: Mapping[str, Any], call_id: str
    ) -> Answer:
        """Join the effect that is under way for this key, or begin it."""
        effect = self._effects.get(key)
        if effect is None:
            effect = self._effects[key] = _Effect()
            effect.task = asyncio.create_task(
                self._effect(effect, key, function, keywords, call_id)
            )
            effect.task.add_done_callback(lambda _: self._forget(key, effect))
        else:
            self.counters["joined"] += 1
        effect.waiting += 1
        try:
            return await asyncio.shield(effect.task)
        except asyncio.CancelledError:
            if effect.waiting == 1 and not effect.begun:
                self._forget(key, effect)
                effect.task.cancel()
            raise
        finally:
            effect.waiting -= 1

    def _forget(self, key: str, effect: _Effect) -> None:
        if self._effects.get(key) is effect:
            del self._effects[key]

    async def _effect(
        self,
        effect: _Effect,
        key: str,
        function: ToolFunction,
        keywords: Mapping[str, Any],
        call_id: str,
    ) -> Answer:
        try:
            async with self._place(function) as deadline:
                effect.begun = True  # from here on nobody prevents it
                known = await self._begin(key, function)
                if known is not None:
                    return known
                self.starts.began(key, call_id)
                answer = await execute(function, keywords, deadline, self.stuck)
                if answer.stands:
                    await self._journal.commit(key, answer.response)
                else:
                    self.starts.undone(key)
                    await self._journal.abandon(key)
                return answer
        except _Full as error:
            return refusal(error, Outcome.FULL)

    async def _begin(self, key: str, function: ToolFunction) -> Answer | None:
        """Get hold of the journal's entry; returns the answer if there is nothing to execute."""
        name = function.declaration.name
        while True:
            known = await self._journal.begin(key, function.timeout_s + LEASE_MARGIN_S)
            match known:
                case Mine():
                    return None
                case Committed(response):
                    _log.info("tool.known", tool=name)
                    return Answer(response, Outcome.KNOWN)
                case Busy(left_s):
                    await asyncio.sleep(min(LOOK_AGAIN_S, left_s))
                case Unknown():
                    _log.warning("tool.outcome_unknown", tool=name)
                    message = f"{name} was interrupted on our side. {OUTCOME_UNKNOWN}"
                    return Answer(error_with(message, retryable=False), Outcome.UNCERTAIN)
                case _:
                    assert_never(known)

    @asynccontextmanager
    async def _place(self, function: ToolFunction) -> AsyncIterator[float]:
        """A place among those that run, its own kind first, and the time by which to be done.

        Raises:
            _Full: none came free in time.
        """
        deadline = asyncio.get_running_loop().time() + function.timeout_s
        name = function.declaration.name
        async with AsyncExitStack() as places:
            try:
                async with asyncio.timeout_at(deadline):
                    if (own := self._places_of.get(name)) is not None:
                        await places.enter_async_context(own)
                    await places.enter_async_context(self._places)
            except TimeoutError:
                raise _Full(f"{name} was not run: too many at once.", retryable=True) from None
            yield deadline
