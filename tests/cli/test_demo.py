"""`seamline demo`: its options, what it starts, and how it fails. What is said is tones here."""

import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.cli import main
from agent.sim.connection import Senses
from agent.sim.mishaps import Shut
from agent.sim.script import BargeIn, Leave, Pause, Say, WaitForAgent, WaitForEnd
from agent.sim.scripted import Script, Scripted, Tones
from tests.service.house import captured_log
from tests.support.ports import free_port

demo = import_module("agent.cli.demo")  # in the package its name is the command's


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    with captured_log():
        yield


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | None:
    """The command's exit code; None when it just ends."""
    monkeypatch.setattr(sys, "argv", ["seamline", "demo", *arguments])
    with pytest.raises(SystemExit) as exit:
        main()
    code: int | None = exit.value.code if isinstance(exit.value.code, int) else None
    return code


@pytest.mark.parametrize(
    ("arguments", "misfortunes", "stay"),
    [
        ((), ["goaway"], True),
        (("--exit",), ["goaway"], False),
        (("--chaos", "none"), ["none"], True),
        (("--chaos", "drop", "--chaos", "refuse", "--exit"), ["drop", "refuse"], False),
    ],
)
def test_the_connection_is_taken_away_unless_something_else_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], misfortunes: list[str], stay: bool
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(demo, "run_demo", lambda out, **values: asked.update(values, out=out))
    run(monkeypatch, *arguments, "--seed", "7", "--out", "there")
    assert asked == {"out": Path("there"), "seed": 7, "stay": stay, "misfortunes": misfortunes}


def test_an_unknown_misfortune_is_refused_before_anything_is_touched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--chaos", "rain", "--out", str(tmp_path / "calls")) == 2
    assert capsys.readouterr().err.startswith("seamline: --chaos rain: there is none; one of ")
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_kept_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "calls").touch()
    assert run(monkeypatch, "--out", str(tmp_path / "calls")) == 2
    assert capsys.readouterr().err == f"seamline: --out {tmp_path / 'calls'}: Not a directory\n"


@pytest.mark.speech
def test_the_caller_asks_interrupts_books_confirms_and_says_goodbye() -> None:
    steps = demo.script()
    kinds = [type(step) for step in steps]
    assert kinds[:3] == [WaitForAgent, Say, BargeIn]
    assert kinds[-1] is WaitForEnd
    assert sum(isinstance(step, Say) for step in steps) == 1 + len(demo.TURNS)


def test_bookings_are_the_callers_own_and_none_without_a_database(tmp_path: Path) -> None:
    assert demo._bookings(tmp_path) == []
    columns = "reference, day, time, people, name, caller"
    with closing(sqlite3.connect(tmp_path / f"{demo.TENANT}.sqlite3")) as database, database:
        database.execute(f"CREATE TABLE bookings ({columns})")
        rows = [("A", "d", "t", 4, "n", demo.CALLER), ("B", "d", "t", 4, "n", "+15550000000")]
        database.executemany("INSERT INTO bookings VALUES (?, ?, ?, ?, ?, ?)", rows)
    assert [row["reference"] for row in demo._bookings(tmp_path)] == ["A"]


# The whole of it, with tones for voices


@pytest.fixture
def with_tones(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Ear, voice and caller are replaced; returns the stand-ins' options, as they are made."""
    made: list[Any] = []
    emulator = demo.Emulator

    def observed(mind: Any, senses: Senses, options: Any) -> Any:
        made.append(options)
        return emulator(mind, senses, options)

    tones = Tones(reply_s=0.6)
    senses = Senses(tones.hear, tones.speak)
    monkeypatch.setattr(demo, "players", lambda *_: (lambda _: Scripted(Script()), senses))
    monkeypatch.setattr(demo, "senses_executor", lambda: ThreadPoolExecutor(1))
    monkeypatch.setattr(demo, "script", lambda: [WaitForAgent(quiet_s=0.3), Pause(0.2), Leave()])
    monkeypatch.setattr(demo, "Emulator", observed)
    monkeypatch.setattr(demo, "free_port", free_port)
    return made


BOOKED = {"reference": "BV-1", "people": 4}


@pytest.mark.socket
def test_a_call_with_a_booking_leaves_recording_picture_and_log(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    with_tones: list[Any],
) -> None:
    monkeypatch.setattr(demo, "_bookings", lambda _: [BOOKED])
    assert not run(monkeypatch, "--exit", "--chaos", "1011", "--out", str(tmp_path))
    files = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"call.wav", "timeline.svg", "log.jsonl"} <= files
    out = capsys.readouterr().out
    assert "reference BV-1, people 4" in out
    assert "changes of the model's connection: 0, bookings: 1" in out
    [options] = with_tones
    [plan] = options.faults.planned
    assert (plan.when.turn, type(plan.what)) == (demo.READ_BACK, Shut)


@pytest.mark.socket
def test_on_a_terminal_it_opens_with_the_pages_and_stays_up(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    with_tones: list[Any],
) -> None:
    async def ctrl_c() -> None:
        """At once."""

    monkeypatch.setattr(demo, "_bookings", lambda _: [BOOKED])
    monkeypatch.setattr(demo, "stop_signal", ctrl_c)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    assert not run(monkeypatch, "--chaos", "none", "--out", str(tmp_path))
    before, rings, after = capsys.readouterr().out.partition("the phone rings")
    assert "/phone#token=" in before
    assert rings
    assert "/phone#token=" in after
    assert "Still answering" in after


@pytest.mark.socket
@pytest.mark.parametrize("n", [0, 2])
def test_a_call_without_one_booking_is_a_failed_demo(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    with_tones: list[Any],
    n: int,
) -> None:
    monkeypatch.setattr(demo, "_bookings", lambda _: [BOOKED] * n)
    assert run(monkeypatch, "--exit", "--out", str(tmp_path)) == 2
    assert f"did not come to its end: {n} tables were booked" in capsys.readouterr().err


@pytest.mark.socket
def test_a_caller_who_gives_up_is_a_failed_demo(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    with_tones: list[Any],
) -> None:
    monkeypatch.setattr(demo, "_bookings", lambda _: [BOOKED])
    steps = [WaitForAgent(quiet_s=0.3), WaitForAgent(timeout_s=0.5)]
    monkeypatch.setattr(demo, "script", lambda: steps)
    assert run(monkeypatch, "--exit", "--out", str(tmp_path)) == 2
    assert "WaitForAgent: nothing of the kind within 0.5 s" in capsys.readouterr().err


def test_the_addresses_of_the_pages_sign_in_by_themselves() -> None:
    text = demo.pages("http://127.0.0.1:8000", "abc")
    assert "http://127.0.0.1:8000/phone#token=abc" in text
    assert "http://127.0.0.1:8000/console/#token=abc" in text
