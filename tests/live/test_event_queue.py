"""Events wait for the program, within bounds."""

import asyncio

import numpy as np
import pytest

from agent.errors import LocalProtocolError
from agent.gemini.session_events import GenerationComplete, Interrupted, ModelAudio, SessionEvent
from agent.live.event_queue import EVENT_BYTES, EventQueue
from tests.support.virtual_loop import run_virtually


def speech(n_samples: int) -> SessionEvent:
    return ModelAudio(np.zeros(n_samples, np.int16))


def test_events_come_out_in_order() -> None:
    async def main() -> None:
        queue = EventQueue()
        queue.put(Interrupted())
        queue.put(GenerationComplete())
        assert [await queue.take(), await queue.take()] == [Interrupted(), GenerationComplete()]

    run_virtually(main())


def test_who_takes_waits_for_the_next() -> None:
    async def main() -> None:
        queue = EventQueue()
        asyncio.get_running_loop().call_later(5.0, queue.put, Interrupted())
        assert await queue.take() == Interrupted()

    run_virtually(main())


def test_a_cancelled_wait_loses_nothing() -> None:
    async def main() -> None:
        queue = EventQueue()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await queue.take()
        queue.put(Interrupted())
        assert await queue.take() == Interrupted()

    run_virtually(main())


def test_two_that_wait_at_once_are_a_mistake() -> None:
    async def main() -> None:
        queue = EventQueue()
        first = asyncio.create_task(queue.take())
        await asyncio.sleep(0)
        with pytest.raises(LocalProtocolError, match="two tasks"):
            await queue.take()
        queue.put(Interrupted())
        assert await first == Interrupted()

    run_virtually(main())


def test_the_end_comes_after_what_waits() -> None:
    async def main() -> None:
        queue = EventQueue()
        queue.put(Interrupted())
        queue.end()
        assert await queue.take() == Interrupted()
        for _ in range(2):
            with pytest.raises(StopAsyncIteration):
                await queue.take()

    run_virtually(main())


def test_an_error_is_raised_each_time_until_the_queue_is_reopened() -> None:
    async def main() -> None:
        queue = EventQueue()
        asyncio.get_running_loop().call_later(1.0, queue.end, ValueError("over"))
        for _ in range(2):
            with pytest.raises(ValueError, match="over"):
                await queue.take()
        queue.reopen()
        queue.put(Interrupted())
        assert await queue.take() == Interrupted()

    run_virtually(main())


def test_memory_is_counted_by_sound() -> None:
    async def main() -> None:
        queue = EventQueue()
        queue.put(speech(1000))
        queue.put(Interrupted())
        assert queue.n_bytes == 2000 + 2 * EVENT_BYTES
        await queue.take()
        await queue.take()
        assert queue.n_bytes == 0

    run_virtually(main())


def test_there_is_room_again_once_enough_is_taken() -> None:
    async def main() -> None:
        queue = EventQueue(limit=5000)
        for _ in range(2):
            await queue.room()
            queue.put(speech(1000))
        waiting = asyncio.create_task(queue.room())
        await asyncio.sleep(60.0)
        assert not waiting.done()
        await queue.take()
        queue.put(speech(1000))  # taken and filled again before the other one looks
        await asyncio.sleep(60.0)
        assert not waiting.done()
        await queue.take()
        await waiting

    run_virtually(main())
