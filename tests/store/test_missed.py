"""Calls that never came to the agent, in the store: once, and never in the place of another."""

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from agent.observe.carrier_news import CarrierNews, with_news
from agent.observe.missed import Missed, MissedCall, missed_record
from agent.store.store import Store
from agent.store.wanted import CallFilter
from tests.store.opened import ids, with_store
from tests.store.records import CALLER, FULL, NOON

CALL = MissedCall("CA1", "shop", "outbound", CALLER, "+15550100100", NOON)
BUSY = missed_record(CALL, Missed.BUSY, NOON + timedelta(seconds=9))


def test_it_is_found_as_others_are(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(BUSY)
        assert await store.call("CA1") == BUSY
        for wanted in (CallFilter(outcome="busy"), CallFilter(number=CALLER, tenant="shop")):
            assert await ids(store, wanted) == ["CA1"]
        assert await ids(store, CallFilter(outcome="no_answer")) == []
        [found] = await store.calls()
        assert (found.direction, found.turns, found.duration_s) == ("outbound", 0, 0.0)

    with_store(address, work)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_call_that_was_talked_after_all_is_kept_as_that_once(
    order: tuple[int, ...], address: str
) -> None:
    async def work(store: Store) -> None:
        records = (FULL, BUSY, replace(BUSY, began_at=NOON - timedelta(days=1)))
        for n in order:
            await store.save(records[n])
        assert await ids(store) == ["CA1"]
        assert await store.call("CA1") == FULL

    with_store(address, work)


def test_the_first_that_is_told_of_it_stays(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(BUSY)
        await store.save(replace(BUSY, outcome="unclear"))
        [found] = await store.calls()
        assert found.outcome == "busy"

    with_store(address, work)


def test_what_the_carrier_tells_with_it_is_kept_though_it_is_not(address: str) -> None:
    news = CarrierNews(call_id="CA1", status="busy", sip_code=486)

    async def work(store: Store) -> None:
        await store.save(BUSY)
        await store.save(with_news(BUSY, news))
        found = await store.call("CA1")
        assert found is not None
        assert (found.carrier.status, found.carrier.sip_code) == ("busy", 486)

    with_store(address, work)


def test_two_who_tell_of_it_at_once_leave_one(address: str) -> None:
    async def work(store: Store) -> None:
        await store.open()
        await asyncio.gather(*(store.save(each) for each in (BUSY, FULL, BUSY)))
        assert await store.call("CA1") == FULL

    with_store(address, work)
