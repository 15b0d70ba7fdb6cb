"""`seamline doctor`: this machine, its settings, and all that a call will need."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.audio.figures import measure
from agent.audio.resample import Phase
from agent.cli import doctor_machine as machine
from agent.cli import doctor_reach as reach
from agent.cli.finding import Check, Finding, looked_at
from agent.cli.runtime import run
from agent.errors import ConfigError
from agent.service.reload import TenantStore
from agent.service.settings import Settings, load_settings

PAIRS = ((8000, 16000), (24000, 8000))
PHASES: tuple[Phase, ...] = ("linear", "minimum")
_MARKS = {
    "ok": "[green]ok[/]",
    "warning": "[yellow]warning[/]",
    "failed": "[red]failed[/]",
    "skipped": "[dim]skipped[/]",
}


def run_doctor(config: Path | None, *, as_json: bool, offline: bool) -> int:
    """Print every finding.

    Args:
        config: the service's file.
        as_json: print one object for machines, and nothing else.
        offline: reach out to nobody.

    Returns:
        0 when a service could be started as things stand and would work, else 1.
    """
    findings = run(examined(config, offline=offline))
    if as_json:
        typer.echo(
            json.dumps(
                {"findings": [asdict(one) for one in findings], "resamplers": figures()}, indent=2
            )
        )
    else:
        _show(findings)
    return int(any(one.state == "failed" for one in findings))


async def examined(config: Path | None, *, offline: bool) -> list[Finding]:
    """All findings, in the order in which they are shown."""
    found = [await looked_at("loop lag", machine.loop_lag)]  # alone: the others would be in its way
    checks: dict[str, Check] = {
        "Python": machine.python,
        "packages": machine.packages,
        "uvloop": machine.uvloop,
        "stand-ins": machine.stand_ins,
    }
    settings: Settings | None = None
    try:
        settings = load_settings(config)
    except ConfigError as error:
        found.append(Finding("settings", "failed", "\n".join(error.problems)))
    if settings is None or offline:
        checks["clock"] = machine.clock
    if settings is not None:
        checks |= await _with_settings(settings, found, offline=offline)
    found += await asyncio.gather(*(looked_at(name, check) for name, check in checks.items()))
    return found


async def _with_settings(
    settings: Settings, found: list[Finding], *, offline: bool
) -> Mapping[str, Check]:
    """The checks that need settings; those that others need are done here."""
    checks: dict[str, Check] = {
        "keys": partial(machine.keys, settings),
        "service": partial(machine.service, settings),
    }
    tenants: list[TenantStore] = []

    async def read() -> Finding:
        finding, store = await machine.tenants(settings)
        tenants.append(store)
        return finding

    found.append(await looked_at("tenants", read))
    if tenants:
        checks["prices"] = partial(machine.prices, settings, tenants[0])
    if not offline:
        checks["store"] = partial(reach.store, settings)
        checks["clock"] = partial(reach.clock, settings)
        checks["public URL"] = partial(reach.public_url, settings)
        if tenants:
            checks["model"] = partial(reach.model, settings, tenants[0])
    return checks


def figures() -> Sequence[Mapping[str, object]]:
    """The resamplers' figures, measured now on the converters that calls use."""
    rows = []
    for rate_in, rate_out in PAIRS:
        for phase in PHASES:
            found = measure(rate_in, rate_out, phase)
            rows.append(
                {
                    "conversion": f"{rate_in // 1000} -> {rate_out // 1000} kHz",
                    "phase": phase,
                    "rejection_db": round(found.rejection_db, 1),
                    "ripple_db": round(found.ripple_db, 3),
                    "delay_ms": round(found.group_delay_ms, 2),
                    "held_back_ms": round(found.held_worst_ms, 2),
                }
            )
    return rows


def _show(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    table = Table(show_header=False, box=None)
    for one in findings:
        table.add_row(_MARKS[one.state], one.name, Text(one.text))
    console.print(table)
    measured = Table(title="resamplers, measured now", title_justify="left")
    for heading in ("conversion", "phase", "rejection", "ripple 0-3.4 kHz", "delay", "held back"):
        measured.add_column(
            heading, justify="left" if heading in ("conversion", "phase") else "right"
        )
    for row in figures():
        measured.add_row(
            str(row["conversion"]),
            str(row["phase"]),
            f"{row['rejection_db']:.1f} dB",
            f"{row['ripple_db']:.3f} dB",
            f"{row['delay_ms']:.2f} ms",
            f"{row['held_back_ms']:.2f} ms",
        )
    console.print(measured)
