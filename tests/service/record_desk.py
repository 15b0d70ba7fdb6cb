"""A keeper of records and news at work, with a store that does what a test says."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from agent.errors import StoreError
from agent.observe.carrier_news import CarrierNews
from agent.observe.record_schema import CallRecord
from agent.service.keeping import RecordKeeper
from agent.service.spool import Spool
from tests.store.records import NOON, record
from tests.support.patient_loop import run_on_loopback

BROKEN = StoreError("OperationalError")
UNFIT = StoreError("DataError", of_record=True)


class Store:
    """A store that does what a test says.

    Attributes:
        saved: calls of which it has a record, in the order in which they came.
        told: news that it has.
        failing: raised by every use.
        takes_s: how long a record takes, or a piece of news.
        unfit: calls that it refuses.
    """

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.told: list[CarrierNews] = []
        self.failing: Exception | None = None
        self.takes_s = 0.0
        self.unfit: set[str] = set()
        self.tries = 0

    async def open(self) -> None:
        if self.failing is not None:
            raise self.failing

    async def save(self, record: CallRecord) -> None:
        await self._take(record.call_id)
        self.saved.append(record.call_id)

    async def tell(self, news: CarrierNews, at: datetime) -> None:
        assert at.tzinfo is not None
        await self._take(news.call_id)
        self.told.append(news)

    async def _take(self, call_id: str) -> None:
        self.tries += 1
        await asyncio.sleep(self.takes_s)
        if call_id in self.unfit:
            raise UNFIT
        if self.failing is not None:
            raise self.failing


class Desk:
    """A keeper at work, and its log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store()
        self.spool = Spool(folder)
        self.log: list[Any] = []

    def run(self, work: Callable[[RecordKeeper], Awaitable[None]]) -> RecordKeeper:
        async def main() -> RecordKeeper:
            keeper = RecordKeeper(self.store, self.spool)
            await keeper.open()
            async with keeper.at_work():
                await work(keeper)
            return keeper

        with structlog.testing.capture_logs() as self.log:
            return run_on_loopback(main())

    def events(self) -> list[str]:
        return [line["event"] for line in self.log]

    def in_spool(self) -> list[str]:
        return [path.stem.partition("-")[2] for path in self.spool.files()]


def call(n: int) -> CallRecord:
    """The record of the call that began in this second."""
    return record(f"CA{n}", began_at=NOON + timedelta(seconds=n))


def news(call_id: str, status: str = "completed", tenant: str | None = "shop") -> CarrierNews:
    """What the carrier tells of a call."""
    return CarrierNews(call_id=call_id, tenant=tenant, status=status)


async def quiet(keeper: RecordKeeper) -> None:
    """Let pass what is going on now, and no more than a moment."""
    await asyncio.sleep(0.01)


def full(*_: object, **__: object) -> None:
    """In place of a method of the spool: there is no room on the disk."""
    raise OSError(28, "No space left on device")
