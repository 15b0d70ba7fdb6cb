"""`seamline calls`: what was kept of past calls, on the screen, as pictures, as tables."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
import wave
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import fromstring

import msgspec
import numpy as np
import pytest
from PIL import Image

import agent
from agent.cli.calls_plot import read_recording
from agent.observe.carrier_news import CarrierNews
from agent.observe.missed import Missed, MissedCall, missed_record
from agent.observe.record_schema import CallRecord
from agent.store.store import Store
from tests.cli.command import Command
from tests.store.records import CALLER, FULL, NOON, record, said

WORDS = ("Zoë", "Good day", CALLER)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("SEAMLINE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SEAMLINE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


@pytest.fixture
def kept(run: Command, tmp_path: Path) -> Path:
    """A data folder with three calls; the newest is called FULL's id."""
    data = tmp_path / "data"

    async def fill() -> None:
        store = Store(f"sqlite:///{data}/calls.sqlite3")
        await store.save(FULL)
        hour = timedelta(hours=1)
        await store.save(said("CA2", "[bold]hello[/]", began_at=NOON - hour, outcome="idle"))
        await store.save(record("CA3", began_at=NOON - 2 * hour))
        await store.close()

    asyncio.run(fill())
    return data


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


def test_whole_records_are_exported_without_anybodys_words(run: Command, kept: Path) -> None:
    done = run("calls", "export")
    assert (done.code, done.err) == (0, ["3 calls"])
    records = [msgspec.json.decode(line, type=CallRecord) for line in done.out]
    assert [found.call_id for found in records] == ["CA1", "CA2", "CA3"]
    assert [word for word in (*WORDS, "hello") if word in "\n".join(done.out)] == []
    personal = run("calls", "export", "--personal", "--number", CALLER).out
    assert [msgspec.json.decode(line, type=CallRecord) for line in personal] == [FULL]


def table(lines: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def test_calls_are_a_table_with_the_same_columns_whatever_they_were(
    run: Command, kept: Path
) -> None:
    full, other, bare = table(run("calls", "export", "--format", "csv").out)
    assert full.keys() == other.keys() == bare.keys()
    assert (full["began_at"], bare["began_at"]) == (
        "2026-11-20T12:00:00.000001Z",
        "2026-11-20T10:00:00Z",
    )
    assert (full["continuity_gap_ms"], full["cost_total"], bare["cost_total"]) == (
        "1", "0.012345", "",
    )  # fmt: skip
    assert json.loads(full["usage_input"]) == {"AUDIO": 700, "TEXT": 200}
    assert (full["recording_path"], bare["recording_path"]) == (
        "recordings/bella-vista/CA1.wav",
        "",
    )
    assert "caller" not in full
    personal = table(run("calls", "export", "--format", "csv", "--personal").out)
    assert personal[0]["caller"] == CALLER


def test_what_belongs_to_calls_are_tables_too(run: Command, kept: Path) -> None:
    turns = table(run("calls", "export", "--format", "csv", "--table", "turns").out)
    assert [(turn["call_id"], turn["number"]) for turn in turns] == [
        ("CA1", "1"), ("CA1", "2"), ("CA2", "1"),
    ]  # fmt: skip
    assert (turns[1]["latency_s"], turns[1]["interrupted"], turns[0]["model_s"]) == (
        "0.6", "true", "",
    )  # fmt: skip
    assert "caller_text" not in turns[0]
    options = ("calls", "export", "--format", "csv", "--personal", "--table")
    assert table(run(*options, "turns").out)[1]["caller_text"] == "A table for Zoë, please."
    tools = table(run(*options, "tool_calls").out)
    assert [(tool["name"], tool["took_s"], tool["failed"]) for tool in tools] == [
        ("book", "0.25", "true"),
        ("think", "", "false"),
    ]
    changes = table(run(*options, "connections").out)
    assert json.loads(changes[0]["failed"]) == ["dial 503 no room", "setup 1011"]
    assert changes[0]["code"] == "1011"
    passed = table(run(*options, "transfers").out)
    assert [(each["target"], each["ended"], each["talked_s"]) for each in passed] == [
        ("owner", "busy", ""),
        ("kitchen", "answered", "12"),
    ]
    hidden = table(run("calls", "export", "--format", "csv", "--table", "transfers").out)
    assert (passed[0]["address"], "address" in hidden[0]) == ("+15550100198", False)


def test_an_export_goes_through_all_pages(
    run: Command, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.cli.calls_export.PAGE", 2)
    done = run("calls", "export", "--out", "calls.jsonl")
    assert (done.code, done.out, done.err) == (0, [], ["3 calls"])
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 3


def test_a_reader_who_has_enough_is_no_error(kept: Path) -> None:
    command = [sys.executable, "-m", "agent", "calls", "export"]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(Path(agent.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.close()
        assert export.stderr.read() == b""
        assert export.wait(timeout=30) == 0


@pytest.mark.parametrize(
    "module", ["agent.cli", "agent.cli.check", "agent.cli.serve", "agent.observe.picture"]
)
def test_what_reads_no_past_calls_loads_no_database(module: str) -> None:
    heavy = "{'sqlalchemy', 'alembic', 'aiosqlite', 'asyncpg', 'PIL'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
