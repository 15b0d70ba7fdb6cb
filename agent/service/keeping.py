"""Brings the records of calls, and late news of them, to the store: no call ever waits for it.

What the store does not take goes to the spool, and from there to the store once it works again.
A record is written to the store as a whole, and a second time only in the place of the first; news
of the carrier add up in whichever order they come, and how often. So both may be tried again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Protocol

import structlog

from agent.call.report import CallReport
from agent.errors import StoreError
from agent.observe.call_record import call_record
from agent.observe.carrier_news import CarrierNews
from agent.observe.record_schema import CallRecord
from agent.service.background import in_background
from agent.service.running import RunningCall
from agent.service.spool import NEWS, Item, Spool, Unreadable

WAITING = 2000
"""So many records and news may wait for the writer; a further record is lost, and that is told."""
NEWS_WAITING = 1000
"""With so many waiting a further piece of news is lost: records have the rest of the room."""
SAVE_S = 10.0
"""A store that takes longer counts as failing."""
RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before the store is tried again; the last one again and again."""

_log = structlog.stdlib.get_logger()


class Keeps(Protocol):
    """What the writer needs of a store."""

    async def open(self) -> None:
        """Make it ready."""
        ...

    async def save(self, record: CallRecord) -> None:
        """Keep a call."""
        ...

    async def tell(self, news: CarrierNews, at: datetime) -> None:
        """Add to what is known of a call."""
        ...


