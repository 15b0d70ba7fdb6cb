"""An event loop for real sockets on loopback whose time jumps once all of them are silent.

Like the virtual loop, it makes a wait of ten seconds take none. Since bytes on loopback may take a
moment, it gives them one before it jumps. While an executor's thread is at work, it waits; other
threads, as a database's, say nothing until they are done, so that the moment is longer with them.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

from agent.testing.clock import JumpingLoop
from tests.support.leaks import nothing_left

GRACE_S = 0.0001
GRACE_WITH_THREADS_S = 0.001
LONGEST_SILENCE_S = 5.0


def run_on_loopback[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that uses sockets; no task and no socket may be left when it returns."""

    async def checked() -> T:
        async with nothing_left():
            result = await main
        return result

    before = set(threading.enumerate())

    def linger() -> None:
        others = (each for each in threading.enumerate() if each not in before)
        unnamed = any(each.name.startswith("Thread-") for each in others)  # no executor's
        time.sleep(GRACE_WITH_THREADS_S if unnamed else GRACE_S)

    patient = partial(JumpingLoop, linger, LONGEST_SILENCE_S)
    with asyncio.Runner(loop_factory=patient) as runner:
        return runner.run(checked())
