"""The tables that the migrations make are those that the program uses."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect
from sqlalchemy.engine import Connection

from agent.errors import ConfigError
from agent.observe.carrier_news import CarrierNews
from agent.observe.record_schema import CallRecord
from agent.store.engine import make_engine
from agent.store.rows import rows_of
from agent.store.schema import migrate, version_of
from agent.store.store import Store
from agent.store.tables import HEAD, PARTS, calls, metadata
from tests.store.records import NOON, record


def on_connection[T](address: str, work: Callable[[Connection], T]) -> T:
    async def main() -> T:
        engine = make_engine(address)
        try:
            async with engine.execution_options(writes=True).begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(main())


def ours(object: object, name: str | None, kind: str, *_: object) -> bool:
    """Not the tables of the full-text search, which each engine has in its own way."""
    return not (kind == "table" and (name or "").startswith("call_words"))


def test_the_migrations_make_the_tables_that_are_used(address: str) -> None:
    def work(connection: Connection) -> list[object]:
        migrate(connection)
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        differences: list[object] = list(compare_metadata(context, metadata))
        return differences

    assert on_connection(address, work) == []


def test_every_table_and_index_is_there(address: str) -> None:
    def work(connection: Connection) -> tuple[set[str], set[str | None]]:
        migrate(connection)
        there = inspect(connection)
        return set(there.get_table_names()), {i["name"] for i in there.get_indexes("calls")}

    tables, indexes = on_connection(address, work)
    assert {"calls", "call_words", "alembic_version", *(part.name for part in PARTS)} <= tables
    assert {index.name for index in calls.indexes} <= indexes


def test_an_empty_store_has_no_version_and_a_migrated_one_the_newest(address: str) -> None:
    def work(connection: Connection) -> tuple[str | None, str | None]:
        before = version_of(connection)
        migrate(connection)
        migrate(connection)
        return before, version_of(connection)

    assert on_connection(address, work) == (None, HEAD)


def test_a_new_store_is_made_without_a_word_in_the_log(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    on_connection(address, migrate)
    assert [record for record in caplog.records if record.name.startswith("alembic")] == []


def test_calls_of_an_earlier_version_are_kept(address: str) -> None:
    """The tables of the first version, a call in them, and then this program."""

    def at_first(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "agent.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    on_connection(address, at_first)
    call, _, _ = rows_of(record("CA1"))
    on_connection(address, lambda tables: tables.execute(insert(calls), [call | {"place": 1}]))

    async def work() -> CallRecord | None:
        store = Store(address)
        try:
            await store.tell(CarrierNews(call_id="CA1", status="completed"), NOON)
            return await store.call("CA1")
        finally:
            await store.close()

    found = asyncio.run(work())
    assert found is not None
    assert found.carrier.status == "completed"


def test_the_newest_version_is_that_of_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "agent.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_migration_that_fails_leaves_nothing_behind(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConfigError("no")

    monkeypatch.setattr("alembic.operations.Operations.create_index", fail)
    with pytest.raises(ConfigError):
        on_connection(address, migrate)
    monkeypatch.undo()

    def work(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    assert on_connection(address, work) == set()
