"""What the carrier tells of calls, in both engines: before a call's record, with it, and after."""

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.errors import StoreError
from agent.observe.carrier_news import CarrierNews, news_of, without_news
from agent.observe.record_schema import Transfer
from agent.store import news as news_module
from agent.store.store import Store
from agent.store.tables import carrier_news, transfers
from agent.store.wanted import CallFilter
from tests.store.opened import with_store
from tests.store.records import FULL, NOON, record

TOLD = news_of(FULL)
LATER = NOON + timedelta(minutes=3)


async def kept(store: Store) -> tuple[int, int]:
    """How many rows there are of each table."""
    async with store._reading() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(table))
            for table in (carrier_news, transfers)
        ]
    return counts[0] or 0, counts[1] or 0


def test_what_is_told_before_and_after_a_record_stands_in_it(address: str) -> None:
    early = replace(TOLD, duration_s=None, transfers={0: TOLD.transfers[0]})
    late = replace(TOLD, tenant=None, status=None, sip_code=None)

    async def work(store: Store) -> None:
        await store.tell(early, LATER)
        assert await store.call("CA1") is None
        await store.save(without_news(FULL))
        await store.tell(late, LATER)
        assert await store.call("CA1") == FULL
        [(_, found)] = await store.records(CallFilter(tenant="bella-vista"))
        assert found == FULL

    with_store(address, work)


def test_in_any_order_the_same_is_known_in_the_end(address: str) -> None:
    ringing = Transfer(target="kitchen", address="+15550100198")
    pieces = [
        CarrierNews(call_id="CA1", tenant="bella-vista", transfers={0: ringing}),
        CarrierNews(
            call_id="CA1", tenant="bella-vista", transfers={0: replace(ringing, ended="answered")}
        ),
        CarrierNews(call_id="CA1", tenant="bella-vista", status="completed", duration_s=70),
    ]

    async def work(store: Store) -> None:
        found = []
        for n, order in enumerate(permutations([*pieces, None])):
            id = f"CA{n}"
            for piece in (*order, *order):
                if piece is None:
                    await store.save(record(id, began_at=NOON + timedelta(seconds=n)))
                else:
                    await store.tell(replace(piece, call_id=id), LATER)
            told = await store.call(id)
            assert told is not None
            found.append((told.carrier, told.transfers))
        assert found == found[:1] * len(found)
        assert found[0][0].duration_s == 70
        assert [each.ended for each in found[0][1]] == ["answered"]

    with_store(address, work)


def test_a_newer_record_loses_nothing_of_what_was_told(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(FULL)
        await store.save(without_news(FULL))
        assert await store.call("CA1") == FULL
        assert await kept(store) == (1, 2)

    with_store(address, work)


def test_of_a_call_that_nobody_knows_nothing_is_kept(address: str) -> None:
    async def work(store: Store) -> None:
        await store.tell(CarrierNews(call_id="CA9", status="completed"), LATER)
        assert await kept(store) == (0, 0)
        await store.save(record("CA8"))
        await store.tell(CarrierNews(call_id="CA8", status="busy"), LATER)
        assert await kept(store) == (1, 0)
        found = await store.call("CA8")
        assert found is not None
        assert (found.tenant, found.carrier.status) == ("shop", "busy")

    with_store(address, work)


def test_what_was_told_goes_with_its_call_and_strays_when_they_are_as_old(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(FULL)
        await store.save(replace(FULL, call_id="CA2", began_at=NOON + timedelta(hours=5)))
        for hours in (0, 5):
            stray = CarrierNews(call_id=f"CX{hours}", tenant="bella-vista", status="busy")
            await store.tell(stray, NOON + timedelta(hours=hours))
        await store.tell(CarrierNews(call_id="CY", tenant="shop", status="busy"), NOON)
        assert await kept(store) == (5, 4)
        assert await store.delete_before("bella-vista", NOON + timedelta(hours=4)) == 1
        assert await kept(store) == (3, 2)
        assert await store.call("CA2") is not None

    with_store(address, work)


def test_processes_that_are_told_at_once_lose_nothing(address: str) -> None:
    async def work(store: Store) -> None:
        other = Store(address)
        try:
            pieces = [
                CarrierNews(call_id="CA1", tenant="bella-vista", stream_errors=(str(n),))
                for n in range(5)
            ]
            ways = ((store, other)[n % 2].tell(piece, LATER) for n, piece in enumerate(pieces))
            await asyncio.gather(*ways, other.save(without_news(FULL)))
        finally:
            await other.close()
        found = await store.call("CA1")
        assert found is not None
        assert found.carrier.stream_errors == ("0", "1", "2", "3", "4")

    with_store(address, work)


def test_another_process_that_was_first_by_a_hair_is_no_end(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = iter([True])
    look = news_module.known_news

    async def known(
        connection: AsyncConnection, ids: list[str], *, to_write: bool = False
    ) -> dict[str, CarrierNews]:
        return {} if next(blind, False) else await look(connection, ids, to_write=to_write)

    async def work(store: Store) -> None:
        await store.tell(CarrierNews(call_id="CA1", tenant="shop", status="busy"), LATER)
        monkeypatch.setattr("agent.store.news.known_news", known)
        await store.tell(CarrierNews(call_id="CA1", tenant="shop", duration_s=3), LATER)
        await store.save(record("CA1"))
        found = await store.call("CA1")
        assert found is not None
        assert (found.carrier.status, found.carrier.duration_s) == ("busy", 3)

    with_store(address, work)


def test_texts_that_an_engine_does_not_take_are_mended(address: str) -> None:
    async def work(store: Store) -> None:
        told = CarrierNews(call_id="CA1", tenant="shop", stream_errors=("a\0b\nc \ud800",))
        await store.tell(told, LATER)
        await store.save(record("CA1"))
        found = await store.call("CA1")
        assert found is not None
        assert found.carrier.stream_errors == ("ab c ?",)

    with_store(address, work)


def test_news_that_do_not_fit_are_told_from_a_store_that_fails(address: str) -> None:
    async def work(store: Store) -> None:
        with pytest.raises(StoreError) as error:
            await store.tell(CarrierNews(call_id="CA1", tenant="shop", sip_code=2**70), LATER)
        assert error.value.of_record

    with_store(address, work)
