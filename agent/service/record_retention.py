"""Deletes from the store the calls that their tenants no longer keep."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from agent.errors import StoreError

EVERY_S = 3600.0

_log = structlog.stdlib.get_logger()


class Deletes(Protocol):
    """What this needs of a store."""

    async def delete_before(self, tenant: str, at: datetime) -> int:
        """Delete a tenant's calls that began before this."""
        ...


async def delete_regularly(
    store: Deletes, kept: Callable[[], Mapping[str, float]], counters: Counter[str]
) -> None:
    """Delete at once and then every hour what tenants no longer keep, until cancelled.

    Args:
        kept: how long each tenant keeps its records now, in seconds; others are left alone.
        counters: `records_deleted`.
    """
    while True:
        for tenant, keep_s in kept().items():
            before = datetime.now(UTC) - timedelta(seconds=keep_s)
            try:
                n = await store.delete_before(tenant, before)
            except StoreError as error:
                _log.warning("records.not_deleted", tenant=tenant, reason=str(error))
                continue
            if n:
                counters["records_deleted"] += n
                _log.info("records.deleted", tenant=tenant, calls=n)
        await asyncio.sleep(EVERY_S)
