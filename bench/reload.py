"""What a changed file costs a service with 1,000 tenants: `python -m bench.reload [--tenants N]`.

One file is written again and again with another greeting; another time the functions that all
tenants name, so that every tenant is made ready anew. Timed are a reload from the moment it looks
at the files, and the whole way from the writing to the new generation, watching included. Meanwhile
the loop wakes every millisecond and notes how late it is: that is what a running call would feel.
The same is noted while nothing is reloaded, since a shared machine is late by itself. The beginning
of the watch is left out: once, at the start, it holds the loop for some milliseconds.
"""

import argparse
import asyncio
import gc
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from agent.cli.runtime import loop_factory
from agent.cli.serve import GC_THRESHOLD, SWITCH_S
from agent.service.reload import TenantStore
from agent.service.tenant_files import TenantLoader
from bench.check import FUNCTIONS, write_tenants

TICK_S = 0.001
TIMES = 30
TIMES_ALL = 3


class Beat:
    """A loop that wakes every millisecond.

    Attributes:
        late_s: how late it woke, each time.
    """

    def __init__(self) -> None:
        self.late_s: list[float] = []

    async def run(self) -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late_s.append(max(0.0, time.perf_counter() - due))


async def beside(work: Callable[[], Awaitable[list[float]]]) -> tuple[list[float], list[float]]:
    """Do some work beside a beat; returns (what the work timed, how late the beat was)."""
    beat = Beat()
    task = asyncio.create_task(beat.run())
    await asyncio.sleep(0.05)
    beat.late_s.clear()
    took = await work()
    task.cancel()
    return took, beat.late_s


class Subject:
    """A store over a folder of its own, and changes to it."""

    def __init__(self, folder: Path) -> None:
        self._functions = folder / "functions"
        tenants = sorted((folder / "tenants").iterdir())
        self._changed = tenants[len(tenants) // 2]
        self._n = 0
        self.store = TenantStore(TenantLoader(folder / "tenants", [self._functions]))
        self.generations = self.store.generations()

    async def idle(self) -> list[float]:
        await asyncio.sleep(2.0)
        return []

    async def one_file(self) -> list[float]:
        return [await self._timed(self._changed) for _ in range(TIMES)]

    async def all_functions(self) -> list[float]:
        paths = self._functions / "restaurant.py", self._functions / "shop.py"
        return [await self._timed(*paths) for _ in range(TIMES_ALL)]

    async def watched(self) -> list[float]:
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            self._rewrite(self._changed)
            await anext(self.generations)
            took.append(time.perf_counter() - began)
        return took

    async def _timed(self, *paths: Path) -> float:
        for path in paths:
            self._rewrite(path)
        began = time.perf_counter()
        assert await self.store.reload()
        return time.perf_counter() - began

    def _rewrite(self, path: Path) -> None:
        self._n += 1
        path.write_text(f"{path.read_text()}# changed {self._n}\n")


async def measure(folder: Path) -> list[tuple[str, list[float], list[float]]]:
    subject = Subject(folder)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    watching = asyncio.create_task(subject.store.watch())
    asleep = asyncio.create_task(anext(subject.generations))
    await asyncio.sleep(1.5)
    subject._rewrite(subject._changed)
    await asleep
    rows = [
        ("nothing", *await beside(subject.idle)),
        ("one file, from its writing", *await beside(subject.watched)),
    ]
    watching.cancel()
    await asyncio.wait([watching])
    rows.append(("one file", *await beside(subject.one_file)))
    rows.append(("the functions of all tenants", *await beside(subject.all_functions)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenants", type=int, default=1000)
    n: int = parser.parse_args().tenants
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tenants").mkdir()
        write_tenants(folder / "tenants", n)
        shutil.copytree(FUNCTIONS, folder / "functions", ignore=shutil.ignore_patterns("__*"))
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            rows = runner.run(measure(folder))
    table = Table(title=f"reloading, {n} tenants", title_justify="left")
    headings = ("changed", "reload ms, median", "worst", "loop late ms, median", "p99", "worst")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "changed" else "right")
    for what, took, late in rows:
        times = [statistics.median(took), max(took)] if took else []
        late = sorted(late)
        lateness = [statistics.median(late), late[int(len(late) * 0.99)], late[-1]]
        shown = [f"{1000 * seconds:.1f}" for seconds in (*times, *lateness)]
        table.add_row(what, *([""] * (5 - len(shown))), *shown)
    Console().print(table)


if __name__ == "__main__":
    main()
