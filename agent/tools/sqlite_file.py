"""What the small SQLite files of the data folder have in common.

They are nobody else's to read, their tables have a version, and a file that a later version of the
program has written is left alone.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


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
