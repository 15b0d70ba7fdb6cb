"""`seamline load`: the whole of it, and what it asks for."""

import asyncio
import json
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from agent.cli import load
from agent.cli.load import Wish, jobs_of, ramp_of, run_load, sounds_of, stopped_by_signal, target_of
from agent.cli.load_service import Target
from agent.errors import ConfigError
from agent.sim.exchange.plan import Account
from agent.sim.load_plan import Sound, beep
from agent.sim.load_report import LoadReport
from tests.cli.command import Command
from tests.cli.wav import written
from tests.sim.loaded import Loaded, served
from tests.support.ports import free_port

WISH = Wish(calls=3, ramp="1s", seconds=5.0, processes=2)
TARGET = Target("http://127.0.0.1:1", "https://a.example.com", Account("AC1", "t"), "+15550100100")


@pytest.fixture
def seamline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "SEAMLINE_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.socket
def test_one_command_starts_a_service_loads_it_and_tells_how_it_was(seamline: Command) -> None:
    done = seamline(
        *("load", "--calls", "3", "--ramp", "0.5s", "--seconds", "5", "--processes", "2"),
        *("--json", "--barge-in-every", "1"),
    )
    assert (done.code, done.err) == (0, [])
    told = json.loads(done.out[0])
    assert (told["asked"], told["placed"], told["answered"], told["most_at_once"]) == (3, 3, 3, 3)
    assert told["refused"] == told["failed"] == {}
    assert told["streams_lost"] == told["frames_dropped"] == 0
    times = told["seconds"]
    assert times["connected"]["n"] == times["first_audio"]["n"] == 3
    assert 0.0 < times["connected"]["p50"] <= times["connected"]["p99"]
    assert 0.1 < times["first_audio"]["p50"] < 5.0


def against(service: Loaded, wish: Wish, tell: Callable[[], None] = lambda: None) -> int:
    """Load a small service of this very process; gives what the command would exit with."""

    async def main() -> tuple[LoadReport, bool]:
        async with served(service):
            chosen = replace(wish, url=service.origin, number="+15550100100")
            asyncio.get_running_loop().call_later(0.5, tell)
            return await load._load(chosen, 0.0, [beep()], Console(quiet=True))

    report, broken_off = asyncio.run(main())
    return load.INTERRUPTED if broken_off else report.exit_code(allow_refused=False)


@pytest.fixture
def at_twilios_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "VOICE_PATH", "/voice")
    monkeypatch.setattr(load, "STATUS_PATH", "/status")


@pytest.mark.socket
@pytest.mark.usefixtures("at_twilios_paths")
def test_a_service_that_runs_is_called_and_refusals_fail_the_run() -> None:
    wish = replace(WISH, seconds=1.0, processes=1)
    assert against(Loaded(), wish) == 0
    assert against(Loaded(room=0), wish) == 1


@pytest.mark.socket
@pytest.mark.usefixtures("at_twilios_paths")
def test_an_interrupt_hangs_up_and_keeps_what_is_known() -> None:
    service = Loaded()
    wish = replace(WISH, seconds=600.0, processes=1)

    def interrupt_once_up() -> None:
        if service.up < wish.calls:
            asyncio.get_running_loop().call_later(0.1, interrupt_once_up)
        else:
            os.kill(os.getpid(), signal.SIGINT)

    assert against(service, wish, interrupt_once_up) == load.INTERRUPTED
    assert service.up == 0
    assert service.ended == wish.calls


def test_a_second_signal_is_not_held_up() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = signal.getsignal(signal.SIGINT)
        with stopped_by_signal() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            await stop.wait()
            assert not loop.remove_signal_handler(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) in {before, signal.default_int_handler}

    asyncio.run(main())


