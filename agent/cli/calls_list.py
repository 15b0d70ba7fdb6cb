"""`seamline calls list`: past calls, newest first."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent.cli.calls_options import Wanted
from agent.cli.past import filter_of, with_store
from agent.service.settings import Settings
from agent.store.store import Store
from agent.store.wanted import CallSummary

WELL = {"caller_hung_up", "agent_ended", "caller_ended", "transferred", "voicemail"}
"""How calls should end."""


def list_calls(
    config: Path | None, wanted: Wanted, *, limit: int, before: int | None, as_json: bool
) -> None:
    """Print them.

    Args:
        before: the cursor that the page before ended with.
        as_json: one object a line, for programs.
    """
    chosen = filter_of(wanted, datetime.now(UTC))

    async def work(store: Store, _: Settings) -> list[CallSummary]:
        return await store.calls(chosen, before, limit)

    calls = with_store(config, work)
    if as_json:
        for call in calls:
            typer.echo(msgspec.json.encode(asdict(call)))
        return
    console = Console(highlight=False)
    if not calls:
        console.print("no such calls")
        return
    console.print(table_of(calls))
    if len(calls) == limit:
        console.print(f"older ones: --before {calls[-1].cursor}", soft_wrap=True)


def table_of(calls: list[CallSummary]) -> Table:
    """A row for each."""
    table = Table(box=None, pad_edge=False)
    for heading in ("began (UTC)", "call", "tenant", "caller", "outcome"):
        table.add_column(heading, overflow="fold")
    for heading in ("lasted", "turns", "answers in", "gap", "moves", "drops", "tools", "USD"):
        table.add_column(heading, justify="right")
    for call in calls:
        table.add_row(
            f"{call.began_at:%Y-%m-%d %H:%M:%S}",
            escape(call.call_id),
            escape(call.tenant),
            escape(call.caller or "withheld"),
            outcome(call.outcome),
            clock(call.duration_s),
            str(call.turns),
            "" if call.latency_s is None else f"{call.latency_s:.2f} s",
            f"{call.gap_ms} ms" if call.gap_ms else "",
            str(call.moves or ""),
            str(call.drops or ""),
            tools(call.tool_calls, call.tool_failures),
            "" if call.cost_usd is None else f"{call.cost_usd:.4f}",
        )
    return table


def outcome(name: str) -> str:
    """How a call ended, as rich markup."""
    return escape(name) if name in WELL else f"[yellow]{escape(name)}[/]"


def tools(n: int, failed: int) -> str:
    """Functions that were asked for, as rich markup."""
    return f"{n} [red]({failed} failed)[/]" if failed else str(n or "")


def clock(seconds: float) -> str:
    """A time that a call lasted: 1:05, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
