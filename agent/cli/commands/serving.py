"""The commands that run the service, and look whether it can run."""

from typing import Annotated

import typer

from agent.cli.commands.options import PUBLIC_URL, Config, GeminiUrl, Host, Port, Reload, Tenants


def serve(
    config: Config = None,
    tenants: Tenants = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    gemini_url: GeminiUrl = None,
    public_url: Annotated[str | None, PUBLIC_URL] = None,
    insecure_local: Annotated[
        bool,
        typer.Option(help="Ask for no signatures; loopback only. For tests and load generators."),
    ] = False,
    reload: Reload = True,
) -> None:
    """Answer calls."""
    from agent.cli.serve import run_service

    run_service(
        config,
        tenants=tenants,
        host=host,
        port=port,
        gemini_url=gemini_url,
        public_url=public_url,
        insecure_local=insecure_local,
        reload=reload,
    )


def up(
    number: Annotated[str, typer.Option(help="One of your numbers at the carrier: +15550100100.")],
    public_url: Annotated[str, PUBLIC_URL],
    config: Config = None,
    tenants: Tenants = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    gemini_url: GeminiUrl = None,
    fallback_url: Annotated[
        str | None,
        typer.Option(help="What the carrier asks when this service fails; by default it again."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, change nothing, and end.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="At the end, put back what the carrier asked before.")
    ] = False,
    reload: Reload = True,
) -> None:
    """Point a number of yours at this service, and answer its calls."""
    from agent.cli.serve import run_service
    from agent.cli.up import Wish, pointing

    run_service(
        config,
        tenants=tenants,
        host=host,
        port=port,
        gemini_url=gemini_url,
        public_url=public_url,
        insecure_local=False,
        reload=reload,
        during=pointing(Wish(number, fallback_url, dry_run=dry_run, restore=restore)),
    )


def doctor(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object for machines.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Reach out to nobody.")] = False,
) -> None:
    """Look at this machine, its settings and all that a call needs; exit code 1 if not all is."""
    from agent.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(config, as_json=as_json, offline=offline))
