"""What the carrier tells of calls that are over, on its way to a store that works, or does not."""

import asyncio
from pathlib import Path

import pytest

from agent.observe.carrier_news import CarrierNews
from agent.service import keeping
from agent.service.keeping import RETRY_S, SAVE_S, RecordKeeper
from agent.service.spool import Spool
from tests.service.record_desk import BROKEN, Desk, call, full, news, quiet


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


async def idle(keeper: RecordKeeper) -> None:
    """Nothing is told."""
    await quiet(keeper)


def test_news_reach_the_store_in_order(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        keeper.tell(news("CA1"))
        keeper.tell(news("CA2"))
        await quiet(keeper)
        assert desk.store.told == [news("CA1"), news("CA2")]
        keeper.tell(news("CA3"))

    keeper = desk.run(work)
    assert desk.store.told[2:] == [news("CA3")]
    assert keeper.counters == {"news_written": 3}
    assert (desk.log, desk.in_spool()) == ([], [])


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_store_that_comes_back_has_the_news_in_the_end(how: str, desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        if how == "fails":
            desk.store.failing = BROKEN
        else:
            desk.store.takes_s = 10 * SAVE_S
        keeper.tell(news("CA1"))
        await asyncio.sleep(SAVE_S + 0.5)
        keeper.tell(news("CA1", "busy"))
        keeper.tell(news("CA2"))
        await quiet(keeper)
        assert (keeper.failing, keeper.spooled, keeper.waiting) == (True, 3, 0)
        desk.store.failing, desk.store.takes_s = None, 0.0
        await asyncio.sleep(RETRY_S[-1])
        assert (keeper.failing, keeper.spooled) == (False, 0)

    keeper = desk.run(work)
    assert desk.store.told == [news("CA1"), news("CA1", "busy"), news("CA2")]
    assert (keeper.counters["news_spooled"], keeper.counters["news_lost"]) == (3, 0)
    assert desk.events() == ["store.failed", "store.works_again"]


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_what_a_store_does_not_take_until_the_stop_is_brought_after_the_next_start(
    how: str, desk: Desk
) -> None:
    async def work(keeper: RecordKeeper) -> None:
        if how == "fails":
            desk.store.failing = BROKEN
        else:
            desk.store.takes_s = 10 * SAVE_S
        keeper.keep(call(1))
        keeper.tell(news("CA1"))
        keeper.tell(news("CA2"))

    keeper = desk.run(work)
    assert (keeper.counters["records_spooled"], keeper.counters["news_spooled"]) == (1, 2)
    assert desk.in_spool() == ["CA1", "CA1", "CA2"]
    desk.store.failing, desk.store.takes_s = None, 0.0
    assert desk.run(idle).counters == {"records_written": 1, "news_written": 2}
    assert (desk.store.saved, desk.store.told) == (["CA1"], [news("CA1"), news("CA2")])
    assert desk.in_spool() == []


def test_news_whose_tenant_only_the_record_knows_do_not_overtake_it(desk: Desk) -> None:
    """The store would keep nothing of a call that it does not know."""
    stray = news("CA1", tenant=None)
    order: list[str] = []

    async def work(keeper: RecordKeeper) -> None:
        keeper.tell(stray)
        await asyncio.sleep(RETRY_S[-1])

    async def saved(record: object) -> None:
        order.append("record")

    async def told(news: CarrierNews, at: object) -> None:
        order.append("news")

    desk.spool.put(call(1))
    desk.store.save, desk.store.tell = saved, told  # type: ignore[method-assign]
    desk.run(work)
    assert order == ["record", "news"]


def test_news_that_never_fit_lie_apart_and_hold_up_nothing(desk: Desk) -> None:
    async def work(keeper: RecordKeeper) -> None:
        await quiet(keeper)
        keeper.tell(news("CA1"))
        keeper.tell(news("CA2"))
        await quiet(keeper)
        assert not keeper.failing

    desk.store.unfit = {"CA1"}
    desk.spool.put(news("CA1"))
    (desk.folder / "20200101T000000.000000-CA0.news").write_text("no news")
    keeper = desk.run(work)
    assert desk.store.told == [news("CA2")]
    assert keeper.counters == {"news_refused": 3, "news_written": 1}
    assert desk.events() == ["carrier_news.refused"] * 3
    refused = sorted(path.stem[-3:] for path in (desk.folder / "refused").iterdir())
    assert refused == ["CA0", "CA1", "CA1"]


def test_what_neither_store_nor_spool_takes_waits_in_memory_and_is_lost_at_the_stop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(keeper: RecordKeeper) -> None:
        desk.store.failing = BROKEN
        keeper.tell(news("CA1"))
        await asyncio.sleep(60)
        assert keeper.waiting == 1

    monkeypatch.setattr(Spool, "put", full)
    keeper = desk.run(work)
    assert (keeper.counters["news_lost"], keeper.counters["records_lost"]) == (1, 0)
    assert desk.log[-1] == {
        "event": "carrier_news.lost",
        "log_level": "error",
        "tenant": "shop",
        "call_id": "CA1",
        "reason": "neither store nor spool takes it",
    }


def test_news_leave_room_for_records(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(keeper: RecordKeeper) -> None:
        for n in range(3):
            keeper.tell(news(f"CA{n}"))
            keeper.keep(call(n))

    monkeypatch.setattr(keeping, "NEWS_WAITING", 3)
    keeper = desk.run(work)
    assert [each.call_id for each in desk.store.told] == ["CA0", "CA1"]
    assert desk.store.saved == ["CA0", "CA1", "CA2"]
    assert keeper.counters["news_lost"] == 1
    assert desk.events() == ["carrier_news.lost"]
