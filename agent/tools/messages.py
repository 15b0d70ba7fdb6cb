"""Messages that callers leave for the business, in a SQLite file per tenant.

A message is on the disk (`synchronous = FULL`) before the caller is told that it was taken, and is
kept once for a request, however often the function runs for it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = "messages"
"""In the data folder."""
WAIT_FOR_LOCK_S = 2.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY,
    key TEXT UNIQUE,
    taken_at TEXT NOT NULL,
    call_id TEXT NOT NULL,
    caller TEXT,
    text TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        taken_at: ISO 8601, at the clock of the business, with its offset.
        call_id: the carrier's id of the call.
        caller: the number; None when it was withheld.
    """

    taken_at: str
    call_id: str
    caller: str | None
    text: str


def path_of(data_dir: Path, tenant: str) -> Path:
    """Where a tenant's messages are."""
    return data_dir / FOLDER / f"{tenant}.sqlite3"


def keep(path: Path, message: Message, key: str) -> bool:
    """Write a message down, unless it was for the same key; returns whether it was new.

    Raises:
        sqlite3.Error, OSError: it could not be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with _opened(path) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_SCHEMA)
        written = connection.execute(
            "INSERT INTO messages (key, taken_at, call_id, caller, text) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO NOTHING",
            (key or None, message.taken_at, message.call_id, message.caller, message.text),
        )
        return written.rowcount == 1


def read(path: Path) -> list[Message]:
    """Every message, oldest first; none when nobody has left one.

    Raises:
        sqlite3.Error: the file is no such file, or cannot be read.
    """
    if not path.exists():
        return []
    with _opened(path) as connection:
        rows = connection.execute(
            "SELECT taken_at, call_id, caller, text FROM messages ORDER BY number"
        )
        return [Message(*row) for row in rows]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=WAIT_FOR_LOCK_S, autocommit=True)) as connection:
        yield connection
