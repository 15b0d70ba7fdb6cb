"""Calls that their tenants no longer keep."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import structlog

from agent.errors import StoreError
from agent.service.record_retention import EVERY_S, delete_regularly
from tests.support.virtual_loop import run_virtually


class Store:
    """Notes what is to be deleted, or fails."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, datetime]] = []
        self.failing = False

    async def delete_before(self, tenant: str, at: datetime) -> int:
        if self.failing:
            raise StoreError("OperationalError")
        self.deleted.append((tenant, at))
        return 3 if tenant == "shop" else 0


def test_what_tenants_no_longer_keep_is_deleted_every_hour() -> None:
    store, counters = Store(), Counter[str]()

    async def main() -> None:
        kept = {"shop": 3600.0, "office": 1.0}
        task = asyncio.create_task(delete_regularly(store, lambda: kept, counters))
        await asyncio.sleep(EVERY_S - 1)
        assert [tenant for tenant, _ in store.deleted] == ["shop", "office"]
        store.failing = True
        await asyncio.sleep(2)
        store.failing = False
        await asyncio.sleep(EVERY_S)
        assert len(store.deleted) == 4
        task.cancel()
        await asyncio.wait([task])

    with structlog.testing.capture_logs() as log:
        run_virtually(main())
    assert counters == {"records_deleted": 6}
    age = datetime.now(UTC) - store.deleted[0][1]
    assert timedelta(hours=1) <= age < timedelta(hours=1, minutes=1)
    events = [line["event"] for line in log]
    assert events == ["records.deleted", *["records.not_deleted"] * 2, "records.deleted"]
