"""What `seamline load` prints."""

import json
from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent.sim.load_bank import Progress
from agent.sim.load_report import LoadReport
from agent.sim.phone_report import UNRELIABLE_S, Spread

SPREADS = {
    "connected": "ring to media stream",
    "first_audio": "first audio after that",
    "answer": "answers after",
    "barge_in_stop": "barge-in: quiet after",
}
MOST_REASONS = 5


def print_json(console: Console, report: LoadReport) -> None:
    """One object."""
    text = json.dumps(report.as_json(), ensure_ascii=False)
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def print_report(console: Console, report: LoadReport) -> None:
    """Counts, a table of times, and whether to trust them."""
    console.print(_counts(report))
    console.print(_times(report))
    for title, why in (("refused", report.refused), ("failed", report.failed)):
        _print_reasons(console, title, why)
    late = report.late
    console.print(
        f"callers' own lateness: {_ms(late.mean_s)} on average, p99 {_ms(late.percentile_s(99))}, "
        f"at most {_ms(late.largest_s)}"
    )
    if not report.reliable:
        console.print(
            f"[bold red]do not trust these times[/]: the callers themselves were late by more than "
            f"{_ms(UNRELIABLE_S)} on average; use more --processes, or another machine"
        )


def status(progress: Progress, since_s: float) -> str:
    """A line for the time in between."""
    return (
        f"{since_s:.0f} s: {progress.placed} placed, {progress.up} up, "
        f"{progress.refused} refused, {progress.failed} failed"
    )


def _counts(report: LoadReport) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    rows = {
        "placed": f"{len(report.results)} of {report.asked}",
        "answered": f"{report.answered}, {report.most_at_once} at a time",
        "refused": str(report.refused.total()),
        "failed": str(report.failed.total()),
        "gaps inside speech": _gaps(report),
        "media streams lost": str(report.streams_lost),
        "callers' frames dropped": str(report.frames_dropped),
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _gaps(report: LoadReport) -> str:
    n = report.spreads()["hole"].n
    return f"{n} in {report.calls_with_holes} calls, {report.holes_s():.2f} s in all" if n else "0"


def _times(report: LoadReport) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("times in ms")
    for heading in ("n", "p50", "p95", "p99", "largest"):
        table.add_column(heading, justify="right")
    spreads = report.spreads()
    for name, title in SPREADS.items():
        table.add_row(title, *_figures(spreads[name]))
    return table


def _figures(spread: Spread) -> list[str]:
    if not spread.n:
        return ["0", "", "", "", ""]
    values = (spread.p50, spread.p95, spread.p99, spread.largest)
    return [str(spread.n), *(f"{1000 * value:.0f}" for value in values)]


def _print_reasons(console: Console, title: str, why: Counter[str]) -> None:
    for reason, n in why.most_common(MOST_REASONS):
        console.print(f"[yellow]{title}, {n}:[/] {escape(reason)}", soft_wrap=True)
    if (more := len(why) - MOST_REASONS) > 0:
        console.print(f"[yellow]{title}:[/] {more} further reasons; --json has all")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
