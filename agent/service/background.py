"""Work that goes on beside the service, and what is told of it when it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog

FLUSH_S = 5.0
"""How long work that is wound up has for the last of it."""
CANCEL_S = 1.0
"""How long it has to end once it is cancelled: what hangs may not even notice."""

_log = structlog.stdlib.get_logger()


@asynccontextmanager
async def in_background(
    work: Coroutine[Any, Any, None], failed: str, wind_up: Callable[[], None] | None = None
) -> AsyncIterator[None]:
    """Let `work` go on while the block runs; at its end it is cancelled.

    Args:
        failed: the event of the log if it ends with an error, which is told when it happens.
        wind_up: tells it to end by itself, for which it has `FLUSH_S` before it is cancelled.

    Not a task group: the two ends of an application's life may run in different tasks.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(partial(_tell, failed))
    try:
        yield
    finally:
        if wind_up is not None:
            wind_up()
            await asyncio.wait([task], timeout=FLUSH_S)
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_S)


def _tell(failed: str, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error(failed, exc_info=error)
