"""Work beside the service."""

import asyncio

from agent.service.background import CANCEL_S, FLUSH_S, in_background
from tests.service.house import captured_log
from tests.support.virtual_loop import run_virtually


async def fails() -> None:
    await asyncio.sleep(1.0)
    raise OSError("no")


def test_work_that_fails_is_told_when_it_fails() -> None:
    async def main() -> str:
        async with in_background(fails(), "phrases.failed"):
            await asyncio.sleep(1.5)
            return log.getvalue()

    with captured_log() as log:
        told = run_virtually(main())
        assert told.count("phrases.failed") == 1
        assert log.getvalue() == told


def test_work_that_fails_as_it_is_ended_is_told_too() -> None:
    async def spoils() -> None:
        try:
            await asyncio.sleep(60.0)
        finally:
            raise OSError("no")

    async def main() -> None:
        async with in_background(spoils(), "phrases.failed"):
            await asyncio.sleep(1.0)

    with captured_log() as log:
        run_virtually(main())
        assert log.getvalue().count("phrases.failed") == 1


def test_work_may_be_over_before_its_time_or_be_ended() -> None:
    async def main() -> None:
        for work_s in (1.0, 60.0):
            async with in_background(asyncio.sleep(work_s), "phrases.failed"):
                await asyncio.sleep(2.0)

    with captured_log() as log:
        run_virtually(main())
        assert log.getvalue() == ""


def test_work_that_is_wound_up_ends_by_itself() -> None:
    done: list[str] = []

    async def main() -> None:
        over = asyncio.Event()

        async def finishes() -> None:
            await over.wait()
            await asyncio.sleep(FLUSH_S - 1.0)
            done.append("finished")

        async with in_background(finishes(), "writing.failed", over.set):
            await asyncio.sleep(1.0)

    run_virtually(main())
    assert done == ["finished"]


def test_nobody_waits_for_work_that_hangs() -> None:
    async def main() -> float:
        hung = asyncio.Event()

        async def hangs() -> None:
            while not hung.is_set():
                try:
                    await hung.wait()
                except asyncio.CancelledError:
                    continue

        loop = asyncio.get_running_loop()
        async with in_background(hangs(), "writing.failed", lambda: None):
            began = loop.time()
        took = loop.time() - began
        hung.set()
        await asyncio.sleep(0.1)
        return took

    assert run_virtually(main()) == FLUSH_S + CANCEL_S
