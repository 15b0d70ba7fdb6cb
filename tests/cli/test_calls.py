"""`seamline calls`: what was kept of past calls, on the screen and as pictures."""

import asyncio
import json
import subprocess
import sys
import wave
from pathlib import Path
from xml.etree.ElementTree import fromstring

import msgspec
import numpy as np
import pytest
from PIL import Image

from agent.cli.calls_plot import read_recording
from agent.observe.carrier_news import CarrierNews
from agent.observe.missed import Missed, MissedCall, missed_record
from agent.observe.record_schema import CallRecord
from agent.store.store import Store
from tests.cli import past_calls
from tests.cli.command import Command
from tests.cli.past_calls import table
from tests.store.records import CALLER, FULL, NOON

run, kept = past_calls.run, past_calls.kept  # fixtures are found by their names in the file


def ids(lines: list[str]) -> list[str]:
    return [word for line in lines for word in line.split() if word.startswith("CA")]


def test_calls_are_listed_newest_first(run: Command, kept: Path) -> None:
    done = run("calls", "list")
    assert (done.code, ids(done.out)) == (0, ["CA1", "CA2", "CA3"])
    assert done.out[1].split() == [
        "2026-11-20", "12:00:00", "CA1", "bella-vista", CALLER, "agent_ended", "2:00", "2",
        "0.60", "s", "1", "ms", "8", "9", "2", "(1", "failed)", "0.0123",
    ]  # fmt: skip
    assert done.out[2].split()[:6] == ["2026-11-20", "11:00:00", "CA2", "shop", "withheld", "idle"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--tenant", "shop"], ["CA2", "CA3"]),
        (["--outcome", "idle"], ["CA2"]),
        (["--number", CALLER], ["CA1"]),
        (["--words", "zoe tab*"], ["CA1"]),
        (["--since", "2026-11-20T11:00"], ["CA1", "CA2"]),
        (["--since", "2026-11-20T13:00+02:00", "--until", "2026-11-20T12:00"], ["CA2"]),
        (["--since", "3650d"], ["CA1", "CA2", "CA3"]),
        (["--until", "36500d"], []),
    ],
)
def test_calls_are_chosen(run: Command, kept: Path, options: list[str], found: list[str]) -> None:
    done = run("calls", "list", *options)
    assert (done.code, ids(done.out)) == (0, found)
    assert found or done.out == ["no such calls"]


def test_a_list_says_how_it_goes_on(run: Command, kept: Path) -> None:
    first = run("calls", "list", "--limit", "2")
    assert first.out[-1].startswith("older ones: --before ")
    second = run("calls", "list", "--before", first.out[-1].split()[-1])
    assert ids(second.out) == ["CA3"]


def test_programs_get_an_object_a_line(run: Command, kept: Path) -> None:
    calls = [json.loads(line) for line in run("calls", "list", "--json").out]
    assert [call["call_id"] for call in calls] == ["CA1", "CA2", "CA3"]
    assert (calls[0]["recorded"], calls[0]["cost_usd"]) == (True, "0.012345")


def test_a_call_is_shown_with_everything(run: Command, kept: Path) -> None:
    done = run("calls", "show", "CA1")
    text = "\n".join(" ".join(line.split()) for line in done.out)
    for said_ in (
        "tenant bella-vista, generation 3, models/gemini-live",
        f"caller {CALLER}, outbound",
        "answers 2, in 0.60 s (median), 0.70 s at worst",
        "5.0 s caller A table for Zoë, please.",
        "(after 0.60 s: model 0.55 s, service 0.05 s; interrupted after 2.0 of 3.5 s)",
        "7.0 s think running still running",
        "8.5 s lost (closed: live 1011 internal error), 2 attempts failed; "
        "resumed on connection 2 after 1.25 s",
        "90.0 s leaves (age); never back",
        "caller_ms_lost 3",
        "input audio 700",
        "total 0.012345 carrier 0.002",
        "phone.malformed 1",
    ):
        assert said_ in text


def test_a_call_of_which_nothing_is_known_is_shown_too(run: Command, kept: Path) -> None:
    text = "\n".join(" ".join(line.split()) for line in run("calls", "show", "CA3").out)
    assert "ready never" in text
    assert "continuity\nall zero" in text


def test_a_call_that_nobody_answered_is_found_and_shown(run: Command, kept: Path) -> None:
    call = MissedCall("CA4", "shop", "outbound", CALLER, "+15550100100", NOON)
    news = CarrierNews(call_id="CA4", status="no-answer", duration_s=0, sip_code=480)

    async def save() -> None:
        store = Store(f"sqlite:///{kept}/calls.sqlite3")
        await store.save(missed_record(call, Missed.NO_ANSWER, NOON, generation=3, news=news))
        await store.close()

    asyncio.run(save())
    assert ids(run("calls", "list", "--outcome", "no_answer").out) == ["CA4"]
    lines = [" ".join(line.split()) for line in run("calls", "show", "CA4").out]
    assert lines == [
        "call CA4",
        "tenant shop, generation 3",
        f"caller {CALLER}, outbound",
        "began 2026-11-20 12:00:00 UTC, lasted 0:00",
        "outcome no_answer",
        "carrier no-answer, 0 s, SIP 480",
        "agent the call never came to it",
    ]
    [row] = table(run("calls", "export", "--format", "csv", "--outcome", "no_answer").out)
    assert (row["outcome"], row["carrier_status"], row["turns"]) == ("no_answer", "no-answer", "0")
    assert CALLER not in row.values()
    assert run("calls", "plot", "CA4").out == ["calls/CA4.svg and .png"]


