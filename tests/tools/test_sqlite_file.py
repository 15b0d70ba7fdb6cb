"""What small SQLite files have in common."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agent.tools.sqlite_file import WAIT_FOR_LOCK_S, connect, make_private, prepare, transaction

SCHEMA = ("CREATE TABLE things (name TEXT PRIMARY KEY)", "CREATE INDEX by_name ON things (name)")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize(("write_ahead", "mode"), [(True, "wal"), (False, "delete")])
def test_a_file_is_made_and_opened_again(tmp_path: Path, write_ahead: bool, mode: str) -> None:
    path = tmp_path / "data" / "things.sqlite3"
    asked = ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
    for names in ([], [("a",)]):
        with closing(connect(path, 1, SCHEMA, write_ahead=write_ahead)) as connection:
            assert connection.execute("SELECT name FROM things").fetchall() == names
            found = [connection.execute(f"PRAGMA {what}").fetchone()[0] for what in asked]
            assert found == [mode, 2, 1, WAIT_FOR_LOCK_S * 1000]
            connection.execute("INSERT OR IGNORE INTO things VALUES ('a')")
            assert not connection.in_transaction
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_used_is_not_left_open(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    with opened(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(sqlite3.DatabaseError, match=r"by a later version \(2\)"):
        connect(path, 1, SCHEMA)
    assert str(path) not in [str(each.resolve()) for each in Path("/proc/self/fd").iterdir()]


def test_a_file_is_private_and_what_is_in_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "data" / "things.sqlite3"
    make_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"something")
    make_private(path)
    assert path.read_bytes() == b"something"


def test_tables_are_made_once(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as connection:
        prepare(connection, 1, SCHEMA)
        connection.execute("INSERT INTO things VALUES ('a')")
        prepare(connection, 1, SCHEMA)
        assert connection.execute("SELECT name FROM things").fetchall() == [("a",)]


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as connection:
        connection.execute("PRAGMA user_version = 7")
        with pytest.raises(sqlite3.DatabaseError, match=r"by a later version \(7\)"):
            prepare(connection, 1, SCHEMA)
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
        assert not connection.in_transaction


def test_a_schema_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as connection:
        with pytest.raises(sqlite3.OperationalError):
            prepare(connection, 1, (*SCHEMA, "CREATE NONSENSE"))
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as connection:
        prepare(connection, 1, SCHEMA)
        with transaction(connection):
            connection.execute("INSERT INTO things VALUES ('kept')")
        with pytest.raises(sqlite3.IntegrityError), transaction(connection):
            connection.executemany("INSERT INTO things VALUES (?)", [("gone",), ("kept",)])
        assert connection.execute("SELECT name FROM things").fetchall() == [("kept",)]
