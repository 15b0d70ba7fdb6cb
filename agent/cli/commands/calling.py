"""The commands that place calls."""

from pathlib import Path
from typing import Annotated

import typer

from agent.errors import ConfigError


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


def call(
    number: Annotated[
        str | None,
        typer.Argument(help="Whom a service shall call: +15550100199; see docs/outbound.md."),
    ] = None,
    local: Annotated[
        bool,
        typer.Option("--local", help="Call a service on this machine through a stand-in exchange."),
    ] = False,
    say: Annotated[
        list[str] | None, typer.Option(help="What the caller says, turn by turn; may be repeated.")
    ] = None,
    wav: Annotated[
        list[Path] | None,
        typer.Option(help="A WAV file the caller plays instead; may be repeated."),
    ] = None,
    tenant: Annotated[
        str, typer.Option(help="Whose agent answers: the first of its numbers is called.")
    ] = "bella-vista",
    to: Annotated[str | None, typer.Option(help="The number to call: +15550100100.")] = None,
    from_: Annotated[str, typer.Option("--from", help="Who calls.")] = "+15550123456",
    service: Annotated[str, typer.Option(help="Where the service is.")] = "http://127.0.0.1:8080",
    token: Annotated[
        str | None,
        typer.Option(
            help="With --local the auth token the service knows, TWILIO_AUTH_TOKEN by default; "
            "else its API's token, SEAMLINE_API_TOKEN by default."
        ),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="The called's time zone, where the number does not say it.")
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(help="name=value for the prompt of the called's agent; may be repeated."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="What has one key is one call, for a day; drawn by default.")
    ] = None,
    watch: Annotated[bool, typer.Option(help="Wait until the call is over.")] = True,
    media: Annotated[
        str | None,
        typer.Option(
            help="Go straight to this media socket, without an exchange: "
            "ws://127.0.0.1:8080/twilio/media/local."
        ),
    ] = None,
    trouble: Annotated[
        list[str] | None,
        typer.Option(
            help="With --local, what goes wrong with the call: stall=4:1.5, lost=3, rst=5, "
            "random=SEED; docs/stand-ins.md has them all. May be repeated."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the recording goes.")] = Path("calls"),
    seed: Annotated[
        int | None, typer.Option(help="For everything random, the call's id too; else drawn.")
    ] = None,
) -> None:
    """Have a service call a number; with --local, call a service as the carrier would."""
    if number is not None and local:
        raise ConfigError("--local calls the service itself: use --to to name a number of its")
    if trouble and (number is not None or media is not None):
        raise ConfigError("--trouble is for a call of --local, through the exchange")
    if number is not None:
        from agent.cli.outbound_call import order_call

        raise typer.Exit(
            order_call(
                service,
                number,
                tenant,
                zone=zone,
                context=context or [],
                key=key,
                token=token,
                watch=watch,
            )
        )
    if not local:
        raise ConfigError("say whom to call, as +15550100199, or --local to call the service")
    if media is not None:
        from agent.cli.call import place_call

        place_call(media, tenant, say or [], wav or [], out, seed=seed)
        return
    from agent.cli.local_call import call_number

    call_number(
        *(service, to, from_, say or [], wav or [], out),
        seed=seed,
        token=token,
        tenant=tenant,
        troubles=trouble or [],
    )
