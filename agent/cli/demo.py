"""`seamline demo`: the service and both stand-ins; a caller books a table by voice.

The call goes the whole way: the exchange asks the number's webhook, signed with a token made for
this run, and follows the answer to the media socket.

In the middle of the agent's longest reply the connection to the model is taken away, or whatever
else `--chaos` names befalls it: the caller is not to notice.
"""

import asyncio
import os
import secrets
import socket
import sqlite3
import sys
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent.call.core import Call
from agent.call.report import CallReport
from agent.cli.call import PHONE_RATE_HZ, caller_voice
from agent.cli.local_call import NOBODY, STATUS_PATH, VOICE_PATH
from agent.cli.own_folder import own_folder
from agent.cli.runtime import run, stop_signal
from agent.cli.screen import Screen
from agent.errors import ConfigError
from agent.observe import logs
from agent.observe.picture import timeline_svg
from agent.observe.wire_key import VARIABLE as WIRE_KEY
from agent.service.app import make_app, read_tenants, serve
from agent.service.settings import Settings, load_settings
from agent.sim.chaos import chaos
from agent.sim.clips import Clip
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.exchange.plan import Account, CallOptions
from agent.sim.exchange.switchboard import switchboard
from agent.sim.phone_report import PhoneReport, write_recording
from agent.sim.players import players, senses_executor
from agent.sim.script import BargeIn, Say, Step, WaitForAgent, WaitForEnd
from agent.sim.server_profiles import PROFILES

TENANT = "bella-vista"
SCENARIO = Path("config/scenarios/restaurant.yaml")
END_S = 10.0
CALLER = "+15550123456"
PROFILE = "dev-3.8"
READ_BACK = 4
"""The reply that is cut into by misfortune: the table is read back, and nobody interrupts."""
OPENING = "What are your opening hours?"
BOOKING = "I would like to book a table for four people on Friday at seven."
TURNS = ("My name is Anna Miller.", "Yes please.", "No thank you. Goodbye.")


@dataclass(frozen=True, slots=True)
class Scene:
    """One finished demo call and where its files are."""

    phone: PhoneReport
    call: Call
    report: CallReport
    folder: Path


def run_demo(out: Path, *, seed: int, stay: bool, misfortunes: Sequence[str] = ()) -> None:
    """Hold the scripted call, show what came of it, and stay up on a terminal.

    Args:
        misfortunes: what befalls the model's connections, by the names of `agent.sim.chaos`.
    Raises:
        ConfigError: no such misfortune, no folder for its files, ear and voice are not installed,
            something of the configuration is wrong, or the call did not come to its end with one
            booking: the demo has failed.
    """
    options = EmulatorOptions(profile=PROFILES[PROFILE], faults=chaos(misfortunes, reply=READ_BACK))
    console = Console(highlight=False)
    account = Account(NOBODY, secrets.token_hex(16))
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(own_folder(out, "demo"))
        except OSError as error:
            raise ConfigError(f"--out {out}: {error.strerror}") from None
        log = stack.enter_context((folder / "log.jsonl").open("w", encoding="utf-8"))
        logs.configure("info", pii=True, stream=log)
        executor = stack.enter_context(senses_executor())
        stay = stay and sys.stdin.isatty()
        run(_demo(console, account, options, executor, folder, seed=seed, stay=stay))


def settings_of(
    account: Account, origin: str, gemini_url: str, carrier_url: str, folder: Path
) -> Settings:
    """The service's settings: signatures are asked for, as in earnest."""
    environment = {
        "TWILIO_ACCOUNT_SID": account.sid,
        "TWILIO_AUTH_TOKEN": account.token,
        "SEAMLINE_TWILIO_URL": carrier_url,
        "SEAMLINE_PUBLIC_URL": origin,
        "SEAMLINE_GEMINI_URL": gemini_url,
        "SEAMLINE_DATA": str(folder / "data"),
        WIRE_KEY: os.environ.get(WIRE_KEY, ""),
    }
    return load_settings(None, environment)


def pages(origin: str, token: str) -> str:
    """Where to go with a browser while the service is up; the addresses sign in by themselves."""
    return (
        "\n[bold]In your browser[/]\n"
        f"  talk to the agent: {origin}/phone#token={token}\n"
        f"  the console:       {origin}/console/#token={token}"
    )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def script() -> list[Step]:
    """What the caller does: asks, interrupts the answer with a booking, confirms, says goodbye."""
    voice = caller_voice()

    def clip(text: str) -> Clip:
        return Clip.of(voice.speak(text, PHONE_RATE_HZ), text)

    steps: list[Step] = [WaitForAgent(), Say(clip(OPENING)), BargeIn(clip(BOOKING), after_s=1.5)]
    for text in TURNS:
        steps += [WaitForAgent(), Say(clip(text))]
    return [*steps, WaitForEnd()]


