"""`seamline load`: many calls at a time, through the stand-in exchange, and what they were like."""

import asyncio
import os
import resource
import secrets
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from agent.cli.call import clips_of
from agent.cli.load_service import Target, listens, own_service
from agent.cli.load_table import print_json, print_report, status
from agent.cli.local_call import STATUS_PATH, VOICE_PATH, account_of, number_of, origin_of
from agent.errors import ConfigError
from agent.service.settings import load_settings
from agent.sim.load_bank import Progress
from agent.sim.load_fleet import WorkerDied, fleet
from agent.sim.load_plan import Job, Sound, beep
from agent.sim.load_report import LoadReport
from agent.tenants.scalars import seconds_of

MOST_RAMP_S = 1800.0
MOST_SOCKETS = 65_536
INTERRUPTED = 130
TENANT = "bella-vista"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, as it was typed.

    Attributes:
        url: of a service that runs; None: one is started.
        number: to call; None: the first one of `tenant`, bella-vista by default.
        token: the auth token that the service knows; None: that of the environment.
    """

    calls: int
    ramp: str
    seconds: float
    processes: int = 1
    url: str | None = None
    number: str | None = None
    tenant: str | None = None
    token: str | None = None
    barge_in_every: int = 2
    say: tuple[str, ...] = ()
    wav: tuple[Path, ...] = ()
    seed: int | None = None


def run_load(wish: Wish, *, as_json: bool, allow_refused: bool) -> int:
    """Place the calls, and print what they were like.

    Returns:
        0; 1 if calls failed, or were refused and may not be; 130 if it was broken off.

    Raises:
        ConfigError: a wish that cannot be, or no service.
    """
    ramp_s = ramp_of(wish.ramp)
    sounds = sounds_of(wish)
    _more_sockets()
    quiet = Console(stderr=True, highlight=False)
    report, broken_off = asyncio.run(_load(wish, ramp_s, sounds, quiet))
    console = Console(highlight=False)
    (print_json if as_json else print_report)(console, report)
    if broken_off:
        quiet.print("broken off: this is what was known by then")
    return INTERRUPTED if broken_off else report.exit_code(allow_refused=allow_refused)


def ramp_of(text: str) -> float:
    """Seconds of `10s`, or of `10`.

    Raises:
        ConfigError: it is no duration, or too long a one.
    """
    seconds = float(text) if text.isdigit() else seconds_of(text)
    if seconds is None or seconds > MOST_RAMP_S:
        raise ConfigError(f"--ramp {text}: write 10s or 2m, half an hour at most")
    return seconds


def sounds_of(wish: Wish) -> list[Sound]:
    """What callers say: files and words, or a tone.

    Raises:
        ConfigError: a file cannot be played, or there is no voice.
    """
    if not wish.say and not wish.wav:
        return [beep()]
    return [Sound.of(clip) for clip in clips_of(list(wish.say), list(wish.wav))]


def jobs_of(wish: Wish, target: Target, ramp_s: float, sounds: list[Sound]) -> list[Job]:
    """A job for each process; no process is without calls."""
    seed = secrets.randbits(32) if wish.seed is None else wish.seed
    shares = min(wish.processes, wish.calls)
    return [
        Job(
            service=target.service,
            public=target.public,
            voice=target.public + VOICE_PATH,
            status=target.public + STATUS_PATH,
            account=target.account.sid,
            token=target.account.token,
            to=target.number,
            calls=wish.calls,
            ramp_s=ramp_s,
            hold_s=wish.seconds,
            barge_in_every=wish.barge_in_every,
            sounds=sounds,
            seed=seed,
            share=share,
            shares=shares,
        )
        for share in range(shares)
    ]


@asynccontextmanager
async def target_of(wish: Wish) -> AsyncIterator[Target]:
    """Whom to call: the service that runs, or one that is started.

    Raises:
        ConfigError: nobody answers there, there is no number to call, or one without a --url.
    """
    if wish.url is None:
        for name, value in (
            ("--number", wish.number),
            ("--tenant", wish.tenant),
            ("--token", wish.token),
        ):
            if value is not None:
                raise ConfigError(f"{name} is for a service that runs: say where, by --url")
        async with own_service(wish.calls) as target:
            yield target
        return
    service = origin_of(wish.url, "--url")
    number = wish.number or number_of(wish.tenant or TENANT)
    parts = urlsplit(service)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if (why := await listens(parts.hostname or "", port)) is not None:
        raise ConfigError(
            f"--url {service}: nobody answers there ({why}); start it by `seamline serve`, or "
            "leave --url out for a service of its own"
        )
    public = load_settings(None).public_url or service
    yield Target(service, public, account_of(os.environ, wish.token), number)


async def _load(
    wish: Wish, ramp_s: float, sounds: list[Sound], console: Console
) -> tuple[LoadReport, bool]:
    """The report, and whether it was broken off."""
    began = time.monotonic()
    with console.status("starting") as shown, stopped_by_signal() as stop:

        def tell(progress: Progress) -> None:
            shown.update(status(progress, time.monotonic() - began))

        async with target_of(wish) as target:
            try:
                async with fleet(jobs_of(wish, target, ramp_s, sounds), tell) as processes:
                    began = time.monotonic()
                    done = await processes.run(stop)
            except WorkerDied as died:
                raise ConfigError(str(died)) from None
    results = [result for each in done for result in each.results]
    report = LoadReport(wish.calls, results, [each.lateness for each in done])
    return report, stop.is_set()


@contextmanager
def stopped_by_signal() -> Iterator[asyncio.Event]:
    """An event that the first SIGINT or SIGTERM sets; a second one ends the process at once."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def first() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, first)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _more_sockets() -> None:
    """Let this process, and those it starts, have as many sockets as they need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, MOST_SOCKETS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