def test_what_was_known_is_told_when_it_is_broken_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken_off(*_: object) -> tuple[LoadReport, bool]:
        return LoadReport(3, [], []), True

    monkeypatch.setattr(load, "_load", broken_off)
    assert run_load(WISH, as_json=False, allow_refused=False) == load.INTERRUPTED
    out, err = capsys.readouterr()
    assert "0 of 3" in out
    assert "broken off" in err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--ramp", "soon"], "--ramp soon: write 10s or 2m, half an hour at most"),
        (["--ramp", "2h"], "--ramp 2h: write 10s or 2m, half an hour at most"),
        (["--url", "127.0.0.1:8080"], "--url 127.0.0.1:8080: write it as http://127.0.0.1:8080"),
        (["--token", "t"], "--token is for a service that runs: say where, by --url"),
        (["--number", "+1"], "--number is for a service that runs: say where, by --url"),
        (["--tenant", "shop"], "--tenant is for a service that runs: say where, by --url"),
        (["--wav", "nowhere.wav"], "nowhere.wav: [Errno 2] No such file or directory"),
        (
            ["--url", "http://127.0.0.1:1", "--tenant", "nobody"],
            "--tenant nobody: there is none in the folder of tenants",
        ),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    seamline: Command, arguments: list[str], problem: str
) -> None:
    done = seamline("load", *arguments)
    assert done.code == 2
    assert done.err[-1].startswith(f"seamline: {problem}")


@pytest.mark.socket
def test_nobody_at_the_services_address_is_one_clear_line(seamline: Command) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = seamline("load", "--url", url)
    assert done.code == 2
    assert done.err == [
        f"seamline: --url {url}: nobody answers there (Connection refused); start it by "
        "`seamline serve`, or leave --url out for a service of its own"
    ]


@pytest.mark.socket
def test_callers_that_die_are_one_clear_line() -> None:
    async def main() -> None:
        async with served(Loaded()) as service:
            wish = replace(WISH, url=service.origin, number="+15550100100", seed=-1)
            with pytest.raises(ConfigError, match="a process of callers ended too soon"):
                await load._load(wish, 0.0, [beep()], Console(quiet=True))

    asyncio.run(main())


def test_a_ramp_is_a_duration_or_seconds() -> None:
    assert [ramp_of(text) for text in ("10s", "2m", "0", "30", "500ms")] == [10, 120, 0, 30, 0.5]


def test_callers_say_a_tone_or_what_they_are_given(tmp_path: Path) -> None:
    assert sounds_of(WISH) == [beep()]
    [sound] = sounds_of(replace(WISH, wav=(written(tmp_path / "a.wav", 8000),)))
    assert sound.label == "a.wav"


def test_every_process_has_its_share_and_none_is_idle() -> None:
    jobs = jobs_of(WISH, TARGET, 1.0, [Sound(b"")])
    assert [(job.share, job.shares) for job in jobs] == [(0, 2), (1, 2)]
    assert jobs[0].voice == "https://a.example.com/twilio/voice"
    assert jobs[0].status == "https://a.example.com/twilio/status"
    assert (jobs[0].token, jobs[0].to, jobs[0].hold_s) == ("t", "+15550100100", 5.0)
    assert len(jobs_of(replace(WISH, processes=8), TARGET, 1.0, [])) == 3


def test_a_seed_is_drawn_once_for_all_processes_unless_it_is_given() -> None:
    one, two = jobs_of(WISH, TARGET, 1.0, [])
    other, _ = jobs_of(WISH, TARGET, 1.0, [])
    assert one.seed == two.seed != other.seed
    assert {job.seed for job in jobs_of(replace(WISH, seed=5), TARGET, 1.0, [])} == {5}


@pytest.mark.socket
def test_a_service_is_called_under_its_public_name_with_the_token_that_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEAMLINE_PUBLIC_URL", "https://voice.example.com")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "the token")

    async def main() -> tuple[str, Target]:
        async with (
            served(Loaded()) as service,
            target_of(replace(WISH, url=f"{service.origin}/")) as target,
        ):
            return service.origin, target

    origin, target = asyncio.run(main())
    assert (target.service, target.public) == (origin, "https://voice.example.com")
    assert (target.account.token, target.number) == ("the token", "+15550100100")


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, 1 << 20), (65_536, 1 << 20)),
        ((1024, resource.RLIM_INFINITY), (65_536, resource.RLIM_INFINITY)),
        ((4096, 4096), None),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None),
    ],
)
def test_there_are_as_many_sockets_as_may_be(
    limits: tuple[int, int], wanted: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_set: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: was_set.append(both))
    load._more_sockets()
    assert was_set == ([] if wanted is None else [wanted])
