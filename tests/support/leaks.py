"""Whether a piece of the shell leaves anything behind: tasks, sockets."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

PATIENCE_S = 2.0
"""Real seconds that closings under way may take."""


def open_sockets() -> set[str]:
    """The sockets of this process, by the names the system gives them; Linux only."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            name = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:  # the listing's own
            continue
        if name.startswith("socket:"):
            found.add(name)
    return found


async def until(true: Callable[[], bool]) -> bool:
    """Let the loop run, without letting its time pass, until something is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not true() and time.monotonic() < deadline:  # noqa: ASYNC110 (nobody tells of it)
        await asyncio.sleep(0)
    return true()


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Check that what is done inside leaves no task and no socket."""
    tasks, sockets = asyncio.all_tasks(), open_sockets()
    yield
    await until(lambda: asyncio.all_tasks() <= tasks and open_sockets() <= sockets)
    left = asyncio.all_tasks() - tasks
    assert not left, f"tasks left behind: {left}"
    assert not open_sockets() - sockets, f"sockets left open: {open_sockets() - sockets}"
