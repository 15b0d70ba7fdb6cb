"""The store against both engines: what is saved, deleted, refused, and at the same time."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.errors import ConfigError, StoreError
from agent.observe.record_schema import CallRecord
from agent.store.store import Store
from agent.store.wanted import CallFilter
from tests.store.opened import ids, with_store
from tests.store.records import FULL, NOON, record, said


def test_a_record_comes_back_as_it_was_saved(address: str) -> None:
    async def work(store: Store) -> None:
        await store.save(FULL)
        assert await store.call("CA1") == FULL
        empty = record("CA2")
        await store.save(empty)
        assert await store.call("CA2") == empty
        assert await store.call("CA3") is None

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
