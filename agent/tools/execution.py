"""One run of one function: in time, and whatever it does, with an answer for the model.

The function runs in a task of its own, so that one that takes no notice of its cancellation is
answered for all the same: it is left behind, and holds up neither its call nor its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog

from agent.errors import ToolError
from agent.tools.function import ToolFunction
from agent.tools.results import OUTCOME_UNKNOWN, answer_with, error_with

STOP_S = 1.0
"""For a function to stop when it is told to; one that does not is left alone."""

_log = structlog.stdlib.get_logger()


class Outcome(StrEnum):
    """What came of a request: the names of the runner's counters and of the log's `outcome`."""

    DONE = "done"
    TRUNCATED = "truncated"
    """Done, and the model is told the beginning of the result."""
    REFUSED = "refused"
    """The function said why not, or its result cannot be told."""
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    FULL = "full"
    """Too many ran at once; it did not begin."""
    UNKNOWN_TOOL = "unknown_tool"
    BAD_ARGUMENTS = "bad_arguments"
    KNOWN = "known"
    """It had happened before: the journal had the answer."""
    UNCERTAIN = "uncertain"
    """A run that died had begun it: nobody knows whether it happened, and it was not run again."""
    CANCELLED = "cancelled"
    """The call no longer wanted the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model gets.

    Attributes:
        response: `{"output": ...}`, or `{"error": ..., "retryable": ...}`.
        stands: it is the answer to this request for good, since there may have been an effect.
    """

    response: dict[str, Any]
    outcome: Outcome
    stands: bool = True


def refusal(error: ToolError, outcome: Outcome = Outcome.REFUSED) -> Answer:
    """The answer when a function, or its runner, says why not."""
    response = error_with(str(error), retryable=error.retryable)
    return Answer(response, outcome, stands=not error.retryable)


class _Left(Exception):
    """A function tried to end the process; raised in its place, since that would end the loop."""


async def execute(
    function: ToolFunction,
    keywords: Mapping[str, Any],
    deadline: float,
    stuck: set[asyncio.Task[object]],
) -> Answer:
    """Run a function.

    Args:
        deadline: of the loop's clock.
        stuck: gets the task of a function that is told to stop, until it does.

    Raises:
        CancelledError: when the caller of this is cancelled; the function is, too.
    """
    name = function.declaration.name
    task = asyncio.create_task(_run(function, keywords))
    task.add_done_callback(_retrieve)
    try:
        left_s = max(0.0, deadline - asyncio.get_running_loop().time())
        await asyncio.wait([task], timeout=left_s)
        in_time = task.done()
    finally:
        if not task.done():
            await _stop(task, name, stuck)
    if not task.done():
        return _late(function)
    if task.cancelled():
        return failure(name, asyncio.CancelledError()) if in_time else _late(function)
    error = task.exception()
    if error is None:
        return _told(name, task.result())
    if isinstance(error, ToolError):
        return refusal(error)
    return failure(name, error) if in_time else _late(function)


def failure(name: str, error: BaseException) -> Answer:
    """The answer when something broke on our side; what, is for the log only."""
    _log.error("tool.failed", tool=name, exc_info=error)
    message = f"{name} failed on our side. Tell the caller that it did not work."
    return Answer(error_with(message, retryable=False), Outcome.FAILED)


async def _run(function: ToolFunction, keywords: Mapping[str, Any]) -> object:
    """The one place where a business function begins to run."""
    try:
        return await function.run(keywords)
    except (SystemExit, KeyboardInterrupt) as error:
        raise _Left("a function tried to end the process") from error


def _retrieve(task: asyncio.Task[object]) -> None:
    """Look at what became of a task, so that nobody misses it."""
    if not task.cancelled():
        task.exception()


async def _stop(task: asyncio.Task[object], name: str, stuck: set[asyncio.Task[object]]) -> None:
    # First of all: whoever is cancelled may be cancelled again while it waits here.
    stuck.add(task)
    task.add_done_callback(stuck.discard)
    task.cancel()
    await asyncio.wait([task], timeout=STOP_S)
    if not task.done():
        _log.error("tool.stuck", tool=name)


def _told(name: str, result: object) -> Answer:
    try:
        response = answer_with(result)
    except ToolError as error:
        return refusal(error)
    except Exception as error:  # a result may be an object with a mind of its own
        return failure(name, error)
    return Answer(response, Outcome.TRUNCATED if "truncated" in response else Outcome.DONE)


def _late(function: ToolFunction) -> Answer:
    name = function.declaration.name
    if function.repeatable:
        message = f"{name} did not answer in time."
        return Answer(error_with(message, retryable=True), Outcome.TIMED_OUT)
    message = f"{name} did not answer in time. {OUTCOME_UNKNOWN}"
    return Answer(error_with(message, retryable=False), Outcome.TIMED_OUT)
