"""Functions of a business, well-behaved and not, and a runner for them."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agent.errors import ToolError
from agent.tools import CallContext
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet
from agent.tools.runner import ToolRunner
from tests.support.virtual_loop import run_virtually

CONTEXT = CallContext("x", "CA1", "+15550100199", Path("/nowhere"))


async def double(number: int, context: CallContext) -> dict[str, object]:
    """Double it."""
    return {"twice": number * 2, "call": context.call_id}


async def slow() -> str:
    """Take ten seconds."""
    await asyncio.sleep(10)
    return "done"


async def refuse() -> None:
    """Refuse."""
    raise ToolError("We are full: offer another day.", retryable=True)


async def crash() -> None:
    """Crash."""
    raise ValueError("Anna's number is 555")


async def own_timeout() -> None:
    """Run into a limit of its own."""
    raise TimeoutError("Anna")


async def own_cancellation() -> None:
    """Be let down by another task."""
    raise asyncio.CancelledError


async def leave() -> None:
    """Try to stop the service."""
    raise SystemExit(3)


async def interrupt() -> None:
    """Try to stop it in another way."""
    raise KeyboardInterrupt


async def odd() -> object:
    """Return what cannot be told."""
    return object()


NO_LIMITS: Mapping[str, int] = MappingProxyType({})


def runner(
    *functions: Callable[..., Any], max_concurrent: int = 8, at_once: Mapping[str, int] = NO_LIMITS
) -> ToolRunner:
    read = [read_function(function) for function in functions]
    return ToolRunner(
        ToolSet({function.declaration.name: function for function in read}, at_once),
        max_concurrent=max_concurrent,
    )


def answer(function: Callable[..., Any], **args: object) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        return await runner(function).run("1", function.__name__, args, "k", CONTEXT)

    return run_virtually(main())
