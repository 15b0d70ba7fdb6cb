"""Work that goes on beside the service, and what is told of it when it fails."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog

_log = structlog.stdlib.get_logger()


@asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None], failed: str) -> AsyncIterator[None]:
    """Let `work` go on while the block runs; at its end it is cancelled.

    Args:
        failed: the event of the log if it ends with an error, which is told when it happens.

    Not a task group: the two ends of an application's life may run in different tasks.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(partial(_tell, failed))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _tell(failed: str, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error(failed, exc_info=error)
