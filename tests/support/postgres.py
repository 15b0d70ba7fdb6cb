"""A PostgreSQL server for the time of the tests: a new cluster, reached by a socket file only."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

BINARIES = Path("/usr/lib/postgresql")
NOBODY = 65534
"""The server refuses to run as root."""
MISSING = "PostgreSQL IS NOT TESTED: no server in /usr/lib/postgresql (Debian: postgresql)"


def binaries() -> Path | None:
    """Where the newest installed server lies."""
    found = [path.parent for path in BINARIES.glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name), default=None)


@contextmanager
def running_postgres() -> Iterator[Database]:
    """A server that is there meanwhile.

    Where there is none to start, tests are skipped, with a line in the summary that cannot be
    overlooked; in CI they fail.
    """
    found = binaries()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has 107 characters
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user, -1)
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [found / program, *arguments],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )

    try:
        run("initdb", "-D", str(data), "-U", "seamline", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -h '' -c fsync=off -c max_connections=50"
        run("pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield Database(str(folder))
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


class Database:
    """The one database on a server."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._made = False

    def emptied(self) -> str:
        """Its address; nothing is in it, and nobody has it open any more."""
        asyncio.run(self._empty() if self._made else self._create())
        self._made = True
        return f"postgresql://seamline@/calls?host={self._folder}"

    async def _create(self) -> None:
        await self._execute("postgres", "CREATE DATABASE calls STRATEGY file_copy")

    async def _empty(self) -> None:
        await self._execute(
            "calls",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )

    async def _execute(self, database: str, *statements: str) -> None:
        engine = create_async_engine(
            f"postgresql+asyncpg://seamline@/{database}?host={self._folder}",
            isolation_level="AUTOCOMMIT",
        )
        async with engine.connect() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
        await engine.dispose()
