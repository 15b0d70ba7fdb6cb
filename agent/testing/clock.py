"""Time that jumps: a loop of its own, in a thread of its own, for what a test waits for.

Whatever is under way in a call waits on this loop. While something can run it runs; while a
function is at work in a thread its end is awaited; and when nothing can go on before a certain
time, it is that time. A test itself runs on any loop, whose time is the world's.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

BEGAN = 1000.0
LONGEST_WORK_S = 30.0
"""Real seconds that a function in a thread may take."""


class Stuck(Exception):
    """Nothing can go on, or a function does not return."""


class _JumpingSelector(selectors.DefaultSelector):
    now = BEGAN
    threads = 0

    def __init__(self, linger: Callable[[], None] | None, silence_s: float) -> None:
        super().__init__()
        self._linger, self._silence_s = linger, silence_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads:
            ready = super().select(LONGEST_WORK_S)
            if not ready:
                raise Stuck(f"a function has not returned within {LONGEST_WORK_S:g} s")
            return ready
        if timeout is None:
            if self._silence_s and (ready := super().select(self._silence_s)):
                return ready
            raise Stuck("everything waits, and nothing can wake it")
        if self._linger is not None:
            self._linger()
            if ready := super().select(0):
                return ready
        self.now += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop in time that jumps.

    Args:
        linger: is called before time jumps, to give sockets a real moment.
        silence_s: real seconds before nothing is taken to be able to go on.
    """

    def __init__(self, linger: Callable[[], None] | None = None, silence_s: float = 0.0) -> None:
        self._jumping = _JumpingSelector(linger, silence_s)
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds, also those that were jumped over."""
        return self._jumping.now

    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run a function in a thread; time stands still until it returns."""

        def done(_: asyncio.Future[T]) -> None:
            self._jumping.threads -= 1

        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """The threads end in real time: it must not pass in jumps meanwhile."""
        self._jumping.threads += 1
        try:
            await super().shutdown_default_executor(timeout)
        finally:
            self._jumping.threads -= 1


class JumpingClock:
    """The loop and its thread. Between two calls of `run` its time stands still."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="phone_call")
        self._runner: asyncio.Runner | None = None

    async def run[T](self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop of jumping time, and wait for it here."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def close(self) -> None:
        """Cancel what is left, and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _run[T](self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._runner is None:
            # Never in debug mode: noting where each of its many timers came from takes long.
            self._runner = asyncio.Runner(loop_factory=JumpingLoop, debug=False)
        return self._runner.run(work())

    def _close(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None
