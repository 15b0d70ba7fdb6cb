"""Which calls the store finds, in which order, and what it adds up, against both engines."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.store.store import Store
from agent.store.wanted import CallFilter
from tests.store.opened import ids, with_store
from tests.store.records import CALLER, FULL, NOON, costing, record, said


def test_records_come_in_pages_as_calls_do(address: str) -> None:
    async def work(store: Store) -> None:
        kept = [
            FULL,
            *(said(f"CA{n}", "hello", began_at=NOON - timedelta(hours=n)) for n in (2, 3)),
        ]
        for each in kept:
            await store.save(each)
        first = await store.records(limit=2)
        assert [found for _, found in first] == kept[:2]
        assert [found for _, found in await store.records(before=first[-1][0])] == kept[2:]
        assert [found for _, found in await store.records(CallFilter(words="hel*"))] == kept[1:]
        assert await store.records(CallFilter(words="-")) == []
        assert await store.records(CallFilter(tenant="nobody")) == []

    with_store(address, work)


def test_lists_are_newest_first_and_go_on_where_a_page_ended(address: str) -> None:
    async def work(store: Store) -> None:
        for n in (3, 1, 4, 2, 0):
            await store.save(record(f"CA{n}", began_at=NOON + timedelta(seconds=n)))
        first = await store.calls(limit=2)
        assert [call.call_id for call in first] == ["CA4", "CA3"]
        second = await store.calls(before=first[-1].cursor, limit=2)
        assert [call.call_id for call in second] == ["CA2", "CA1"]
        assert await ids(store, before=second[-1].cursor, limit=2) == ["CA0"]

    with_store(address, work)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CallFilter(), ["CA5", "CA4", "CA3", "CA2", "CA1"]),
        (CallFilter(tenant="shop"), ["CA5", "CA3", "CA1"]),
        (CallFilter(outcome="idle"), ["CA4", "CA3"]),
        (CallFilter(tenant="shop", outcome="idle"), ["CA3"]),
        (CallFilter(number=CALLER), ["CA5", "CA2"]),
        (CallFilter(number=CALLER, tenant="office"), ["CA2"]),
        (CallFilter(since=NOON + timedelta(hours=4)), ["CA5", "CA4"]),
        (CallFilter(until=NOON + timedelta(hours=4)), ["CA3", "CA2", "CA1"]),
        (CallFilter(since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=3)), ["CA2"]),
        (CallFilter(tenant="nobody"), []),
    ],
)
def test_calls_are_found_by_what_they_were(
    address: str, wanted: CallFilter, found: list[str]
) -> None:
    async def work(store: Store) -> None:
        for n in range(1, 6):
            other = {
                "tenant": "shop" if n % 2 else "office",
                "outcome": "idle" if n in (3, 4) else "limit",
                "caller": CALLER if n in (2, 5) else "+15550100123",
            }
            at = NOON + timedelta(hours=n)
            await store.save(record(f"CA{n}", began_at=at, **other))
        assert await ids(store, wanted) == found

    with_store(address, work)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("table", ["CA2", "CA1"]),
        ("TABLE for", ["CA2", "CA1"]),
        ("tab* for", ["CA2", "CA1"]),
        ("tab for", []),
        ("zoe", ["CA1"]),
        ("Zoë, table!", ["CA1"]),
        ("o'clock", ["CA3"]),
        ("nothing", []),
        ("", []),
        ('* - "', []),
        ("столик", ["CA4"]),
    ],
)
def test_calls_are_found_by_what_was_said(address: str, words: str, found: list[str]) -> None:
    async def work(store: Store) -> None:
        texts = ["A table for Zoë.", "a TABLE for two", "At 5 o'clock", "Мне нужен столик"]
        for n, text in enumerate(texts, 1):
            at = NOON + timedelta(hours=n)
            other: dict[str, Any] = {"began_at": at, "outcome": "limit", "caller": CALLER}
            await store.save(said(f"CA{n}", text, **other))
        assert [call.call_id for call in await store.search(words)] == found
        both = CallFilter(words=words, tenant="shop", outcome="limit", number=CALLER)
        assert await ids(store, both) == found
        for none in (
            replace(both, outcome="idle"),
            replace(both, tenant="sho"),
            replace(both, number=CALLER[:-1]),
        ):
            assert await ids(store, none) == []

    with_store(address, work)


def test_a_search_goes_on_where_a_page_ended(address: str) -> None:
    async def work(store: Store) -> None:
        for n in range(3):
            await store.save(said(f"CA{n}", "hello", began_at=NOON + timedelta(hours=n)))
        first = await store.search("hello", limit=2)
        assert [call.call_id for call in first] == ["CA2", "CA1"]
        [last] = await store.search("hello", before=first[-1].cursor)
        assert last.call_id == "CA0"

    with_store(address, work)


def test_a_summary_has_what_a_list_shows(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(FULL)
        await store.save(record("CA2", began_at=NOON - timedelta(hours=1)))
        full, bare = await store.calls()
        assert (full.call_id, full.tenant, full.direction) == ("CA1", "bella-vista", "outbound")
        assert (full.caller, full.began_at, full.duration_s) == (CALLER, FULL.began_at, 119.5)
        assert (full.outcome, full.turns, full.latency_s) == ("agent_ended", 2, 0.6)
        assert (full.barge_ins, full.gap_ms, full.moves, full.drops) == (1, 1, 8, 9)
        assert (full.tool_calls, full.tool_failures, full.recorded) == (2, 1, True)
        assert full.cost_usd == Decimal("0.012345")
        assert (bare.recorded, bare.cost_usd, bare.caller) == (False, None, None)

    with_store(address, work)


def test_what_a_tenant_spent_is_added_up_exactly(address: str) -> None:
    async def work(store: Store) -> None:
        assert await store.spent("shop", NOON) == 0
        for n in range(3):
            at, cost = NOON + timedelta(hours=n), costing("0.1")
            await store.save(record(f"CA{n}", began_at=at, cost=cost))
        await store.save(record("CA9", began_at=NOON, tenant="office", cost=costing("7")))
        assert await store.spent("shop", NOON) == Decimal("0.3")
        assert await store.spent("shop", NOON + timedelta(hours=1)) == Decimal("0.2")

    with_store(address, work)
