"""Runs business functions for the model: in time, a few at once, with an answer in every case."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

import structlog

from agent.errors import ToolError
from agent.tools.context import CallContext
from agent.tools.registry import Function, ToolSet
from agent.tools.results import answer_with, error_with

MAX_CONCURRENT = 8

_log = structlog.stdlib.get_logger()


class ToolRunner:
    """Runs the functions of one tenant.

    One runner serves all calls of the tenant, so that the limit on concurrency protects what the
    functions talk to.
    """

    def __init__(self, tools: ToolSet, *, max_concurrent: int = MAX_CONCURRENT) -> None:
        self._tools = tools
        self._places = asyncio.Semaphore(max_concurrent)

    async def run(
        self, id: str, name: str, args: Mapping[str, Any], context: CallContext
    ) -> dict[str, Any]:
        """Run one function and answer the model.

        Args:
            id: of the tool call, for the log.
            name: as the model called it.
            args: as the model sent them.
            context: of the call.

        Returns:
            `{"output": ...}`, or `{"error": ..., "retryable": ...}` with a text the model can act
            on. Nothing is raised but `CancelledError`, when the call no longer wants the answer.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        answer = await self._answer(name, args, context)
        _log.info(
            "tool.finished",
            tool=name if name in self._tools.functions else "(unknown)",
            tool_call=id,
            seconds=round(clock() - began, 3),
            ok="error" not in answer,
            **{"pii.args": dict(args), "pii.answer": answer},
        )
        return answer

    async def _answer(
        self, name: str, args: Mapping[str, Any], context: CallContext
    ) -> dict[str, Any]:
        function = self._tools.functions.get(name)
        if function is None:
            known = ", ".join(self._tools.functions) or "none"
            return error_with(
                f"There is no function of that name; known: {known}.", retryable=False
            )
        try:
            keywords = function.arguments(args, context)
            return answer_with(await self._in_time(function, keywords))
        except ToolError as error:
            return error_with(str(error), retryable=error.retryable)
        except (Exception, SystemExit) as error:  # whatever it is, the model gets an answer
            _log.error("tool.failed", tool=name, exc_info=error)
            message = f"{name} failed on our side. Tell the caller that it did not work."
            return error_with(message, retryable=False)

    async def _in_time(self, function: Function, keywords: Mapping[str, Any]) -> object:
        """The result, or a ToolError when the time is up; waiting for a place counts."""
        started = False
        try:
            async with asyncio.timeout(function.timeout_s) as limit:
                async with self._places:
                    started = True
                    return await _start(function, keywords)
        except TimeoutError:
            if not limit.expired():
                raise
        name = function.declaration.name
        if not started:
            raise ToolError(f"{name} was not run: too many at once.", retryable=True)
        raise ToolError(
            f"{name} did not answer in time. It is not known whether it took effect: "
            "tell the caller so, and do not call it again for the same request."
        )


async def _start(function: Function, keywords: Mapping[str, Any]) -> object:
    """The one place where a business function begins to run."""
    if inspect.iscoroutinefunction(function.call):
        return await function.call(**keywords)
    return await asyncio.to_thread(function.call, **keywords)
