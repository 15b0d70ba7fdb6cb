"""Brings what the carrier tells of calls to the store, where it comes after their records.

The store puts pieces of news together in any order, so nothing here keeps step with the records.
What waits for a store that fails is kept in memory, one piece for each call.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Protocol

import structlog

from agent.errors import StoreError
from agent.observe.carrier_news import CarrierNews, merged
from agent.service.background import in_background

WAITING = 10_000
"""Calls of which something may wait; of a further one nothing is kept."""
SAVE_S = 10.0
"""A store that takes longer counts as failing."""
RETRY_S = 10.0
"""Before a store that failed is tried again."""

_log = structlog.stdlib.get_logger()


class TakesNews(Protocol):
    """What the writer needs of a store."""

    async def tell(self, news: CarrierNews, at: datetime) -> None:
        """Add to what is known of a call."""
        ...


class NewsWriter:
    """Brings late news to the store; no call and no callback waits for it.

    Args:
        store: takes it.
        counters: `news_written`, `news_lost` (too much waited, or the store failed until the end).
    """

    def __init__(self, store: TakesNews, counters: Counter[str]) -> None:
        self._store = store
        self._counters = counters
        self._waiting: OrderedDict[str, CarrierNews] = OrderedDict()
        self._wake = asyncio.Event()
        self._closing = False

    def tell(self, news: CarrierNews) -> None:
        """Have it written; never waits."""
        known = self._waiting.get(news.call_id)
        if known is None and len(self._waiting) >= WAITING:
            self._counters["news_lost"] += 1
            return
        self._waiting[news.call_id] = news if known is None else merged(known, news)
        self._wake.set()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Write what comes while the block runs, and at its end what is left."""
        try:
            async with in_background(self._write(), "carrier_news.failed", self._wind_up):
                yield
        finally:
            if lost := len(self._waiting):
                self._counters["news_lost"] += lost
                _log.error("carrier_news.lost", calls=lost)

    def _wind_up(self) -> None:
        self._closing = True
        self._wake.set()

    async def _write(self) -> None:
        while True:
            while self._waiting:
                call_id, news = next(iter(self._waiting.items()))
                if await self._written(news):
                    if self._waiting[call_id] is news:  # else more was told meanwhile
                        del self._waiting[call_id]
                elif self._closing:
                    return
                else:
                    await self._pause()
            if self._closing:
                return
            self._wake.clear()
            await self._wake.wait()

    async def _pause(self) -> None:
        """The store failed: try again after a while, or at the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                while not self._closing:
                    self._wake.clear()
                    await self._wake.wait()

    async def _written(self, news: CarrierNews) -> bool:
        """Whether the store has it, or never will."""
        try:
            async with asyncio.timeout(SAVE_S):
                await self._store.tell(news, datetime.now(UTC))
        except (StoreError, TimeoutError) as error:
            if not (isinstance(error, StoreError) and error.of_record):
                _log.warning("carrier_news.not_written", reason=str(error) or "slow")
                return False
            self._counters["news_lost"] += 1
            _log.error("carrier_news.refused", call_id=news.call_id)
        else:
            self._counters["news_written"] += 1
        return True
