"""Time jumps over every wait, and stands still while anything is at work."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from agent.testing import clock as clocks
from agent.testing.clock import JumpingClock, Stuck


def on_a_clock[T](work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def main() -> T:
        clock = JumpingClock()
        try:
            return await clock.run(work)
        finally:
            await clock.close()

    return asyncio.run(main())


async def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_day_passes_in_no_time() -> None:
    async def work() -> float:
        began = await now()
        await asyncio.sleep(86_400)
        return await now() - began

    began = time.monotonic()
    assert on_a_clock(work) == pytest.approx(86_400)
    assert time.monotonic() - began < 5


def test_time_stands_still_while_a_thread_is_at_work() -> None:
    go = threading.Event()

    async def work() -> list[str]:
        done: list[str] = []

        async def sleeper() -> None:
            await asyncio.sleep(1)
            done.append("slept")

        async def worker() -> None:
            await asyncio.to_thread(go.wait)
            done.append("worked")

        threading.Timer(0.05, go.set).start()
        await asyncio.gather(sleeper(), worker())
        return done

    assert on_a_clock(work) == ["worked", "slept"]


def test_time_stands_still_between_two_runs() -> None:
    async def main() -> tuple[float, float]:
        clock = JumpingClock()
        first = await clock.run(now)
        await asyncio.sleep(0.01)
        second = await clock.run(now)
        await clock.close()
        return first, second

    first, second = asyncio.run(main())
    assert first == second


def test_a_wait_that_nothing_can_end_is_an_error() -> None:
    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck, match="nothing can wake it"):
        on_a_clock(work)


def test_a_thread_that_does_not_return_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "LONGEST_WORK_S", 0.05)
    go = threading.Event()

    async def main() -> None:
        clock = JumpingClock()
        try:
            with pytest.raises(Stuck, match=r"has not returned within 0\.05 s"):
                await clock.run(lambda: asyncio.to_thread(go.wait))
        finally:
            go.set()
            await clock.close()

    asyncio.run(main())


def test_closing_leaves_no_task_and_no_thread() -> None:
    before = threading.active_count()
    cancelled: list[bool] = []

    async def forever() -> None:
        try:
            await asyncio.sleep(1e9)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def work() -> asyncio.Task[None]:
        task = asyncio.create_task(forever())
        await asyncio.to_thread(lambda: None)
        return task

    assert on_a_clock(work).cancelled()
    assert cancelled == [True]
    assert threading.active_count() == before


def test_a_clock_that_was_never_used_closes() -> None:
    asyncio.run(JumpingClock().close())
