import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from agent.errors import ConfigError, StoreError
from agent.observe.record_schema import CallRecord
from agent.store import engine as module
from agent.store.engine import make_engine
from agent.store.store import Store
from tests.store.records import FULL
from tests.store.records import said as said_in


def test_what_is_no_address_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigError) as error:
        make_engine("postgresql//u:secret@host")
    assert "secret" not in str(error.value)


def test_postgresql_is_reached_as_everyone_writes_it() -> None:
    made = make_engine("postgresql://u:secret@db.example.com/calls?sslmode=require")
    assert made.url.drivername == "postgresql+asyncpg"
    assert made.url.query == {"ssl": "require"}


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigError, match=r"pip install 'seamline\[postgres\]'"):
        make_engine("postgresql://db/calls")


def saving(path: Path, record: CallRecord = FULL) -> None:
    async def main() -> None:
        store = Store(f"sqlite:///{path}")
        try:
            await store.save(record)
        finally:
            await store.close()

    asyncio.run(main())


def test_a_file_that_somebody_else_writes_is_waited_for_and_then_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_FOR_LOCK_S", 0.05)
    path = tmp_path / "calls.sqlite3"
    saving(path)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="OperationalError") as error:
            saving(path)
        assert not error.value.of_record
    other.close()
    saving(path)


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("max_page_count = 40", "database or disk is full"),
        ("query_only = ON", "attempt to write a readonly database"),
    ],
)
def test_a_store_that_is_full_or_read_only_says_so_and_is_whole_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, said: str
) -> None:
    def limited(connection: Any) -> None:
        prepare(connection)
        connection.cursor().execute(f"PRAGMA {pragma}")

    path, prepare = tmp_path / "calls.sqlite3", module._prepare
    saving(path, FULL)
    monkeypatch.setattr(module, "_prepare", limited)
    words = "much talk about very little " * 20_000
    with pytest.raises(StoreError, match=said) as error:
        saving(path, said_in("CA2", words))
    assert not error.value.of_record
    monkeypatch.undo()
    saving(path, said_in("CA2", words))


def test_a_file_that_is_no_database_is_an_error_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite3"
    path.write_text("no database, but text that is long enough to be taken for none" * 9)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="DatabaseError"):
        saving(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        saving(tmp_path / "file" / "calls.sqlite3")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "calls.sqlite3"
    saving(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_deleted_is_wiped(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite3"
    rare = b"xylophone"

    async def main() -> None:
        store = Store(f"sqlite:///{path}")
        kept = said_in("CA3", "a table", tenant="office")
        for record in (FULL, said_in("CA2", f"a table and a {rare.decode()}"), kept):
            await store.save(record)
        await store.close()
        assert rare in path.read_bytes()
        for tenant in (FULL.tenant, "shop"):
            await store.delete_before(tenant, FULL.ended_at)
        assert [call.call_id for call in await store.search("table")] == ["CA3"]
        await store.close()

    asyncio.run(main())
    left = path.read_bytes()
    assert [word for word in (rare, b"A table for", b"clock") if word in left] == []


@pytest.mark.parametrize("steps", range(12))
def test_whoever_is_cancelled_while_the_file_is_opened_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*args: Any, **keywords: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **keywords))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)

    async def use(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def main() -> None:
        engine = make_engine(f"sqlite:///{tmp_path}/calls.sqlite3")
        using = asyncio.ensure_future(use(engine))
        for _ in range(steps):
            await asyncio.sleep(0)
        using.cancel()
        await asyncio.wait([using])
        await engine.dispose()

    asyncio.run(main())
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
