"""Orders in a SQLite file: a key that a client has used is known after a crash as well.

An order is on the disk before the carrier is asked, so that a process that begins anew never asks
for a call a second time. And of several processes with one data folder a single one has the orders:
it holds a lock beside the file, which the system takes back when the process is gone. One
connection, used by one thread of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from agent.errors import AgentError, ConfigError
from agent.service.outbound_order import Order
from agent.tools.sqlite_file import connect, transaction

VERSION = 1

_SCHEMA = (
    """
    CREATE TABLE orders (
        id TEXT PRIMARY KEY,
        asked_at REAL NOT NULL,
        content BLOB NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX orders_by_time ON orders (asked_at)",
)


def file_name(account: str) -> str:
    """In the data folder; services of several accounts may share one.

    No tenant's file can have this name: a tenant's has no underscore.
    """
    return f"outbound_{account}.sqlite3"


class HeldElsewhere(AgentError):
    """Another process has the orders."""


class OutboundFile:
    """The file; `save` and `forget` may raise `sqlite3.Error` or `OSError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "outbound")
        self._connection: sqlite3.Connection | None = None
        self._lock: sqlite3.Connection | None = None

    async def open(self) -> list[Order]:
        """Make or open the file; returns the orders in it, the oldest first.

        Raises:
            HeldElsewhere: another process has it; try again later.
            ConfigError: it cannot be used.
        """
        try:
            await self._do(self._hold)
            return await self._do(self._load)
        except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
            raise ConfigError(f"{self._path}: orders of calls cannot be kept: {error}") from error

    async def save(self, order: Order) -> None:
        """Write an order down as it stands; when this returns, it is on the disk."""
        content = msgspec.json.encode(order)
        await self._do(self._save, order.id, order.asked_at, content)

    async def forget(self, ids: Iterable[str]) -> None:
        """Delete orders."""
        await self._do(self._forget, [(id,) for id in ids])

    async def close(self) -> None:
        """Close the file; it cannot be used again."""
        await self._do(self._close)
        self._thread.shutdown(wait=False)

    async def _do[*Ts, T](self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    # In the thread.

    def _hold(self) -> None:
        """Take the lock, for as long as this process lives."""
        if self._lock is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        path = self._path.with_suffix(".lock")
        lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise HeldElsewhere(f"{path} is locked") from None
            raise
        self._lock = lock

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, VERSION, _SCHEMA, write_ahead=True)
        return self._connection

    def _load(self) -> list[Order]:
        rows = self._open().execute("SELECT content FROM orders ORDER BY asked_at")
        return [msgspec.json.decode(content, type=Order) for (content,) in rows]

    def _save(self, id: str, asked_at: float, content: bytes) -> None:
        self._open().execute(
            "INSERT INTO orders (id, asked_at, content) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET content = excluded.content",
            (id, asked_at, content),
        )

    def _forget(self, ids: list[tuple[str]]) -> None:
        connection = self._open()
        with transaction(connection):
            connection.executemany("DELETE FROM orders WHERE id = ?", ids)

    def _close(self) -> None:
        for connection in (self._connection, self._lock):
            if connection is not None:
                connection.close()
        self._connection = self._lock = None
