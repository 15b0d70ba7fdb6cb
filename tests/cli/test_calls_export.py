"""`seamline calls export`: what was kept of past calls, as records and as tables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import agent
from agent.observe.record_schema import CallRecord
from tests.cli import past_calls
from tests.cli.command import Command
from tests.cli.past_calls import table
from tests.store.records import CALLER, FULL

run, kept = past_calls.run, past_calls.kept  # fixtures are found by their names in the file
WORDS = ("Zoë", "Good day", CALLER)


def test_whole_records_are_exported_without_anybodys_words(run: Command, kept: Path) -> None:
    done = run("calls", "export")
    assert (done.code, done.err) == (0, ["3 calls"])
    records = [msgspec.json.decode(line, type=CallRecord) for line in done.out]
    assert [found.call_id for found in records] == ["CA1", "CA2", "CA3"]
    assert [word for word in (*WORDS, "hello") if word in "\n".join(done.out)] == []
    personal = run("calls", "export", "--personal", "--number", CALLER).out
    assert [msgspec.json.decode(line, type=CallRecord) for line in personal] == [FULL]


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
