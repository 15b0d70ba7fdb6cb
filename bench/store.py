"""The store with 100,000 calls: `python -m bench.store [--calls N] [--postgres]`.

First table: what a page of 50 calls takes, for each kind of question, from asking to the summaries.
The calls are of 50 tenants, one of which is rare; every call has five answers. `said by all` looks
for a word that every call has, `said by few` for one in a thousand.

Second table: how late the loop wakes while records are written beside it, two a second as a service
of 200 calls of 100 s has, each with 40 answers and 600 entries of a timeline; beside the same
loop with nothing to write. Both take turns, since a shared machine is late by itself.
"""

import argparse
import asyncio
import gc
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import TableClause, insert

from agent.call.timeline import Entry
from agent.cli.runtime import loop_factory
from agent.cli.serve import GC_THRESHOLD, SWITCH_S
from agent.observe.record_schema import CallRecord, Connection, ToolCall, Turn, Usage
from agent.service.keeping import RecordKeeper
from agent.service.spool import Spool
from agent.store.rows import Row, place_of, rows_of
from agent.store.search import marks_of
from agent.store.store import Store
from agent.store.tables import calls, words
from agent.store.wanted import CallFilter
from bench.reload import Beat
from tests.support.postgres import running_postgres

START = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=240)
BATCH = 1000
TIMES = 50
PAGE = 50
ROUNDS, ROUND_S, WRITES_EACH_S = 10, 4.0, 2
OUTCOMES = ("caller_hung_up", "agent_ended", "caller_ended", "idle", "model_lost")
CHATTER = ("yes", "please", "that", "would", "be", "fine", "tell", "me", "my", "order", "thank")


