"""The store of past calls beside a running service: opened, written to, swept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from agent.service.background import in_background
from agent.service.carrier_news import NewsWriter
from agent.service.keeping import RecordKeeper
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
        writers: who brings them there; to be told of every call.
        late: takes what the carrier tells of calls that are over.
    """

    store: Store | None = None
    writers: Sequence[RecordKeeper] = ()
    late: NewsWriter | None = None


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
    news = NewsWriter(store, keeper.counters)
    try:
        await keeper.open()
        deleting = keeper.delete_regularly(kept)
        async with (
            news.at_work(),
            keeper.at_work(),
            in_background(deleting, "retention.failed"),
        ):
            yield Records(store, [keeper], news)
    finally:
        await store.close()
