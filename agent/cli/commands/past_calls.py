"""The commands that look at past calls, and at what callers left in them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from agent.cli.commands.options import Config

calls = typer.Typer(help="Look at past calls.", no_args_is_help=True)

Call = Annotated[str, typer.Argument(help="The carrier's id, or latest.")]
JsonLines = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Tenant = Annotated[str | None, typer.Option(help="Whose calls.")]
Outcome = Annotated[str | None, typer.Option(help="How they ended: agent_ended, no_answer ...")]
Number = Annotated[str | None, typer.Option(help="The person's number: +15550100199.")]
Since = Annotated[
    str | None,
    typer.Option(help="Those that began then or later: 2026-11-20, 2026-11-20T14:00 (UTC), 24h."),
]
Until = Annotated[str | None, typer.Option(help="Those that began before.")]
Words = Annotated[str | None, typer.Option(help="Words of the transcript; reserv* is a beginning.")]


@calls.command("list")
def list_past_calls(
    tenant: Tenant = None,
    outcome: Outcome = None,
    number: Number = None,
    since: Since = None,
    until: Until = None,
    words: Words = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(help="Go on where the last list ended.")] = None,
    as_json: JsonLines = False,
    config: Config = None,
) -> None:
    """List past calls, newest first."""
    from agent.cli.calls_list import list_calls
    from agent.cli.calls_options import Wanted

    wanted = Wanted(tenant, outcome, number, since, until, words)
    list_calls(config, wanted, limit=limit, before=before, as_json=as_json)


@calls.command("show")
def show_past_call(
    call: Call = "latest",
    as_json: Annotated[
        bool, typer.Option("--json", help="The record as JSON, as docs/call-record.md says.")
    ] = False,
    config: Config = None,
) -> None:
    """Show all that was kept of a call: what was said, by whom, how fast, at what cost."""
    from agent.cli.calls_show import show_call

    show_call(config, call, as_json=as_json)


@calls.command("plot")
def plot_past_call(
    call: Call = "latest",
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("calls"),
    config: Config = None,
) -> None:
    """Draw a call's sound and what happened in it, as SVG and PNG."""
    from agent.cli.calls_plot import plot_call

    plot_call(config, call, out)


@calls.command("export")
def export_past_calls(
    out: Annotated[Path | None, typer.Option(help="The file; standard output if left out.")] = None,
    format: Annotated[
        Literal["jsonl", "csv"], typer.Option(help="Whole records, or a table.")
    ] = "jsonl",
    table: Annotated[
        Literal["calls", "turns", "tool_calls", "connections", "transfers"],
        typer.Option(help="Which table, as CSV."),
    ] = "calls",
    personal: Annotated[
        bool, typer.Option("--personal", help="With numbers and words; they are left out else.")
    ] = False,
    tenant: Tenant = None,
    outcome: Outcome = None,
    number: Number = None,
    since: Since = None,
    until: Until = None,
    words: Words = None,
    config: Config = None,
) -> None:
    """Write past calls to a file, for other programs."""
    from agent.cli.calls_export import export_calls
    from agent.cli.calls_options import Wanted

    wanted = Wanted(tenant, outcome, number, since, until, words)
    export_calls(config, wanted, out=out, format=format, table=table, personal=personal)


@calls.command("replay")
def replay_call(
    call: Annotated[str, typer.Argument(help="The file of its wires, or the carrier's id.")],
    key: Annotated[
        str, typer.Option(help="The environment variable that holds the key.")
    ] = "SEAMLINE_WIRE_KEY",
    to_test: Annotated[
        Path | None,
        typer.Option(help="Write it as a regression test, masked: tests/test_something.py."),
    ] = None,
    facts: Annotated[
        bool, typer.Option("--facts", help="List all that was kept, instead of running it.")
    ] = False,
    config: Config = None,
) -> None:
    """Run a call again whose wires were kept; exit code 1 if it goes otherwise than it did."""
    from agent.cli.replay import run_replay

    raise typer.Exit(run_replay(call, key, config, to_test, facts=facts))


def messages(
    tenant: Annotated[str, typer.Argument(help="Whose messages.")],
    config: Config = None,
    as_json: JsonLines = False,
) -> None:
    """Show the messages that callers have left for a tenant."""
    from agent.cli.messages import show_messages

    show_messages(config, tenant, as_json=as_json)
