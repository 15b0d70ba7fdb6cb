"""What the small SQLite files of the data folder have in common.

They are nobody else's to read, and what is deleted in them is overwritten. A change is on the disk
when its statement returns. Their tables have a version, and a file that a later version of the
program has written is left alone.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

WAIT_FOR_LOCK_S = 2.0
SWITCH_TRIES = 100


def connect(
    path: Path, version: int, schema: Sequence[str], *, write_ahead: bool = False
) -> sqlite3.Connection:
    """Open a file or make it, for one thread at a time; a statement is a transaction of its own.

    Args:
        version: of the tables; see `prepare`.
        schema: the statements that make them.
        write_ahead: in a journal beside the file: one wait for the disk a change, not several.

    Raises:
        sqlite3.Error, OSError: the file cannot be used.
    """
    make_private(path)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        if write_ahead:
            _write_ahead(connection)
        connection.execute(f"PRAGMA busy_timeout = {WAIT_FOR_LOCK_S * 1000:.0f}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        prepare(connection, version, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL; SQLite itself does not wait for another process that just does."""
    switch = "PRAGMA journal_mode = WAL"
    for _ in range(SWITCH_TRIES - 1):
        try:
            connection.execute(switch)
        except sqlite3.OperationalError:
            time.sleep(WAIT_FOR_LOCK_S / SWITCH_TRIES)
        else:
            return
    connection.execute(switch)


def make_private(path: Path) -> None:
    """Make the file and its folder, if they are not there; nobody else may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it; for a connection in autocommit."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def prepare(connection: sqlite3.Connection, version: int, schema: Sequence[str]) -> None:
    """Make the tables in a new file.

    Raises:
        sqlite3.DatabaseError: a later version has written this one.
    """
    with transaction(connection):
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > version:
            raise sqlite3.DatabaseError(f"it was written by a later version ({found})")
        if found == 0:
            for statement in schema:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
