"""What calls have cost, by tenant and day, in a SQLite file that outlives the process.

One connection, used by one thread of its own. Processes of one machine may share the file: each
writes its own calls and reads the sums of all. Amounts are whole millionths of a dollar.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from agent.errors import ConfigError
from agent.tools.sqlite_file import connect, transaction

FILE_NAME = "spending.sqlite3"
"""In the data folder. No tenant's file can have this name: a tenant's has no dot."""
KEEP_DAYS = 40
VERSION = 1

_SCHEMA = (
    """
    CREATE TABLE spent (
        call TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        day TEXT NOT NULL,
        micro_usd INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX spent_by_day ON spent (day, tenant)",
)


class SpentCall(NamedTuple):
    """What one stream of a call has cost so far.

    Attributes:
        call: the carrier's name of the stream; the next word about it takes this one's place.
        day: on which it began, by the tenant's clock, as 2026-11-21.
    """

    call: str
    tenant: str
    day: str
    micro_usd: int


type Totals = Mapping[tuple[str, str], int]
"""Millionths of a dollar, by tenant and day."""


class SpendingFile:
    """The file; every method but `close` may raise `sqlite3.Error` or `OSError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "spending")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Make or open the file.

        Raises:
            ConfigError: it cannot be used.
        """
        try:
            await self._do(self._open)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(f"{self._path}: what calls cost cannot be kept: {error}") from error

    async def exchange(self, calls: Sequence[SpentCall], since: str) -> Totals:
        """Write down these calls, and read the sums of all.

        Args:
            since: the first day that is asked for.
        """
        return await self._do(self._exchange, calls, since)

    async def close(self) -> None:
        """Close the file; it cannot be used again."""
        await self._do(self._close)
        self._thread.shutdown(wait=False)

    async def _do[*Ts, T](self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    # In the thread.

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, VERSION, _SCHEMA)
        return self._connection

    def _exchange(self, calls: Sequence[SpentCall], since: str) -> Totals:
        connection = self._open()
        if calls:
            with transaction(connection):
                connection.executemany(
                    "INSERT INTO spent (call, tenant, day, micro_usd) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (call) DO UPDATE SET micro_usd = excluded.micro_usd",
                    calls,
                )
                connection.execute(
                    f"DELETE FROM spent WHERE day < date(?, '-{KEEP_DAYS} days')", (since,)
                )
        rows = connection.execute(
            "SELECT tenant, day, SUM(micro_usd) FROM spent WHERE day >= ? GROUP BY tenant, day",
            (since,),
        )
        return {(tenant, day): micro for tenant, day, micro in rows}

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
