"""The `seamline` command. What each subcommand does has a module of its own, imported when used."""

import sys
from typing import Annotated

import typer

from agent import __version__
from agent.cli.commands import agents, calling, loading, past_calls, serving, stand_ins
from agent.errors import ConfigError

app = typer.Typer(
    help="Seamline: telephone voice agents on the Gemini Live API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in (  # in the order of the help
    serving.serve,
    serving.up,
    agents.check,
    agents.explain,
    agents.schema,
    calling.demo,
    calling.call,
    stand_ins.sim,
    loading.load,
    past_calls.messages,
    serving.doctor,
):
    app.command()(_command)
app.add_typer(stand_ins.emulate, name="emulate")
app.add_typer(agents.new, name="new")
app.add_typer(past_calls.calls, name="calls")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seamline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and exit.")
    ] = False,
) -> None:
    """Seamline: telephone voice agents on the Gemini Live API."""


def main() -> None:
    """Run the command; a configuration that cannot be used is exit code 2, with what to do."""
    try:
        app()
    except ConfigError as error:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        for problem in error.problems:
            console.print(f"seamline: {problem}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
