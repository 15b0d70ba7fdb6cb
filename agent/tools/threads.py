"""Threads for functions that block, so that one that never returns harms no other.

The loop's own pool is shared with everything that resolves a name or opens a file, and is waited
for when the process ends. A business function that hangs would take its threads one by one and
then keep the process alive. Here a function that hangs keeps the thread it has, up to its own
limit, and the thread dies with the process. A thread whose function has returned is kept for the
next: to start one holds up the loop for a millisecond or two.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue

from agent.errors import ToolError

MOST_THREADS = 8
"""Of one function; no more than a tenant's functions may run at once, unless some are stuck."""
MOST_IDLE = 8
"""Kept for all functions of the process."""


class _Workers:
    """The threads of this process: as many as are busy, and a few that wait."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Callable[[], None]]] = []
        self._lock = threading.Lock()

    def do(self, work: Callable[[], None]) -> None:
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(target=self._live, args=(inbox,), name="tool", daemon=True).start()
        inbox.put(work)

    def _live(self, inbox: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            inbox.get()()
            with self._lock:
                if len(self._idle) >= MOST_IDLE:
                    return
                self._idle.append(inbox)


_workers = _Workers()


class Threads(Executor):
    """Runs the calls of one function in threads, up to a limit.

    Attributes:
        busy: calls that have not returned, wanted or not.
    """

    def __init__(self, most: int = MOST_THREADS) -> None:
        self.busy = 0
        self._most = most
        self._lock = threading.Lock()

    def submit[**P, T](
        self, call: Callable[P, T], /, *args: P.args, **keywords: P.kwargs
    ) -> Future[T]:
        """Start a call.

        Raises:
            ToolError: too many have not returned; nothing was started.
        """
        with self._lock:
            if self.busy >= self._most:
                raise ToolError("It was not run: too many are still at work.", retryable=True)
            self.busy += 1
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # what has begun in a thread is not cancelled

        def work() -> None:
            try:
                result = call(*args, **keywords)
            except BaseException as error:  # it belongs to whoever waits
                self._leave()
                future.set_exception(_bearable(error))
            else:
                self._leave()
                future.set_result(result)

        _workers.do(work)
        return future

    def _leave(self) -> None:
        with self._lock:
            self.busy -= 1


def _bearable(error: BaseException) -> BaseException:
    """The error, or another one in the place of the one that a future cannot take."""
    if not isinstance(error, StopIteration):
        return error
    other = RuntimeError("it raised StopIteration")
    other.__cause__ = error
    return other
