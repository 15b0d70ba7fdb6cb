"""One process of callers: `python -m agent.sim.load_worker`, told over its input what to do.

    <- a `Job`, as a line of JSON
    -> `Ready`
    <- an empty line: begin. Whenever the input ends: hang up, and tell what is known.
    -> `Progress`, every second
    -> `Done`

It shares nothing with other processes, and ends when whoever started it is gone. It runs on
asyncio's own loop: see `wheel`.

Source: docs/protocols/twilio.md 9 (E21).
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from agent.sim.load_bank import LoadBank, Progress, load_bank
from agent.sim.load_plan import Job
from agent.sim.load_result import CallResult, Lateness

LONGEST_LINE = 64 * 1024 * 1024
TELL_S = 1.0
GC_THRESHOLD = 20_000


class Ready(Struct, frozen=True, tag=True):
    """The process can begin."""


class Done(Struct, frozen=True, tag=True):
    """All its calls are over."""

    results: list[CallResult]
    lateness: Lateness


type Told = Ready | Progress | Done
type Tell = Callable[[Told], None]


async def work(orders: asyncio.StreamReader, tell: Tell) -> None:
    """Do one job."""
    job = msgspec.json.decode(await orders.readline(), type=Job)
    loop = asyncio.get_running_loop()
    async with load_bank(job, time.time() - loop.time()) as bank:
        tell(Ready())
        if not await orders.readline():
            return
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(_tell_progress(bank, tell)),
                tasks.create_task(_stop_at_end(orders, bank)),
            ]
            await bank.run()
            for helper in helpers:
                helper.cancel()
        tell(Done(bank.results, bank.lateness))


async def _tell_progress(bank: LoadBank, tell: Tell) -> None:
    while True:
        await asyncio.sleep(TELL_S)
        tell(bank.progress())


async def _stop_at_end(orders: asyncio.StreamReader, bank: LoadBank) -> None:
    await orders.read()
    bank.stop()


def tell_by_output(told: Told) -> None:
    """Write a line."""
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


async def main() -> None:
    """Do the job that comes over standard input."""
    orders = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    await work(orders, tell_by_output)


if __name__ == "__main__":
    asyncio.run(main())
