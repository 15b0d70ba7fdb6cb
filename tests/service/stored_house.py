"""A house whose calls are kept in a store, and what the carrier tells of them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.store.store import Store
from tests.service.carrier_desk import Desk, desk
from tests.service.house import House, house
from tests.service.model_side import fake_model, polite
from tests.support.leaks import nothing_left

type Test = Callable[[House, Desk, Store], Awaitable[None]]


def with_store(folder: Path, test: Test) -> None:
    address = f"sqlite:///{folder}/calls.sqlite3"

    async def main() -> None:
        async with nothing_left():
            store = Store(address)
            try:
                async with (
                    fake_model(polite) as model,
                    house(folder, model.url, store=address) as home,
                    desk(home) as carrier,
                ):
                    await test(home, carrier, store)
            finally:
                await store.close()

    asyncio.run(main())  # the store's thread needs real time
