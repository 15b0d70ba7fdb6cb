"""Work beside the service."""

import asyncio

from agent.service.background import in_background
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
