"""What it costs to run a function for the model, beyond the function itself.

    python -m bench.tools [--times 1000]

Each run is of a new request, from the model's arguments to the answer: they are checked, a place is
taken, the journal is written before and after, the result becomes JSON, and a line is logged (and
thrown away). The functions do nothing. The SQLite journal is on the disk before a function begins,
and again after it, so its figures are also the disk's: what two small writes cost there by
themselves stands beside them. `--folder` says on which disk. All kinds take turns, so that what
else the machine does falls on all of them.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web
from rich.console import Console
from rich.table import Table

from agent.observe import logs
from agent.tenants.tools import HttpTool
from agent.tools import CallContext, repeatable
from agent.tools.http_client import HttpClient
from agent.tools.journal import Journal, MemoryJournal
from agent.tools.journal_sqlite import SqliteJournal
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet
from agent.tools.runner import ToolRunner

CONTEXT = CallContext("bench", "CA1", "+15550100199", Path("/nowhere"))
GIVEN = {"day": "2026-11-27", "people": 4}
AT_ONCE = 8


class _Nowhere(StringIO):
    def write(self, text: str) -> int:
        return len(text)


async def book(day: date, people: int, context: CallContext) -> dict[str, str]:
    """Book."""
    return {"status": "booked"}


def book_in_a_thread(day: date, people: int) -> dict[str, str]:
    """Book."""
    return {"status": "booked"}


@repeatable
async def look(day: date, people: int) -> dict[str, str]:
    """Look."""
    return {"status": "free"}


type Run = Callable[[int], Awaitable[Any]]


async def in_turns_ms(runs: Mapping[str, Run], times: int) -> dict[str, list[float]]:
    """How long each run takes, one of each kind after the other, in ms."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for n in range(-(times // 10), times):
        for name, run in runs.items():
            began = time.perf_counter_ns()
            await run(n)
            if n >= 0:
                taken[name].append((time.perf_counter_ns() - began) / 1e6)
    return taken


def runs_with(journal: Journal, kind: str) -> dict[str, Run]:
    """The kinds of run with one journal."""
    functions = [read_function(function) for function in (book, book_in_a_thread, look)]
    runner = ToolRunner(
        ToolSet({function.declaration.name: function for function in functions}), journal
    )

    def of(name: str, key: str = "") -> Run:
        return lambda n: runner.run(str(n), name, GIVEN, f"{name} {key} {n}", CONTEXT)

    async def together(n: int) -> None:
        await asyncio.gather(*(of("book", f"place {place}")(n) for place in range(AT_ONCE)))

    return {
        f"async function, {kind}": of("book"),
        f"plain function in its thread, {kind}": of("book_in_a_thread"),
        f"{AT_ONCE} async functions at once, {kind}": together,
        **({} if kind == "SQLite" else {"look-up (repeatable: no journal)": of("look")}),
    }


async def functions_ms(times: int, folder: Path) -> dict[str, list[float]]:
    """The figures of Python functions, and of the disk."""
    sqlite = SqliteJournal(folder / "journal.sqlite3")
    await sqlite.open()
    with (folder / "plain").open("wb") as file:

        async def write_twice(_: int) -> None:
            for _ in range(2):
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())

        runs = {
            **runs_with(MemoryJournal(), "memory"),
            **runs_with(sqlite, "SQLite"),
            "two writes of 4 KiB to this disk": write_twice,
        }
        taken = await in_turns_ms(runs, times)
    await sqlite.close()
    return taken


async def http_ms(times: int) -> dict[str, list[float]]:
    """A request to a server in this very process, which shares the CPU with it."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "free"})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = web.AppRunner(app, access_log=None)
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", 0).start()
    client = HttpClient()
    tool = HttpTool.model_validate(
        {
            "name": "free",
            "description": "Is a table free?",
            "url": f"http://127.0.0.1:{server.addresses[0][1]}/tables/{{day}}",
            "query": {"people": "{people}"},
            "parameters": {"day": "date", "people": "integer"},
            "allow": ["127.0.0.0/8"],
        }
    )
    runner = ToolRunner(ToolSet.load([tool], [], http=client))

    async def run(n: int) -> None:
        await runner.run(str(n), "free", GIVEN, str(n), CONTEXT)

    taken = await in_turns_ms({"HTTP look-up, server in the same process": run}, times)
    await client.close()
    await server.cleanup()
    return taken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=None, help="for the SQLite journal")
    settings = parser.parse_args()
    logs.configure(stream=_Nowhere())
    with tempfile.TemporaryDirectory(dir=settings.folder) as folder:
        rows = asyncio.run(functions_ms(settings.times, Path(folder)))
    rows |= asyncio.run(http_ms(settings.times))
    table = Table(title="running a function that does nothing")
    for column in ("what", "ms median", "p99"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, taken in rows.items():
        median, p99 = np.median(taken), np.percentile(taken, 99)
        table.add_row(name, f"{median:.3f}", f"{p99:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
