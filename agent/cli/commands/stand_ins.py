"""The commands of the stand-ins: servers that play the others, and calls that are all simulated."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.options import Port

emulate = typer.Typer(help="Run a stand-in as a server of its own.", no_args_is_help=True)


@emulate.command("gemini")
def emulate_gemini(
    port: Port = 8899,
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


@emulate.command("twilio")
def emulate_twilio(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the REST API; 0 takes a free one.")
    ] = 8898,
    service: Annotated[
        str | None,
        typer.Option(help="Whose webhooks the numbers have: http://127.0.0.1:8080; else none yet."),
    ] = None,
    number: Annotated[
        list[str] | None,
        typer.Option(help="A number of the account; +15550100100 by default; may be repeated."),
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="The auth token; TWILIO_AUTH_TOKEN by default, else drawn.")
    ] = None,
    party: Annotated[
        list[str] | None,
        typer.Option(
            help="Whom a call reaches: +15550100199=busy, or human, machine, fax, unknown, "
            "no-answer, failed; may be repeated. Others reach a person."
        ),
    ] = None,
    late_callbacks: Annotated[
        bool, typer.Option("--late-callbacks", help="Callbacks come late, disordered and twice.")
    ] = False,
    trouble: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes wrong with every call: stall=4:1.5, deaf=4:2, lost=3, silenced=3, "
            "rst=5, fin=5, hole=5:8, second=3, unsigned, missigned, twice, pings=5, no-pongs, "
            "tones, seed=7, random=SEED; may be repeated."
        ),
    ] = None,
) -> None:
    """Play Twilio: numbers, webhooks, documents, media streams and the REST API."""
    from agent.cli.emulate_twilio import run_twilio

    run_twilio(
        port,
        service=service,
        numbers=number or ["+15550100100"],
        token=token,
        parties=party or [],
        late_callbacks=late_callbacks,
        troubles=trouble or [],
    )


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
