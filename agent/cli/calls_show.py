"""`seamline calls show`: one call with everything that was kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from agent.cli.calls_list import clock, outcome
from agent.cli.past import one_call, with_store
from agent.observe.missed import is_missed
from agent.observe.record_schema import CallRecord, Connection, Turn
from agent.service.settings import Settings
from agent.store.store import Store


def show_call(config: Path | None, call: str, *, as_json: bool) -> None:
    """Print it.

    Args:
        as_json: the record, as docs/call-record.md describes it.
    """

    async def work(store: Store, _: Settings) -> CallRecord:
        return await one_call(store, call)

    record = with_store(config, work)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(record)))
        return
    console = Console(highlight=False)
    for part in shown(record):
        console.print(part)


def shown(record: CallRecord) -> Iterator[RenderableType]:
    """All of it, from who to how much."""
    yield _head(record)
    if record.conversation:
        yield "\n[bold]conversation[/]"
        yield _conversation(record)
    if record.tool_calls:
        yield "\n[bold]tools[/]"
        yield _tools(record)
    if record.transfers:
        yield "\n[bold]passed on[/]"
        yield _transfers(record)
    if record.connections:
        yield "\n[bold]connections to the model[/]"
        yield from map(_connection, record.connections)
    if not is_missed(record):
        yield "\n[bold]continuity[/]"
        yield _figures(msgspec.structs.asdict(record.continuity))
    if record.usage.reports:
        yield "\n[bold]tokens[/]"
        yield _figures(_usage(record))
    if record.cost is not None:
        yield "\n[bold]cost, USD[/]"
        yield _figures({"total": record.cost.total, **record.cost.parts})
    if record.counters:
        yield "\n[bold]counters[/]"
        yield _figures(record.counters)


def _head(record: CallRecord) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    missed = is_missed(record)
    rows = {
        "call": escape(record.call_id),
        "tenant": f"{escape(record.tenant)}, generation {record.generation}"
        + (f", {escape(record.model)}" if record.model else ""),
        "caller": f"{escape(record.caller or 'withheld')}, {record.direction}",
        "began": f"{record.began_at:%Y-%m-%d %H:%M:%S} UTC, lasted {clock(record.duration_s)}",
        "outcome": outcome(record.outcome),
        "model lost": escape(record.model_loss or ""),
        "carrier": _carrier(record),
        "agent": "[yellow]the call never came to it[/]" if missed else "",
        "ready": "" if missed else _after(record.ready_s),
        "first audio": "" if missed else _after(record.first_audio_s),
        "answers": _answers(record),
        "recording": "" if record.recording is None else escape(record.recording.path),
        "wires": escape(record.wire_path or ""),
    }
    for name, text in rows.items():
        if text:
            table.add_row(f"[dim]{name}[/]", text)
    return table


def _after(seconds: float | None) -> str:
    return "[yellow]never[/]" if seconds is None else f"{seconds:.2f} s after the start"


def _answers(record: CallRecord) -> str:
    median, worst = record.latency_median_s, record.latency_worst_s
    if median is None or worst is None:
        return ""
    return f"{record.turns}, in {median:.2f} s (median), {worst:.2f} s at worst"


def _conversation(record: CallRecord) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for turn in record.conversation:
        at = f"[dim]{turn.began_s:7.1f} s[/]"
        if turn.caller_text:
            table.add_row(at, "[bold blue]caller[/]", escape(turn.caller_text))
            at = ""
        words = escape(turn.agent_text) or "[dim](no words)[/]"
        table.add_row(at, "[bold green]agent[/]", f"{words}{_latency(turn)}")
    return table


def _latency(turn: Turn) -> str:
    said = []
    if turn.latency_s is not None:
        shares = ""
        if turn.model_s is not None and turn.bridge_s is not None:
            shares = f": model {turn.model_s:.2f} s, service {turn.bridge_s:.2f} s"
        said.append(f"after {turn.latency_s:.2f} s{shares}")
    if turn.interrupted:
        said.append(f"interrupted after {turn.heard_s:.1f} of {turn.audio_s:.1f} s")
    return f"  [dim]({'; '.join(said)})[/]" if said else ""


def _tools(record: CallRecord) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for tool in record.tool_calls:
        took = "still running" if tool.took_s is None else f"{tool.took_s:.2f} s"
        state = f"[red]{escape(tool.state)}, failed[/]" if tool.failed else escape(tool.state)
        table.add_row(f"[dim]{tool.requested_s:7.1f} s[/]", escape(tool.name), state, took)
    return table


def _transfers(record: CallRecord) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for each in record.transfers:
        how = f"{each.how}, as the agent was lost" if each.fallback else each.how
        talked = "" if each.talked_s is None else f", talked {clock(each.talked_s)}"
        end = f"{each.ended or 'it is not known how it ended'}{talked}"
        table.add_row(
            f"[dim]{each.requested_s:7.1f} s[/]", escape(each.target), escape(how), escape(end)
        )
    return table


def _carrier(record: CallRecord) -> str:
    """The carrier's last word, how long it had the call, and what went wrong."""
    told = record.carrier
    lasted = None if told.duration_s is None else f"{told.duration_s} s"
    said = [told.status, lasted, told.sip_code and f"SIP {told.sip_code}", *told.stream_errors]
    return escape(", ".join(str(each) for each in said if each))


def _connection(change: Connection) -> str:
    kind = "leaves" if change.planned else "lost"
    said = " ".join(str(part) for part in (change.phase, change.code, change.reason) if part)
    why = escape(change.why if change.planned else f"{change.why}: {said}")
    attempts = f", {len(change.failed)} attempts failed" if change.failed else ""
    if change.took_s is None:
        back = "[red]never back[/]"
    else:
        how = "resumed" if change.resumed else "began anew"
        back = f"{how} on connection {change.connection} after {change.took_s:.2f} s"
    return f"[dim]{change.left_s:7.1f} s[/] {kind} ({why}){attempts}; {back}"


def _usage(record: CallRecord) -> dict[str, object]:
    figures: dict[str, object] = {}
    for name, value in msgspec.structs.asdict(record.usage).items():
        if isinstance(value, int):
            figures[name.removesuffix("_tokens")] = value
        else:
            figures |= {f"{name} {kind.lower()}": n for kind, n in value.items()}
    return figures


def _figures(values: Mapping[str, object]) -> str:
    """Those that are not zero."""
    said = [f"[dim]{escape(name)}[/] {value}" for name, value in values.items() if value]
    return "  ".join(said) or "all zero"
