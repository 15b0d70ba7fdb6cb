"""The store against both engines."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.errors import ConfigError, StoreError
from agent.observe.record_schema import CallRecord
from agent.store.store import ANY, Store
from agent.store.wanted import CallFilter
from tests.store.records import CALLER, FULL, NOON, costing, record, said
from tests.support.leaks import nothing_left

type Work = Callable[[Store], Awaitable[None]]


def with_store(address: str, work: Work) -> None:
    async def main() -> None:
        async with nothing_left():
            store = Store(address)
            try:
                await work(store)
            finally:
                await store.close()

    asyncio.run(main())


async def ids(store: Store, wanted: CallFilter = ANY, **other: int) -> list[str]:
    return [call.call_id for call in await store.calls(wanted, **other)]


def test_a_record_comes_back_as_it_was_saved(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(FULL)
        assert await store.call("CA1") == FULL
        empty = record("CA2")
        await store.save(empty)
        assert await store.call("CA2") == empty
        assert await store.call("CA3") is None

    with_store(address, work)


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


def test_every_field_of_the_full_record_differs_from_its_default() -> None:
    defaults = record("CA0", began_at=NOON)
    same = [n for n in CallRecord.__struct_fields__ if getattr(FULL, n) == getattr(defaults, n)]
    assert same == ["schema"]


def test_a_newer_record_takes_the_place_of_an_earlier_one(address: str) -> None:
    async def work(store: Store) -> None:
        for text in ("first", "second"):
            await store.save(said("CA1", text))
        assert await ids(store) == ["CA1"]
        assert await ids(store, CallFilter(words="first")) == []
        assert await ids(store, CallFilter(words="second")) == ["CA1"]

    with_store(address, work)


def test_texts_that_an_engine_does_not_take_are_mended(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(said("CA1", "a\0b \ud800 c"))
        found = await store.call("CA1")
        assert found is not None
        assert found.conversation[0].caller_text == "ab ? c"

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


def test_calls_of_the_same_microsecond_have_places_of_their_own(address: str) -> None:
    async def work(store: Store) -> None:
        for n in range(4):
            await store.save(record(f"CA{n}"))
        await store.save(record("CA1"))
        assert sorted(await ids(store)) == ["CA0", "CA1", "CA2", "CA3"]

    with_store(address, work)


def test_processes_that_write_at_once_both_get_their_place(address: str) -> None:
    async def work(store: Store) -> None:
        other = Store(address)

        async def saves(process: int, each: Store) -> None:
            for n in range(8):  # one after the other, as the service's writer does
                await each.save(record(f"CA{n}{process}"))

        try:
            await asyncio.gather(saves(0, store), saves(1, other))
        finally:
            await other.close()
        assert len(await ids(store)) == 16

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


def test_old_calls_of_one_tenant_are_deleted_with_all_that_is_theirs(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.store.store.DELETED_AT_ONCE", 2)

    async def work(store: Store) -> None:
        for n in range(5):
            full = msgspec.structs.replace(
                FULL, call_id=f"CA{n}", began_at=NOON + timedelta(hours=n)
            )
            await store.save(full)
        await store.save(said("CA9", "table", began_at=NOON))
        assert await store.delete_before("bella-vista", NOON + timedelta(hours=3)) == 3
        assert await store.delete_before("bella-vista", NOON + timedelta(hours=3)) == 0
        assert await ids(store) == ["CA4", "CA3", "CA9"]
        assert await ids(store, CallFilter(words="table")) == ["CA4", "CA3", "CA9"]
        await store.save(record("CA0", began_at=NOON))
        assert await store.call("CA0") == record("CA0", began_at=NOON)

    with_store(address, work)


def test_a_store_of_a_later_version_is_refused(address: str) -> None:
    async def work(store: Store) -> None:
        await store.open()
        async with store._writing() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        later = Store(address)
        try:
            with pytest.raises(ConfigError, match=r"version 9999, this program knows \d+: a later"):
                await later.open()
        finally:
            await later.close()

    with_store(address, work)


def test_a_store_that_turns_out_to_be_later_fails_as_stores_do(address: str) -> None:
    async def work(store: Store) -> None:
        async with store._writing() as connection:
            await connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
            await connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
        with pytest.raises(StoreError, match="a later version of seamline") as error:
            await store.save(FULL)
        assert not error.value.of_record

    with_store(address, work)


def test_a_place_that_another_process_took_at_the_same_time_is_no_end(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = iter([True, True])

    async def free(connection: AsyncConnection, place: int) -> int:
        return place if next(taken, False) else place + 1

    async def work(store: Store) -> None:
        await store.save(record("CA1"))
        monkeypatch.setattr("agent.store.write._free", free)
        await store.save(record("CA2"))
        assert sorted(await ids(store)) == ["CA1", "CA2"]
        with pytest.raises(StoreError) as error:
            await store.save(record("CA3"))
        assert error.value.of_record

    with_store(address, work)


def test_processes_that_begin_at_once_make_the_tables_once(address: str) -> None:
    async def work(store: Store) -> None:
        others = [Store(address) for _ in range(3)]
        try:
            await asyncio.gather(store.open(), *(other.open() for other in others))
        finally:
            for other in others:
                await other.close()
        assert await ids(store) == []

    with_store(address, work)


def test_a_server_that_is_not_there_is_an_error_of_ours() -> None:
    async def work(store: Store) -> None:
        for use in (store.open(), store.save(FULL), store.calls(), store.call("CA1")):
            with pytest.raises(StoreError) as error:
                await use
            assert not error.value.of_record

    with_store("postgresql://seamline:secret@127.0.0.1:1/none", work)


def test_a_record_that_does_not_fit_is_told_from_a_store_that_fails(address: str) -> None:
    async def work(store: Store) -> None:
        with pytest.raises(StoreError) as error:
            await store.save(record("CA1", turns=2**70))
        assert error.value.of_record
        assert await ids(store) == []

    with_store(address, work)
