"""A store to work with, closed in the end, and the calls that it finds."""

import asyncio
from collections.abc import Awaitable, Callable

from agent.store.store import ANY, Store
from agent.store.wanted import CallFilter
from tests.support.leaks import nothing_left

type Work = Callable[[Store], Awaitable[None]]


def with_store(address: str, work: Work) -> None:
    async def main() -> None:
        async with nothing_left():
            store = Store(address)
            try:
                await work(store)
            finally:
                await store.close()

    asyncio.run(main())


async def ids(store: Store, wanted: CallFilter = ANY, **other: int) -> list[str]:
    return [call.call_id for call in await store.calls(wanted, **other)]
