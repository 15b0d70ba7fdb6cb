"""A small SQLite database per business: created with example data when it is missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.tools import CallContext

type Seed = Callable[[sqlite3.Connection], None]


@contextmanager
def database(context: CallContext, schema: str, seed: Seed) -> Iterator[sqlite3.Connection]:
    """Open the tenant's database for one piece of work and close it afterwards.

    Everything inside happens in one transaction: it is kept when the block ends well and undone
    when it raises. SQLite waits for other writers, so the work belongs in a thread.

    Args:
        context: of the call; the file is named after its tenant.
        schema: `CREATE TABLE IF NOT EXISTS` statements; one added later reaches old files too.
        seed: writes the example data of a new file.
    """
    context.data_dir.mkdir(parents=True, exist_ok=True)
    file = context.data_dir / f"{context.tenant}.sqlite3"
    connection = sqlite3.connect(file, timeout=5, autocommit=True)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in schema.split(";"):
                connection.execute(statement)
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                seed(connection)
                connection.execute("PRAGMA user_version = 1")
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    finally:
        connection.close()
