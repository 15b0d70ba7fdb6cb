"""The journal in a SQLite file: what has begun is known after a crash as well.

One connection, used by one thread of its own, so that a slow disk holds up nothing but functions.
That a function begins is on the disk (`synchronous = FULL`) before it does. For its result nobody
waits so long: a crash of the process leaves it there, and after a power cut the entry says that the
function has begun and nothing of how it ended, so it is not run again either. Processes of one
machine may share the file.

When the file cannot be read or written, the process goes on with its memory alone and says so in
the log: a request is still made once, as long as the process lives.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

from agent.errors import ConfigError
from agent.tools.journal import Busy, Committed, Journal, Known, MemoryJournal, Mine, Unknown
from agent.tools.sqlite_file import connect

FILE_NAME = "tool_journal.sqlite3"
"""In the data folder. No tenant's file can have this name: a tenant's has no underscore."""
KEEP_S = 24 * 3600.0
"""Entries hold callers' data: they are kept for longer than any call, and no longer."""
SWEEP_S = 600.0
VERSION = 1

_SCHEMA = (
    """
    CREATE TABLE effects (
        key TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('executing', 'committed')),
        until_utc REAL NOT NULL,
        changed_utc REAL NOT NULL,
        response TEXT
    ) WITHOUT ROWID
    """,
    "CREATE INDEX effects_by_change ON effects (changed_utc)",
)

_log = structlog.stdlib.get_logger()


class SqliteJournal:
    """A journal that outlives the process; see `Journal` for its methods.

    Args:
        path: of the file; it and its folder are made when missing.
        clock: the wall's, in seconds, since entries are read by later processes.

    Attributes:
        failures: times that the file could not be used.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.failures = 0
        self._path = path
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "journal")
        self._connection: sqlite3.Connection | None = None
        self._spare = MemoryJournal()
        self._sweep_at = 0.0

    async def open(self) -> None:
        """See `Journal.open`; without it, the first entry opens the file."""
        try:
            await self._do(self._open)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(f"{self._path}: the journal cannot be used: {error}") from error

    async def begin(self, key: str, lease_s: float) -> Known:
        """See `Journal.begin`."""
        if key not in self._spare:
            try:
                return await self._do(self._begin, key, lease_s)
            except (sqlite3.Error, OSError) as error:
                self._failed(error)
        return await self._spare.begin(key, lease_s)

    async def commit(self, key: str, response: Mapping[str, Any]) -> None:
        """See `Journal.commit`."""
        if key not in self._spare:
            try:
                return await self._do(self._commit, key, response)
            except (sqlite3.Error, OSError) as error:
                self._failed(error)
        await self._spare.commit(key, response)

    async def abandon(self, key: str) -> None:
        """See `Journal.abandon`."""
        if key not in self._spare:
            try:
                return await self._do(self._abandon, key)
            except (sqlite3.Error, OSError) as error:
                self._failed(error)
        await self._spare.abandon(key)

    async def close(self) -> None:
        """Close the file; the journal cannot be used again."""
        await self._do(self._close)
        self._thread.shutdown(wait=False)

    async def _do[*Ts, T](self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        _log.error("journal.failed", failures=self.failures, exc_info=error)

    # In the thread.

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, VERSION, _SCHEMA, write_ahead=True)
        return self._connection

    def _begin(self, key: str, lease_s: float) -> Known:
        connection, now = self._open(), self._clock()
        self._sweep(connection, now)
        row = ("executing", now + lease_s, now, key)
        made = connection.execute(
            "INSERT INTO effects (state, until_utc, changed_utc, key) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (key) DO NOTHING",
            row,
        )
        if made.rowcount:
            return Mine()
        found = connection.execute(
            "SELECT state, until_utc, response FROM effects WHERE key = ?", (key,)
        ).fetchone()
        if found is None:  # abandoned by another process in this very moment
            return Busy(0.0)
        state, until, response = found
        if state == "committed":
            return Committed(msgspec.json.decode(response, type=dict[str, Any]))
        return Busy(until - now) if now < until else Unknown()

    def _commit(self, key: str, response: Mapping[str, Any]) -> None:
        connection = self._open()
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            self._committed(connection, key, response)
        finally:
            connection.execute("PRAGMA synchronous = FULL")

    def _committed(
        self, connection: sqlite3.Connection, key: str, response: Mapping[str, Any]
    ) -> None:
        connection.execute(
            "UPDATE effects SET state = 'committed', response = ?, changed_utc = ? WHERE key = ?",
            (msgspec.json.encode(response).decode(), self._clock(), key),
        )

    def _abandon(self, key: str) -> None:
        self._open().execute("DELETE FROM effects WHERE key = ?", (key,))

    def _sweep(self, connection: sqlite3.Connection, now: float) -> None:
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_S
            connection.execute("DELETE FROM effects WHERE changed_utc < ?", (now - KEEP_S,))

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def make_journal(kind: Literal["sqlite", "memory"], data_dir: Path) -> Journal:
    """The journal that the service's settings ask for; it is not open yet."""
    return SqliteJournal(data_dir / FILE_NAME) if kind == "sqlite" else MemoryJournal()
