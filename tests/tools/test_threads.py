import asyncio
import threading

import pytest

from agent.errors import ToolError
from agent.tools.threads import MOST_IDLE, Threads


def test_a_thread_does_not_keep_the_process() -> None:
    threads = Threads()
    told = threads.submit(lambda: threading.current_thread().daemon)
    assert told.result(5) is True
    assert threads.busy == 0


def test_threads_are_used_again_and_only_a_few_are_kept() -> None:
    gate, threads = threading.Event(), Threads(3 * MOST_IDLE)
    many = [threads.submit(gate.wait) for _ in range(3 * MOST_IDLE)]
    running = [thread for thread in threading.enumerate() if thread.name == "tool"]
    assert len(running) >= 3 * MOST_IDLE
    gate.set()
    assert all(future.result(5) for future in many)
    kept = running
    for _ in range(500):  # threads that are not kept end by themselves, soon
        kept[-1].join(0.01)
        kept = [thread for thread in kept if thread.is_alive()]
        if len(kept) <= MOST_IDLE:
            break
        kept.insert(0, kept.pop())
    assert len(kept) <= MOST_IDLE
    assert threads.submit(threading.current_thread).result(5) in kept


def test_arguments_and_errors_pass_through() -> None:
    threads = Threads()
    assert threads.submit(divmod, 7, 2).result(5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 7, 0).result(5)
    with pytest.raises(SystemExit):
        threads.submit(exit, 3).result(5)
    assert threads.busy == 0


def test_functions_that_hang_take_their_own_threads_only() -> None:
    gate, threads, others = threading.Event(), Threads(2), Threads(2)
    hung = [threads.submit(gate.wait) for _ in range(2)]
    with pytest.raises(ToolError, match="too many are still at work") as caught:
        threads.submit(gate.wait)
    assert caught.value.retryable
    assert others.submit(int, "3").result(5) == 3
    gate.set()
    assert all(future.result(5) for future in hung)
    assert threads.submit(int, "4").result(5) == 4


def test_a_loop_may_stop_waiting() -> None:
    gate, threads = threading.Event(), Threads()

    async def main() -> None:
        waiting = asyncio.get_running_loop().run_in_executor(threads, gate.wait)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert threads.busy == 1

    asyncio.run(main())
    gate.set()