async def _demo(
    console: Console,
    account: Account,
    options: EmulatorOptions,
    executor: Executor,
    folder: Path,
    *,
    seed: int,
    stay: bool,
) -> None:
    mind, senses = await asyncio.to_thread(players, SCENARIO, executor)
    steps = await asyncio.to_thread(script)
    screen = Screen(console, only=CALLER)
    async with (
        Emulator(mind, senses, options) as emulator,
        switchboard(account, seed=seed, port=0) as board,
    ):
        origin = f"http://127.0.0.1:{free_port()}"
        token = secrets.token_hex(16)
        settings = settings_of(account, origin, emulator.url, board.url, folder)
        settings = replace(settings, api_token=token)
        tenants = read_tenants(settings)
        number = tenants.current.by_name[TENANT].tenant.numbers[0]
        app = make_app(settings, tenants, [screen])
        runner, _ = await serve(app, "127.0.0.1", int(origin.rpartition(":")[2]))
        try:
            status = origin + STATUS_PATH
            board.exchange.add_number(number, origin + VOICE_PATH, status_callback=status)
            console.print(f"[bold]Seamline[/] answers {number} on {origin}", soft_wrap=True)
            if stay:
                console.print(pages(origin, token), soft_wrap=True)
            console.print()
            phone = await board.call(CALLER, number, steps, CallOptions(seed=seed))
            async with asyncio.timeout(END_S):
                await screen.ended_one.wait()
            if screen.last is None:
                raise ConfigError(f"the demo's call failed: {phone.failure}")
            scene = Scene(phone, *screen.last, folder)
            await asyncio.to_thread(_write_files, scene)
            booked = await asyncio.to_thread(_bookings, settings.data)
            _show(console, scene, booked)
            if phone.failure is not None or len(booked) != 1:
                why = phone.failure or f"{len(booked)} tables were booked"
                raise ConfigError(f"the demo did not come to its end: {why}")
            if stay:
                screen.only = None
                console.print(pages(origin, token), soft_wrap=True)
                console.print(
                    f"\nStill answering (Ctrl-C ends). From another terminal:\n"
                    f"  seamline call --local --service {origin} --token {account.token} "
                    f'--say "{OPENING}"',
                    soft_wrap=True,
                )
                await stop_signal()
        finally:
            await runner.cleanup()


def _write_files(scene: Scene) -> None:
    write_recording(scene.folder / "call.wav", scene.phone)
    starts_s = scene.phone.started_at - scene.call.timeline.began_at
    rang = round(max(-starts_s, 0) * PHONE_RATE_HZ)  # before the agent was there
    picture = timeline_svg(
        list(scene.call.timeline),
        scene.phone.said[rang:],
        scene.phone.heard[rang:],
        title=f"{scene.report.tenant}: a table booked by voice",
        audio_starts_s=max(starts_s, 0.0),
    )
    (scene.folder / "timeline.svg").write_text(picture, encoding="utf-8")


def _bookings(data: Path) -> list[sqlite3.Row]:
    """The caller's bookings as they stand in the restaurant's database, if there is one."""
    file = data / f"{TENANT}.sqlite3"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(
            "SELECT reference, day, time, people, name, caller FROM bookings WHERE caller = ?",
            (CALLER,),
        ).fetchall()


def _show(console: Console, scene: Scene, booked: list[sqlite3.Row]) -> None:
    console.print("\n[bold]In the restaurant's database[/]")
    for row in booked:
        console.print("  " + ", ".join(f"{key} {row[key]}" for key in row.keys()))  # noqa: SIM118
    table = Table(title="how long the caller waited", title_justify="left", box=None)
    table.add_column("said")
    table.add_column("answered after", justify="right")
    for utterance in scene.phone.utterances:
        answered = utterance.answered_after_s
        table.add_row(utterance.label, "" if answered is None else f"{answered:.2f} s")
    console.print(table)
    report = scene.report
    console.print(
        f"agent first heard after {scene.phone.first_audio_s or 0:.2f} s, "
        f"{report.barge_ins} barge-in, gaps inside its speech "
        f"{1000 * sum(scene.phone.holes_s):.0f} ms, ended by: {report.outcome}"
    )
    moved = [entry for entry in scene.call.timeline if entry.name == "model.moved"]
    console.print(f"changes of the model's connection: {len(moved)}, bookings: {len(booked)}\n")
    for name, file in (
        ("recording (caller left, agent right)", "call.wav"),
        ("picture", "timeline.svg"),
        ("log", "log.jsonl"),
    ):
        console.print(f"{name}: {scene.folder / file}", soft_wrap=True)
