"""News of the carrier on its way to a store that works, fails, hangs, and comes back."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
import structlog

from agent.errors import StoreError
from agent.observe.carrier_news import CarrierNews
from agent.service import carrier_news
from agent.service.carrier_news import RETRY_S, SAVE_S, NewsWriter
from tests.support.leaks import nothing_left
from tests.support.virtual_loop import run_virtually

BROKEN, UNFIT = StoreError("OperationalError"), StoreError("DataError", of_record=True)


class Store:
    """A store that does what a test says.

    Attributes:
        failing: raised by every use.
        takes_s: how long it takes.
    """

    def __init__(self) -> None:
        self.told: list[CarrierNews] = []
        self.failing: Exception | None = None
        self.takes_s = 0.0

    async def tell(self, news: CarrierNews, at: datetime) -> None:
        assert at.tzinfo is not None
        await asyncio.sleep(self.takes_s)
        if self.failing is not None:
            raise self.failing
        self.told.append(news)


type Work = Callable[[NewsWriter, Store], Awaitable[None]]


def written(work: Work) -> tuple[Store, Counter[str], list[Any]]:
    """Run something beside a writer; nothing is left of it."""
    store, counters = Store(), Counter[str]()

    async def main() -> None:
        async with nothing_left():
            writer = NewsWriter(store, counters)
            async with writer.at_work():
                await work(writer, store)

    with structlog.testing.capture_logs() as log:
        run_virtually(main())
    return store, counters, log


def status(call_id: str, status: str = "completed") -> CarrierNews:
    return CarrierNews(call_id=call_id, status=status)


def test_news_come_to_the_store_in_order() -> None:
    async def work(writer: NewsWriter, store: Store) -> None:
        writer.tell(status("CA1"))
        writer.tell(status("CA2"))
        await asyncio.sleep(0.1)
        assert [news.call_id for news in store.told] == ["CA1", "CA2"]
        writer.tell(status("CA3"))

    store, counters, _ = written(work)
    assert [news.call_id for news in store.told] == ["CA1", "CA2", "CA3"]
    assert counters == {"news_written": 3}


def test_news_of_one_call_wait_as_one() -> None:
    async def work(writer: NewsWriter, store: Store) -> None:
        writer.tell(status("CA1"))
        writer.tell(CarrierNews(call_id="CA1", duration_s=3))

    store, _, _ = written(work)
    assert store.told == [CarrierNews(call_id="CA1", status="completed", duration_s=3)]


def test_what_is_told_while_it_is_written_is_written_too() -> None:
    async def work(writer: NewsWriter, store: Store) -> None:
        store.takes_s = 1.0
        writer.tell(status("CA1"))
        await asyncio.sleep(0.5)
        writer.tell(CarrierNews(call_id="CA1", duration_s=3))
        await asyncio.sleep(3.0)

    store, counters, _ = written(work)
    assert store.told[-1] == CarrierNews(call_id="CA1", status="completed", duration_s=3)
    assert counters["news_written"] == 2


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_store_that_comes_back_has_it_in_the_end(how: str) -> None:
    async def work(writer: NewsWriter, store: Store) -> None:
        if how == "fails":
            store.failing = BROKEN
        else:
            store.takes_s = 10 * SAVE_S
        writer.tell(status("CA1"))
        await asyncio.sleep(SAVE_S + 1.0)
        writer.tell(status("CA2"))  # which is no reason to ask the store again at once
        store.failing, store.takes_s = None, 0.0
        assert store.told == []
        await asyncio.sleep(RETRY_S)
        assert [news.call_id for news in store.told] == ["CA1", "CA2"]

    _, counters, log = written(work)
    assert counters == {"news_written": 2}
    assert {line["event"] for line in log} == {"carrier_news.not_written"}


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_what_a_store_does_not_take_until_the_end_is_lost_and_that_is_told(how: str) -> None:
    async def work(writer: NewsWriter, store: Store) -> None:
        if how == "fails":
            store.failing = BROKEN
        else:
            store.takes_s = 10 * SAVE_S
        writer.tell(status("CA1"))
        await asyncio.sleep(1.0)

    _, counters, log = written(work)
    assert counters == {"news_lost": 1}
    assert log[-1]["event"] == "carrier_news.lost"
    assert log[-1]["calls"] == 1


def test_what_never_fits_holds_nothing_up() -> None:
    async def work(writer: NewsWriter, store: Store) -> None:
        store.failing = UNFIT
        writer.tell(status("CA1"))
        await asyncio.sleep(1.0)
        store.failing = None
        writer.tell(status("CA2"))

    store, counters, log = written(work)
    assert [news.call_id for news in store.told] == ["CA2"]
    assert counters == {"news_lost": 1, "news_written": 1}
    assert [line["event"] for line in log] == ["carrier_news.refused"]


def test_what_waits_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier_news, "WAITING", 1)

    async def work(writer: NewsWriter, store: Store) -> None:
        for call in ("CA1", "CA2", "CA1"):
            writer.tell(status(call))

    store, counters, _ = written(work)
    assert [news.call_id for news in store.told] == ["CA1"]
    assert counters == {"news_lost": 1, "news_written": 1}
