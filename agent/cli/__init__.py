"""The `seamline` command. Each subcommand has a module of its own, imported when it is used."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent import __version__
from agent.errors import ConfigError

app = typer.Typer(
    help="Seamline: telephone voice agents on the Gemini Live API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
emulate = typer.Typer(help="Run a stand-in as a server of its own.", no_args_is_help=True)
app.add_typer(emulate, name="emulate")
new = typer.Typer(help="Write a file to begin with.", no_args_is_help=True)
app.add_typer(new, name="new")

Tenants = Annotated[Path | None, typer.Option(help="Folder of tenant files.")]
Config = Annotated[
    Path | None, typer.Option(help="The service's file; config/service.yaml if there is one.")
]
GeminiUrl = Annotated[
    str | None,
    typer.Option(help="Replaces scheme, host and port of the model's service."),
]


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


@app.command()
def serve(
    config: Config = None,
    tenants: Tenants = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8080,
    gemini_url: GeminiUrl = None,
    public_url: Annotated[
        str | None, typer.Option(help="Origin as the carrier sees it: https://voice.example.com")
    ] = None,
    insecure_local: Annotated[
        bool,
        typer.Option(help="Ask for no signatures; loopback only. For tests and load generators."),
    ] = False,
    reload: Annotated[
        bool, typer.Option(help="Take over changed files of tenants and functions at once.")
    ] = True,
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def demo(
    exit: Annotated[bool, typer.Option("--exit", help="End after the scripted call.")] = False,
    out: Annotated[Path, typer.Option(help="Where recording, picture and log go.")] = Path("calls"),
    seed: Annotated[int, typer.Option(help="For everything random.")] = 1,
    chaos: Annotated[
        list[str] | None,
        typer.Option(
            help="What happens to the model's connection while the agent speaks: goaway (unless "
            "said otherwise), drop, 1011, 1007, stall, slow-pong, phantom-interrupt, refuse, "
            "random:SEED or none; may be repeated."
        ),
    ] = None,
) -> None:
    """A simulated caller phones in and books a table by voice; no account, no key, no phone."""
    from agent.cli.demo import run_demo

    run_demo(out, seed=seed, stay=not exit, misfortunes=chaos or ["goaway"])


@app.command()
def call(
    local: Annotated[
        bool, typer.Option("--local", help="Call a service on this machine, without a carrier.")
    ] = False,
    say: Annotated[
        list[str] | None, typer.Option(help="What the caller says, turn by turn; may be repeated.")
    ] = None,
    wav: Annotated[
        list[Path] | None,
        typer.Option(help="A WAV file the caller plays instead; may be repeated."),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose agent answers.")] = "bella-vista",
    url: Annotated[
        str, typer.Option(help="The service's media socket.")
    ] = "ws://127.0.0.1:8080/twilio/media/local",
    out: Annotated[Path, typer.Option(help="Where the recording goes.")] = Path("calls"),
    seed: Annotated[
        int | None, typer.Option(help="For everything random, the call's id too; else drawn.")
    ] = None,
) -> None:
    """Place a call to a local service, as the carrier would."""
    from agent.cli.call import place_call

    if not local:
        raise ConfigError("say --local: only services on this machine can be called so far")
    place_call(url, tenant, say or [], wav or [], out, seed=seed)


@emulate.command("gemini")
def emulate_gemini(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8899,
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Tones instead of ear and voice: for load and tests.")
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(help="Play one model only, such as dev-3.8; else all of them."),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(help="What the model knows: a file, or a folder to choose from by tools."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Serve wss:// with this PEM file; Google's SDK takes nothing less."),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key, if not in it.")] = None,
    chaos: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes wrong: goaway, drop, 1011, 1007, stall, slow-pong, phantom-interrupt, "
            "refuse, random:SEED or none; may be repeated."
        ),
    ] = None,
) -> None:
    """Play the Gemini Live service."""
    from agent.cli.emulate import run_gemini, tls_context

    tls = tls_context(certificate, key)
    run_gemini(
        port,
        scripted=scripted,
        profile=profile,
        scenario=scenario,
        misfortunes=chaos or [],
        tls=tls,
    )


@app.command()
def sim(
    calls: Annotated[int, typer.Option(min=1, help="How many calls.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The first call's seed; the others follow.")] = 1,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show all that happens in the one call of this seed.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 1,
) -> None:
    """Simulate calls with all that can go wrong, and see that every promise is kept."""
    from agent.cli.sim import run_sim, trace_call

    raise typer.Exit(trace_call(seed) if trace else run_sim(calls, seed, jobs=jobs))


@app.command()
def messages(
    tenant: Annotated[str, typer.Argument(help="Whose messages.")],
    config: Annotated[
        Path | None, typer.Option(help="The service's file; config/service.yaml if there is one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the messages that callers have left for a tenant."""
    from agent.cli.messages import show_messages

    show_messages(config, tenant, as_json=json)


@app.command()
def doctor() -> None:
    """Look at this machine and its settings, and print the resamplers' figures."""
    from agent.cli.doctor import run_doctor

    raise typer.Exit(run_doctor())


def main() -> None:
    """Run the command; a configuration that cannot be used is exit code 2, with what to do."""
    try:
        app()
    except ConfigError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        for problem in error.problems:
            console.print(f"seamline: {problem}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
