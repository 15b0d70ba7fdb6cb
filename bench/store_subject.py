"""The service of `bench.store_audio`: it answers calls, and every other round writes records."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from msgspec.structs import replace

from agent.cli.serve import run_service
from agent.service.console_alarms import keepers_key
from bench.store import APART, WRITES_EACH_S, long_call

ROUND_S = 4.0
HERE = Path(__file__).parent


def round_of(at: float) -> int:
    """The number of the round that a moment belongs to, by the clock that processes share."""
    return int(at // ROUND_S)


def writes(number: int) -> bool:
    """Whether records are written in a round."""
    return number % 2 == 1


async def write(app: web.Application) -> None:
    """Have long records written in every other round, for ever."""
    [keeper] = app[keepers_key]
    record, n = long_call(0), 0
    while True:
        if writes(round_of(time.monotonic())):
            n += 1
            began_at = record.began_at + n * APART
            keeper.keep(replace(record, call_id=f"CA{n:032x}", began_at=began_at))
        await asyncio.sleep(1 / WRITES_EACH_S)


@asynccontextmanager
async def writing(app: web.Application) -> AsyncIterator[bool]:
    """Do so while the service serves."""
    task = asyncio.create_task(write(app))
    try:
        yield True
    finally:
        task.cancel()


def main() -> None:
    run_service(
        None,
        tenants=HERE / "tenants",
        host="127.0.0.1",
        port=int(sys.argv[1]),
        gemini_url=sys.argv[2],
        public_url=None,
        insecure_local=True,
        reload=False,
        during=writing,
    )


if __name__ == "__main__":
    main()
