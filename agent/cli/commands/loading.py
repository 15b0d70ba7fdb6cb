"""The command that places many calls at a time."""

from pathlib import Path
from typing import Annotated

import typer


def load(
    calls: Annotated[int, typer.Option(min=1, max=10_000, help="How many calls at a time.")] = 50,
    ramp: Annotated[str, typer.Option(help="Spread their beginnings over 10s, or 2m.")] = "10s",
    seconds: Annotated[
        float, typer.Option(min=5, max=10_800, help="How long all of them are up together.")
    ] = 60.0,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that share the callers.")
    ] = 1,
    url: Annotated[
        str | None,
        typer.Option(
            help="A service that runs: http://127.0.0.1:8080; without it, one is started, with a "
            "model made of tones."
        ),
    ] = None,
    number: Annotated[
        str | None, typer.Option(help="With --url, the number to call; else the tenant's first.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="With --url, whose agent answers; bella-vista by default.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="With --url, the auth token the service knows; TWILIO_AUTH_TOKEN by default."
        ),
    ] = None,
    barge_in_every: Annotated[
        int,
        typer.Option(min=0, help="Callers talk into one answer of so many; 0: into none."),
    ] = 2,
    say: Annotated[
        list[str] | None,
        typer.Option(help="What callers say, for a model that hears words; may be repeated."),
    ] = None,
    wav: Annotated[
        list[Path] | None, typer.Option(help="A WAV file callers play; may be repeated.")
    ] = None,
    allow_refused: Annotated[
        bool, typer.Option("--allow-refused", help="Calls that are refused are no failure.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object for machines.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="For everything random, the calls' ids too.")
    ] = None,
) -> None:
    """Place many calls at a time and tell how they went; exit code 1 if any failed."""
    from agent.cli.load import Wish, run_load

    wish = Wish(
        *(calls, ramp, seconds, processes, url, number, tenant, token, barge_in_every),
        say=tuple(say or ()),
        wav=tuple(wav or ()),
        seed=seed,
    )
    raise typer.Exit(run_load(wish, as_json=as_json, allow_refused=allow_refused))
