"""The commands about tenants' files: what is in them, what they make, and how to begin one."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.options import Config, Tenants

new = typer.Typer(help="Write a file to begin with.", no_args_is_help=True)


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Tenant files, or folders of them; by default the service's folder."),
    ] = None,
    config: Config = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A list of problems for machines.")
    ] = False,
) -> None:
    """Find every mistake in tenants' files and their functions; exit code 1 if there is one."""
    from agent.cli.check import run_check

    raise typer.Exit(run_check(paths or [], config, as_json=as_json))


def explain(
    number: Annotated[str, typer.Argument(help="The number that is called.")],
    at: Annotated[
        str | None,
        typer.Option(help="When, by the tenant's clock: 2026-12-24T19:00; now if left out."),
    ] = None,
    config: Config = None,
    tenants: Tenants = None,
) -> None:
    """Say who answers a number and why, and show the prompt and tools as the model gets them."""
    from agent.cli.explain import run_explain

    raise typer.Exit(run_explain(number, at, config, tenants))


def schema() -> None:
    """Print the JSON Schema of a tenant's file, for editors."""
    from agent.cli.schema import schema_text

    typer.echo(schema_text(), nl=False)


@new.command("tenant")
def new_tenant(
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")],
    number: Annotated[
        str, typer.Option(help="The telephone number that it answers: +15550100100.")
    ],
    config: Config = None,
    tenants: Tenants = None,
) -> None:
    """Write a commented file for a new tenant."""
    from agent.cli.new import run_new_tenant

    run_new_tenant(name, number, config, tenants)