def made(n: int, draw: random.Random) -> CallRecord:
    """One of the hundred thousand."""
    began_at = START + n * APART
    talk = [" ".join(draw.choices(CHATTER, k=12)) for _ in range(5)]
    if n % 1000 == 7:
        talk[2] += " anaconda"
    return CallRecord(
        call_id=f"CA{n:032x}",
        stream_id=f"MZ{n:032x}",
        tenant="rare" if n % 2000 == 5 else f"tenant-{n % 49}",
        generation=1,
        model="models/gemini-live",
        caller=f"+1555{n % 9000:07}",
        began_at=began_at,
        ended_at=began_at + timedelta(seconds=90),
        outcome=OUTCOMES[min(n * 7919 % 100 // 20, 3) if n % 3000 else 4],
        turns=5,
        usage=Usage(reports=5, prompt_tokens=9000, input={"AUDIO": 9000}),
        conversation=tuple(
            Turn(number=i, began_s=9.0 * i, answers_caller=True, caller_text=said, agent_text=said)
            for i, said in enumerate(talk)
        ),
        connections=(Connection(left_s=30.0, planned=True, why="age", took_s=0.2),),
        tool_calls=(
            ToolCall(name="f", turn=1, requested_s=1, took_s=0.1, state="answered", failed=False),
        ),
    )


def long_call(n: int) -> CallRecord:
    """One that takes work to write down."""
    turn = made(n, random.Random(n)).conversation[0]
    return replace(
        made(n, random.Random(n)),
        conversation=(turn,) * 40,
        timeline=tuple(
            Entry(t / 2, "caller.said", {"pii.text": turn.caller_text}) for t in range(600)
        ),
    )


async def fill(store: Store, n_calls: int, record_of: Callable[[int], CallRecord]) -> None:
    """Many calls at a time, past `Store.save`."""
    await store.open()
    for first in track(range(0, n_calls, BATCH), "filling", console=Console(stderr=True)):
        tables: dict[TableClause, list[Row]] = {}
        for n in range(first, min(first + BATCH, n_calls)):
            record = record_of(n)
            row, parts, said = rows_of(record)
            place = {"place": place_of(record.began_at)}
            said = " ".join([said, *marks_of(record.tenant, record.outcome, record.caller)])
            tables.setdefault(calls, []).append(row | place)
            for table, rows in parts:
                tables.setdefault(table, []).extend(part | place for part in rows)
            tables.setdefault(words, []).append({"rowid": place["place"], "words": said})
        async with store._writing() as connection:
            for filled, rows in tables.items():
                await connection.execute(insert(filled), rows)


def questions(n_calls: int) -> Iterator[tuple[str, CallFilter, int | None]]:
    middle = START + n_calls // 2 * APART
    yield "newest", CallFilter(), None
    yield "in the middle", CallFilter(), place_of(middle)
    yield "one tenant", CallFilter(tenant="tenant-3"), None
    yield "a rare tenant", CallFilter(tenant="rare"), None
    yield "one outcome", CallFilter(outcome="idle"), None
    yield "a rare outcome", CallFilter(outcome="model_lost"), None
    yield "tenant and outcome", CallFilter(tenant="tenant-3", outcome="model_lost"), None
    yield "one number", CallFilter(number="+15550000042"), None
    yield "number and tenant", CallFilter(number="+15550000042", tenant="tenant-3"), None
    yield "one day", CallFilter(since=middle, until=middle + timedelta(days=1)), None
    yield "said by all", CallFilter(words="please"), None
    yield "said by few", CallFilter(words="anaconda"), None
    yield "said by nobody", CallFilter(words="xylophone"), None
    yield "said by all, rare tenant", CallFilter(words="please", tenant="rare"), None
    yield "three words of all", CallFilter(words="my order thank"), None
    yield (
        "a beginning, one day",
        CallFilter(words="ple*", since=middle, until=middle + timedelta(days=1)),
        None,
    )


async def ask(store: Store, n_calls: int) -> Table:
    table = Table("question", "calls", "median", "p99", title=f"a page of {PAGE} of {n_calls:,}")
    for name, wanted, before in questions(n_calls):
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            found = await store.calls(wanted, before, PAGE)
            took.append(1000 * (time.perf_counter() - began))
        took.sort()
        median, p99 = statistics.median(took), took[int(0.99 * len(took))]
        table.add_row(name, str(len(found)), f"{median:.1f} ms", f"{p99:.1f} ms")
    return table


async def lateness(store: Store, folder: Path) -> Table:
    """Rounds with and without writing, in turn."""
    late: dict[str, list[float]] = {"nothing written": [], "records written": []}
    keeper = RecordKeeper(store, Spool(folder / "spool"))
    n_records = round(ROUNDS * ROUND_S * WRITES_EACH_S)
    records = iter([long_call(10_000_000 + n) for n in range(n_records)])
    gc.freeze()
    async with keeper.at_work():
        for number in range(2 * ROUNDS):
            beat = Beat()
            task = asyncio.create_task(beat.run())
            for _ in range(round(ROUND_S * WRITES_EACH_S)):
                if number % 2:
                    keeper.keep(next(records))
                await asyncio.sleep(1 / WRITES_EACH_S)
            task.cancel()
            late["records written" if number % 2 else "nothing written"] += beat.late_s
    table = Table("the loop", "median", "p99", "p99.9", "worst", title="how late the loop wakes")
    for name, found in late.items():
        found.sort()
        points = (0.5, 0.99, 0.999)
        cells = [f"{1000 * found[int(p * len(found))]:.2f} ms" for p in points]
        table.add_row(name, *cells, f"{1000 * found[-1]:.2f} ms")
    table.caption = f"{keeper.counters['records_written']} records written, " + (
        f"{keeper.counters['records_lost']} lost"
    )
    return table


async def measure(name: str, address: str, folder: Path, n_calls: int) -> None:
    store = Store(address)
    try:
        draw = random.Random(1)
        await fill(store, n_calls, lambda n: made(n, draw))
        for table in (await ask(store, n_calls), await lateness(store, folder)):
            table.title = f"{name}: {table.title}"
            Console().print(table)
    finally:
        await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="on a temporary server as well")
    options = parser.parse_args() if __name__ == "__main__" else parser.parse_args([])
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engines = {"SQLite": f"sqlite:///{folder}/calls.sqlite3"}
        if options.postgres:
            engines["PostgreSQL"] = stack.enter_context(running_postgres()).emptied()
        for name, address in engines.items():
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(measure(name, address, folder, options.calls))


if __name__ == "__main__":
    main()
