"""The store of past calls beside a running service: opened, written to, swept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from agent.service.background import in_background
from agent.service.keeping import RecordKeeper
from agent.service.record_retention import delete_regularly
from agent.service.reload import TenantStore
from agent.service.settings import Settings
from agent.service.spool import Spool

if TYPE_CHECKING:
    from agent.store.store import Store


@dataclass(frozen=True, slots=True)
class Records:
    """What keeps the records of a service.

    Attributes:
        store: None: none are kept.
        keeper: brings them there; to be told of every call, and of what the carrier tells of
            those that are over. None: there is no store.
    """

    store: Store | None = None
    keeper: RecordKeeper | None = None

    @property
    def writers(self) -> tuple[RecordKeeper, ...]:
        """The keeper, if there is one."""
        return () if self.keeper is None else (self.keeper,)


@asynccontextmanager
async def records_kept(settings: Settings, tenants: TenantStore) -> AsyncIterator[Records]:
    """Keep records while the block runs; what is left at its end is written or spooled.

    Raises:
        ConfigError: the store cannot be used, and never will.
    """
    if settings.store is None:
        yield Records()
        return
    # SQLAlchemy: only where records are kept, and read in a thread, for it takes a while.
    await asyncio.to_thread(import_module, "agent.store.store")
    from agent.store.store import Store

    def kept() -> dict[str, float]:
        records = {name: ready.tenant.record for name, ready in tenants.current.by_name.items()}
        return {
            name: record.keep_records for name, record in records.items() if record.keep_records
        }

    store = Store(settings.store)
    keeper = RecordKeeper(store, Spool(settings.data / "spool"))
    try:
        await keeper.open()
        deleting = delete_regularly(store, kept, keeper.counters)
        async with keeper.at_work(), in_background(deleting, "retention.failed"):
            yield Records(store, keeper)
    finally:
        await store.close()