def test_markup_of_a_caller_is_shown_as_it_is(run: Command, kept: Path) -> None:
    assert any("[bold]hello[/]" in line for line in run("calls", "show", "CA2").out)


def test_a_record_is_shown_as_it_was_saved(run: Command, kept: Path) -> None:
    done = run("calls", "show", "--json")
    assert msgspec.json.decode("\n".join(done.out), type=CallRecord) == FULL


def test_what_cannot_be_had_is_named(run: Command, tmp_path: Path) -> None:
    for command in (["list"], ["show"], ["plot"], ["export"]):
        done = run("calls", *command)
        assert done.code == 2
        assert done.err == [
            f"seamline: {tmp_path}/data/calls.sqlite3: there is no such store: "
            "no call has been kept yet"
        ]


def test_what_is_no_moment_and_no_call_is_named(run: Command, kept: Path) -> None:
    assert run("calls", "list", "--since", "yesterday").err == [
        "seamline: --since yesterday: write it as 2026-11-20, 2026-11-20T14:00 or 24h (so long ago)"
    ]
    assert run("calls", "list", "--since", "99999999d").code == 2
    assert run("calls", "show", "CA9").err == ["seamline: CA9: there is no such call in the store"]
    assert run("calls", "export", "--table", "turns").code == 2


def test_a_store_that_is_switched_off_is_said_to_be(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAMLINE_STORE", "none")
    assert run("calls", "list").err == ["seamline: no records of calls are kept: store is none"]


def test_a_store_that_cannot_be_read_is_an_error_in_one_line(run: Command, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "calls.sqlite3").write_text("no database, but long enough to be none" * 9)
    [line] = run("calls", "list").err
    assert line == "seamline: the store cannot be read: DatabaseError: file is not a database"


def recording(data: Path) -> Path:
    """Half a second of the caller alone, then of the agent alone."""
    path = data / "recordings/bella-vista/CA1.wav"
    path.parent.mkdir(parents=True)
    sides = np.zeros((8000, 2), "<i2")
    sides[:4000, 0], sides[4000:, 1] = 9000, 5000
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(sides.tobytes())
    return path


def test_a_call_is_drawn_with_its_sound(run: Command, kept: Path, tmp_path: Path) -> None:
    recording(kept)
    assert run("calls", "plot", "CA1", "--out", "pictures").out == ["pictures/CA1.svg and .png"]
    svg = fromstring((tmp_path / "pictures" / "CA1.svg").read_text())
    assert (svg.findtext("{*}title") or "").startswith("bella-vista, 2026-11-20 12:00 UTC")
    waves = [path for path in svg.findall("{*}path") if path.get("fill-opacity") == "0.75"]
    assert len(waves) == 2
    with Image.open(tmp_path / "pictures" / "CA1.png") as image:
        assert image.size[0] == 2560


def test_a_call_whose_recording_is_gone_is_drawn_without(run: Command, kept: Path) -> None:
    done = run("calls", "plot")
    assert done.out[0].startswith(f"without sound: {kept}/recordings/bella-vista/CA1.wav: No such")
    assert done.out[1] == "calls/CA1.svg and .png"
    assert run("calls", "plot", "CA3").out == ["calls/CA3.svg and .png"]


def test_a_recording_is_read_as_far_as_it_goes(kept: Path) -> None:
    path = recording(kept)
    path.write_bytes(path.read_bytes()[:-3])  # a crash in the middle of a sample
    caller, agent = read_recording(path)
    assert (caller.size, agent.size) == (7999, 7999)
    assert (caller[:4000] == 9000).all()
    assert (agent[4000:] == 5000).all()


def test_a_folder_that_cannot_be_made_is_named(run: Command, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    [line] = run("calls", "plot", "CA3", "--out", "file").err
    assert line.startswith("seamline: --out file: ")
    [line] = run("calls", "export", "--out", "no/such/folder.csv").err
    assert line.startswith("seamline: --out no/such/folder.csv: No such file")


@pytest.mark.parametrize(
    "module", ["agent.cli", "agent.cli.check", "agent.cli.serve", "agent.observe.picture"]
)
def test_what_reads_no_past_calls_loads_no_database(module: str) -> None:
    heavy = "{'sqlalchemy', 'alembic', 'aiosqlite', 'asyncpg', 'PIL'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
