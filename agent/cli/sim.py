"""`seamline sim`: very many simulated calls, or one of them in detail."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import fields

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from agent.sim.simulation.draw import draw
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.script import Script
from agent.sim.simulation.shrink import smallest
from agent.sim.simulation.simulated import simulate
from agent.sim.simulation.totals import Totals, simulate_calls

BATCH = 50
COLLECT_AFTER = 100_000
MOST_EXPLAINED = 3
"""Failed calls whose smallest script is looked for."""


def run_sim(calls: int, seed: int, *, jobs: int) -> int:
    """Simulate `calls` calls, from `seed` on.

    Returns:
        1 if a promise was broken, else 0.
    """
    console = Console(highlight=False)
    began = time.monotonic()
    totals = Totals()
    with _progress(console) as progress:
        task = progress.add_task("simulated", total=calls)
        for part in _parts(calls, seed, jobs):
            totals.join(part)
            progress.update(task, advance=part.calls)
    console.print(_table(totals, seed, time.monotonic() - began, jobs))
    plain = Console(highlight=False, soft_wrap=True)
    for seed, breach in (failed := sorted(totals.failed)):
        plain.print(f"seed {seed}: {breach.promise}, {breach.what}", markup=False)
    for seed in list(dict.fromkeys(seed for seed, _ in failed))[:MOST_EXPLAINED]:
        _explain(plain, seed)
    return 1 if totals.violations else 0


def trace_call(seed: int) -> int:
    """Show all that happens in the call of one seed.

    Returns:
        1 if it breaks a promise, else 0.
    """
    console = Console(highlight=False, soft_wrap=True)
    script = draw(seed)
    _show_script(console, script)
    return _show_call(console, script)


def _parts(calls: int, seed: int, jobs: int) -> Iterator[Totals]:
    """The totals of every batch, as they are done."""
    batches = [(first, min(BATCH, seed + calls - first)) for first in _starts(calls, seed)]
    if jobs == 1:
        with _fewer_collections():
            for first, n in batches:
                yield simulate_calls(first, n)
        return
    with ProcessPoolExecutor(jobs, initializer=_collect_less) as pool:
        futures = [pool.submit(simulate_calls, first, n) for first, n in batches]
        for future in as_completed(futures):
            yield future.result()


def _collect_less() -> None:
    """A call leaves its garbage when it is over, not all the time: look for it less often."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 50, 50)


@contextmanager
def _fewer_collections() -> Iterator[None]:
    threshold = gc.get_threshold()
    _collect_less()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()


def _starts(calls: int, seed: int) -> range:
    return range(seed, seed + calls, BATCH)


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def _table(totals: Totals, seed: int, took_s: float, jobs: int) -> Table:
    last = seed + totals.calls - 1
    table = Table(title=f"{totals.calls} calls, seeds {seed} to {last}", title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_row("virtual time", f"{totals.virtual_s / 3600:.1f} h")
    table.add_row("took", f"{took_s:.1f} s on {jobs} of {os.cpu_count()} cores")
    table.add_row("speed", f"{totals.calls / took_s:.0f} calls/s")
    for name in ("connections", "moves", "drops", "fresh_starts", "failed_attempts", "effects"):
        table.add_row(name.replace("_", " "), str(getattr(totals, name)))
    table.add_row("longest gap in an utterance", f"{totals.worst_gap_ms} ms")
    table.add_row("longest silence without a model", f"{totals.worst_dead_air_ms} ms")
    _add_counts(table, "went wrong", totals.troubles)
    _add_counts(table, "ended", totals.outcomes)
    table.add_section()
    table.add_row("violations", str(totals.violations))
    for name, n in totals.breached.most_common():
        table.add_row(f"  {name.replace('_', ' ')}", str(n))
    return table


def _add_counts(table: Table, title: str, counts: dict[str, int]) -> None:
    table.add_section()
    for name, n in sorted(counts.items(), key=lambda item: -item[1]):
        table.add_row(f"{title}: {name}", str(n))


def _explain(console: Console, seed: int) -> None:
    """Show the smallest script that breaks what this call broke first."""
    script = draw(seed)
    promise = breaches(simulate(script))[0].promise
    console.print(f"\n[bold red]seed {seed}[/] breaks [bold]{promise}[/]; the smallest that does:")
    small = smallest(script, promise)
    _show_script(console, small)
    _show_call(console, small)
    console.print(f"all of it: seamline sim --seed {seed} --trace")


def _show_script(console: Console, script: Script) -> None:
    for field in fields(script):
        value = getattr(script, field.name)
        if field.name in ("utterances", "troubles"):
            for item in value:
                console.print(f"  {item}", markup=False)
        else:
            console.print(f"  {field.name}: {value}", markup=False)


def _show_call(console: Console, script: Script) -> int:
    def show(at_s: float, text: str) -> None:
        console.print(f"{at_s:8.3f}  {text}", markup=False)

    found = breaches(simulate(script, show))
    for breach in found:
        console.print(f"[bold red]{breach.promise}[/] {breach.what}")
    return 1 if found else 0
