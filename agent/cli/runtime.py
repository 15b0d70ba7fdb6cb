"""Running a coroutine to its end or to a signal, on the fastest loop there is."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed, else asyncio's own loop."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a program's main coroutine."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)


async def stop_signal() -> None:
    """Wait for SIGINT or SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await stopped.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