class RecordKeeper:
    """A `CallObserver` that keeps what is over, and what the carrier tells of it afterwards.

    Args:
        store: takes the records and the news.
        spool: takes what the store does not.

    Attributes:
        counters: `records_written`, `records_spooled`, `records_lost` (for want of room in memory
            and on the disk), `records_refused` (that do not fit; they lie in the spool's folder
            `refused`); the same of `news_`; `store_failures` and `spool_failures`.
        failing: the store does not work; see `spooled`.
        spooled: records and news that lie in the spool.
    """

    def __init__(self, store: Keeps, spool: Spool) -> None:
        self.counters: Counter[str] = Counter()
        self.failing = False
        self.spooled = 0
        self._store = store
        self._spool = spool
        self._waiting: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._tries = 0
        self._retry_at = inf
        self._stuck_until = 0.0

    @property
    def waiting(self) -> int:
        """Records and news that have not been written anywhere yet."""
        return len(self._waiting)

    def began(self, running: RunningCall) -> None:
        """See `CallObserver`; nothing is kept of a call before its end."""

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """See `CallObserver`."""
        self.keep(call_record(running, report, datetime.now(UTC)))

    def keep(self, record: CallRecord) -> None:
        """Have a record written; never waits."""
        self._take(record, WAITING)

    def tell(self, news: CarrierNews) -> None:
        """Have news of a call written; never waits."""
        self._take(news, NEWS_WAITING)

    def _take(self, item: Item, most: int) -> None:
        if len(self._waiting) >= most:
            self._lost(item, "too many wait")
            return
        self._waiting.append(item)
        self._wake.set()

    async def open(self) -> None:
        """Make the store ready, or find that it cannot be had for now.

        Raises:
            ConfigError: it never can.
        """
        try:
            async with asyncio.timeout(SAVE_S):
                await self._store.open()
        except (StoreError, TimeoutError) as error:
            self._failed(error)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Write what comes while the block runs, and at its end what is left: to the spool, if
        the store is not done with it in time.
        """
        try:
            async with in_background(self._write(), "keeping.failed", self._wind_up):
                yield
        finally:
            while self._waiting:
                item = self._waiting.popleft()
                if not await self._to_spool(item):
                    self._lost(item, "neither store nor spool takes it")

    def _wind_up(self) -> None:
        self._closing = True
        self._wake.set()

    async def _write(self) -> None:
        self.spooled = len(await asyncio.to_thread(self._spool.files))
        if self.spooled:
            self._retry_at = min(self._retry_at, self._now())
        while True:
            if self._waiting and self._now() >= self._stuck_until:
                if await self._save(self._waiting[0]):
                    self._waiting.popleft()
            elif self._closing:
                return
            elif self._now() >= self._retry_at:
                await self._from_spool()
            else:
                await self._something()

    async def _something(self) -> None:
        """Wait for something to write, or for the time to try again."""
        self._wake.clear()
        until = self._stuck_until if self._waiting else self._retry_at
        with suppress(TimeoutError):
            async with asyncio.timeout_at(None if until == inf else until):
                await self._wake.wait()

    async def _save(self, item: Item) -> bool:
        """Bring something to the store or to the spool; says whether one of them has it."""
        refused = False
        if (not self.failing or self._now() >= self._retry_at) and not self._is_behind(item):
            try:
                await self._to_store(item)
            except StoreError as error:
                refused = error.of_record
                if not refused:
                    self._failed(error)
            else:
                return True
        if await self._to_spool(item, refused=refused):
            return True
        self._stuck_until = max(self._now() + RETRY_S[0], self._retry_at if self.failing else 0.0)
        return False

    def _is_behind(self, item: Item) -> bool:
        """Whether it is news of a call that only the call's record can tell the tenant of, and that
        record may lie in the spool: the store would keep nothing of it.
        """
        return isinstance(item, CarrierNews) and item.tenant is None and self.spooled > 0

    async def _to_store(self, item: Item) -> None:
        try:
            async with asyncio.timeout(SAVE_S):
                if isinstance(item, CallRecord):
                    await self._store.save(item)
                else:
                    await self._store.tell(item, datetime.now(UTC))
        except TimeoutError as error:
            raise StoreError("slow") from error
        self.counters[f"{_kind(item)}_written"] += 1
        if self.failing:
            self.failing, self._tries, self._retry_at = False, 0, self._now()
            _log.info("store.works_again", spooled=self.spooled)

    async def _to_spool(self, item: Item, *, refused: bool = False) -> bool:
        """Bring something to the spool; says whether it has it."""
        try:
            await asyncio.to_thread(self._spool.put, item, refused=refused)
        except OSError as error:
            self._spool_failed(error)
            return False
        if refused:
            self._refused(_kind(item), item.call_id)
        else:
            self.spooled += 1
            self.counters[f"{_kind(item)}_spooled"] += 1
            if self._retry_at == inf:
                self._retry_at = self._now()
        return True

    async def _from_spool(self) -> None:
        """Bring the oldest files to the store, as long as it takes them and nothing else waits."""
        files = await asyncio.to_thread(self._spool.files)
        self.spooled = len(files)
        for path in files:
            if self._waiting or self._closing:
                return
            try:
                await self._bring(path)
            except StoreError as error:
                self._failed(error)
                return
            except OSError as error:
                self._spool_failed(error)
                self._retry_at = self._now() + RETRY_S[-1]
                return
            self.spooled -= 1
        self._retry_at = inf

    async def _bring(self, path: Path) -> None:
        try:
            item = await asyncio.to_thread(self._spool.read, path)
            if item is not None:
                await self._to_store(item)
        except (StoreError, Unreadable) as error:
            if isinstance(error, StoreError) and not error.of_record:
                raise
            await asyncio.to_thread(self._spool.refuse, path)
            self._refused("news" if path.suffix == NEWS else "records", path.stem)
        else:
            await asyncio.to_thread(self._spool.remove, path)

    def _failed(self, error: Exception) -> None:
        self.counters["store_failures"] += 1
        pause = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1
        self._retry_at = self._now() + pause
        if not self.failing:
            self.failing = True
            _log.error("store.failed", reason=str(error), spooled=self.spooled)

    def _spool_failed(self, error: OSError) -> None:
        self.counters["spool_failures"] += 1
        _log.error("spool.failed", reason=error.strerror or type(error).__name__)

    def _refused(self, kind: str, name: str) -> None:
        self.counters[f"{kind}_refused"] += 1
        _log.error(f"{_EVENTS[kind]}.refused", record=name)

    def _lost(self, item: Item, reason: str) -> None:
        kind = _kind(item)
        self.counters[f"{kind}_lost"] += 1
        _log.error(f"{_EVENTS[kind]}.lost", tenant=item.tenant, call_id=item.call_id, reason=reason)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_EVENTS = {"records": "record", "news": "carrier_news"}


def _kind(item: Item) -> str:
    """What the counters call it."""
    return "records" if isinstance(item, CallRecord) else "news"
