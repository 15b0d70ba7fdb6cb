"""The connections to the store: to a SQLite file or to a PostgreSQL server."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only

from agent.errors import ConfigError

WAIT_FOR_LOCK_S = 2.0
"""How long SQLite waits for another process that writes."""
SWITCH_TRIES = 100
CONNECT_S = 5.0
ANSWER_S = 10.0
"""How long PostgreSQL may take to let us in, and for one statement."""
CONNECTIONS = 4
WRITES: Mapping[str, Any] = {"writes": True}
"""Options of a connection that is going to write."""


def make_engine(address: str) -> AsyncEngine:
    """An engine for `sqlite:////a/path` or `postgresql://...`; it connects when it is used.

    Raises:
        ConfigError: the address cannot be used, or its driver is not installed.
    """
    try:
        url = make_url(address)
    except ArgumentError:  # its message quotes the address, and a password with it
        raise ConfigError("store: this is no address like postgresql://user@host/name") from None
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return _postgres(url)


def _sqlite(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        connect_args={"timeout": WAIT_FOR_LOCK_S, "async_creator_fn": _opened},
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=ANSWER_S,
    )
    path = Path(url.database or "")

    @event.listens_for(engine.sync_engine, "do_connect")
    def make_file(*_: object) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


async def _opened(*args: Any, **keywords: Any) -> aiosqlite.Connection:
    """Open the file; whoever is cancelled meanwhile leaves nothing open.

    The driver forgets a file that its thread is just opening.
    """
    connection = aiosqlite.connect(*args, **keywords)
    connection._thread.daemon = True  # as the dialect does where it opens by itself
    opening = asyncio.ensure_future(connection)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait([opening], timeout=WAIT_FOR_LOCK_S)  # a disk may hang
        if opening.done() and opening.exception() is None:
            await connection.close()
        raise


def _prepare(connection: Any) -> None:
    connection.isolation_level = None  # else the driver begins transactions by itself
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch a new file to WAL; SQLite itself does not wait for another process that just does."""
    for _ in range(SWITCH_TRIES - 1):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            await_only(asyncio.sleep(WAIT_FOR_LOCK_S / SWITCH_TRIES))
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")


def _postgres(url: URL) -> AsyncEngine:
    query = dict(url.query)
    if "sslmode" in query:  # as everyone else calls it
        query["ssl"] = query.pop("sslmode")
    try:
        return create_async_engine(
            url.set(drivername="postgresql+asyncpg", query=query),
            connect_args={"timeout": CONNECT_S, "command_timeout": ANSWER_S},
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=ANSWER_S,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError:
        raise ConfigError(
            "store: PostgreSQL needs a driver: pip install 'seamline[postgres]'"
        ) from None
