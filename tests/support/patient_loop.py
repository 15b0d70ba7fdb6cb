"""An event loop for real sockets on loopback whose time jumps once all of them are silent.

Like the virtual loop, it makes a wait of ten seconds take none. Since bytes on loopback may take a
moment, it gives them a real millisecond before it jumps; while a thread is at work, it waits.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from agent.testing.clock import JumpingLoop
from tests.support.leaks import nothing_left

GRACE_S = 0.001
LONGEST_SILENCE_S = 5.0


def run_on_loopback[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that uses sockets; no task and no socket may be left when it returns."""

    async def checked() -> T:
        async with nothing_left():
            result = await main
        return result

    patient = partial(JumpingLoop, GRACE_S, LONGEST_SILENCE_S)
    with asyncio.Runner(loop_factory=patient) as runner:
        return runner.run(checked())
