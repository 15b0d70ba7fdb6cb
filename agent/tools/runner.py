"""Runs business functions for the model: in time, a few at once, once for each request.

A function that has begun is not stopped because its telephone call no longer wants the answer: it
may have taken effect, and a request made again must get its result. So it runs in a task of its
own, which belongs to the runner and not to the call, until it is done or its time is up.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

import structlog

from agent.errors import ToolError
from agent.tools.context import CallContext
from agent.tools.journal import Busy, Committed, Journal, MemoryJournal, Mine, Starts, Unknown
from agent.tools.registry import Function, ToolSet
from agent.tools.results import answer_with, error_with

MAX_CONCURRENT = 8
LEASE_MARGIN_S = 10.0
"""For a result to be written down, beyond the function's own time."""
STOP_S = 1.0
"""For a function to stop when it is told to; one that does not is left alone."""
LOOK_AGAIN_S = 0.1
"""How often to look whether another process has finished."""

_log = structlog.stdlib.get_logger()


@dataclass(slots=True)
class _Effect:
    """A request that is being executed.

    Attributes:
        begun: too late to prevent it.
        waiting: how many want its answer.
    """

    task: asyncio.Task[dict[str, Any]] = field(init=False)
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
    """

    def __init__(
        self,
        tools: ToolSet,
        journal: Journal | None = None,
        *,
        max_concurrent: int = MAX_CONCURRENT,
    ) -> None:
        self.starts = Starts()
        self._tools = tools
        self._journal: Journal = journal or MemoryJournal()
        self._places = asyncio.Semaphore(max_concurrent)
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
        began = clock()
        answer = await self._answer(name, args, key, context)
        _log.info(
            "tool.finished",
            tool=name if name in self._tools.functions else "(unknown)",
            tool_call=id,
            seconds=round(clock() - began, 3),
            ok="error" not in answer,
            **{"pii.args": dict(args), "pii.answer": answer},
        )
        return answer

    async def close(self, patience_s: float = 0.0) -> None:
        """Wait a while for what has begun, then stop it: its outcome is unknown from then on."""
        tasks = [effect.task for effect in self._effects.values()]
        for timeout_s in (patience_s, STOP_S):
            if tasks:
                _, left = await asyncio.wait(tasks, timeout=timeout_s)
                tasks = list(left)
                for task in tasks:
                    task.cancel()

    async def _answer(
        self, name: str, args: Mapping[str, Any], key: str, context: CallContext
    ) -> dict[str, Any]:
        function = self._tools.functions.get(name)
        if function is None:
            known = ", ".join(self._tools.functions) or "none"
            return error_with(
                f"There is no function of that name; known: {known}.", retryable=False
            )
        try:
            keywords = function.arguments(args, replace(context, idempotency_key=key))
        except ToolError as error:  # it did not begin: nothing for the journal
            return error_with(str(error), retryable=error.retryable)
        if function.repeatable:
            return await self._repeatable(function, keywords)
        return await self._once(key, function, keywords, context.call_id)

    async def _repeatable(self, function: Function, keywords: Mapping[str, Any]) -> dict[str, Any]:
        try:
            async with self._place(function) as deadline:
                return (await _execute(function, keywords, deadline))[0]
        except ToolError as error:
            return error_with(str(error), retryable=error.retryable)

    async def _once(
        self, key: str, function: Function, keywords: Mapping[str, Any], call_id: str
    ) -> dict[str, Any]:
        """Join the effect that is under way for this key, or begin it."""
        effect = self._effects.get(key)
        if effect is None:
            effect = self._effects[key] = _Effect()
            effect.task = asyncio.create_task(
                self._effect(effect, key, function, keywords, call_id)
            )
            effect.task.add_done_callback(lambda _: self._forget(key, effect))
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
        function: Function,
        keywords: Mapping[str, Any],
        call_id: str,
    ) -> dict[str, Any]:
        try:
            async with self._place(function) as deadline:
                effect.begun = True  # from here on nobody prevents it
                known = await self._begin(key, function)
                if known is not None:
                    return known
                self.starts.began(key, call_id)
                answer, stands = await _execute(function, keywords, deadline)
                if stands:
                    await self._journal.commit(key, answer)
                else:
                    self.starts.undone(key)
                    await self._journal.abandon(key)
                return answer
        except ToolError as error:
            return error_with(str(error), retryable=error.retryable)

    async def _begin(self, key: str, function: Function) -> dict[str, Any] | None:
        """Get hold of the journal's entry; returns the answer if there is nothing to execute."""
        name = function.declaration.name
        while True:
            known = await self._journal.begin(key, function.timeout_s + LEASE_MARGIN_S)
            match known:
                case Mine():
                    return None
                case Committed(response):
                    _log.info("tool.known", tool=name)
                    return response
                case Busy(left_s):
                    await asyncio.sleep(min(LOOK_AGAIN_S, left_s))
                case Unknown():
                    _log.warning("tool.outcome_unknown", tool=name)
                    return error_with(
                        f"{name} was interrupted on our side. {_UNKNOWN}", retryable=False
                    )
                case _:
                    assert_never(known)

    @asynccontextmanager
    async def _place(self, function: Function) -> AsyncIterator[float]:
        """A place among those that run, and the time by which to be done.

        Raises:
            ToolError: none came free in time.
        """
        deadline = asyncio.get_running_loop().time() + function.timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            name = function.declaration.name
            raise ToolError(f"{name} was not run: too many at once.", retryable=True) from None
        try:
            yield deadline
        finally:
            self._places.release()


_UNKNOWN = (
    "It is not known whether it took effect: "
    "tell the caller so, and do not call it again for the same request."
)


async def _execute(
    function: Function, keywords: Mapping[str, Any], deadline: float
) -> tuple[dict[str, Any], bool]:
    """Execute a function, in time.

    Returns:
        The answer, and whether it stands for this request. Only one that the function itself calls
        retryable does not: any other failure may come after an effect.
    """
    name = function.declaration.name
    try:
        async with asyncio.timeout_at(deadline) as limit:
            return answer_with(await _start(function, keywords)), True
    except ToolError as error:
        return error_with(str(error), retryable=error.retryable), not error.retryable
    except asyncio.CancelledError as error:
        if _stopped():
            raise
        return _failure(name, error), True
    except (Exception, SystemExit) as error:  # whatever it is, the model gets an answer
        if isinstance(error, TimeoutError) and limit.expired():
            return error_with(f"{name} did not answer in time. {_UNKNOWN}", retryable=False), True
        return _failure(name, error), True


def _stopped() -> bool:
    """Whether this task is being cancelled; else the cancellation is one of the function's own."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _failure(name: str, error: BaseException) -> dict[str, Any]:
    _log.error("tool.failed", tool=name, exc_info=error)
    message = f"{name} failed on our side. Tell the caller that it did not work."
    return error_with(message, retryable=False)


async def _start(function: Function, keywords: Mapping[str, Any]) -> object:
    """The one place where a business function begins to run."""
    if inspect.iscoroutinefunction(function.call):
        return await function.call(**keywords)
    return await asyncio.to_thread(function.call, **keywords)
