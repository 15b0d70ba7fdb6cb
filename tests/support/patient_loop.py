"""An event loop for real sockets on loopback whose time jumps once all of them are silent.

Like the virtual loop, it makes a wait of ten seconds take none. Since bytes on loopback may take a
moment, it gives them a real millisecond before it jumps; while a thread is at work, it waits.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any

from tests.support.leaks import nothing_left
from tests.support.virtual_loop import Deadlock

GRACE_S = 0.001
LONGEST_SILENCE_S = 5.0


class _PatientSelector(selectors.DefaultSelector):
    now = 1000.0
    threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads:
            return super().select(LONGEST_SILENCE_S)
        ready = super().select(GRACE_S if timeout is not None else LONGEST_SILENCE_S)
        if not ready:
            if timeout is None:
                raise Deadlock("every task waits and nothing can wake one")
            self.now += timeout
        return ready


class PatientLoop(asyncio.SelectorEventLoop):
    """A loop in jumping time, with sockets that are real."""

    def __init__(self) -> None:
        self._patient = _PatientSelector()
        super().__init__(self._patient)

    def time(self) -> float:
        return self._patient.now

    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        def done(_: asyncio.Future[T]) -> None:
            self._patient.threads -= 1

        future = super().run_in_executor(executor, func, *args)
        self._patient.threads += 1
        future.add_done_callback(done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """The threads end in real time; the limit on that must not pass in jumps."""
        self._patient.threads += 1
        await super().shutdown_default_executor(timeout)


def run_on_loopback[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that uses sockets; no task and no socket may be left when it returns."""

    async def checked() -> T:
        async with nothing_left():
            result = await main
        return result

    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(checked())
