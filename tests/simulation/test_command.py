"""`seamline sim`: the table, a trace, and what is shown of a call that breaks a promise."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from agent.cli import app
from agent.cli.sim import MOST_EXPLAINED, run_sim, trace_call
from agent.gemini.backoff import Backoff

CALLS = 3000


def test_a_few_calls_make_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_sim(3, 1, jobs=1) == 0
    told = capsys.readouterr().out
    assert "3 calls, seeds 1 to 3" in told
    assert "violations" in told


def test_one_call_can_be_traced(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace_call(1) == 0
    told = capsys.readouterr().out
    assert "utterance" in told
    assert "call: over" in told


def test_a_breach_is_explained_by_the_smallest_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Backoff, "failed", lambda *_, **__: None)
    assert run_sim(60, 1, jobs=1) == 1
    told = capsys.readouterr().out
    listed = [line for line in told.splitlines() if line.startswith("seed ") and ": the_" in line]
    explained = told.count("the smallest that does")
    assert len(listed) > explained == MOST_EXPLAINED, "each is listed, and the first explained"
    assert "the_model_is_not_given_up" in told
    assert "--trace" in told


def test_the_command_takes_its_options() -> None:
    result = CliRunner().invoke(app, ["sim", "--seed", "1", "--trace"])
    assert result.exit_code == 0, result.output
    assert "call: over" in result.output


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_three_thousand_calls_keep_every_promise() -> None:
    """In processes of its own: measuring coverage would make it take twice as long."""
    command = [sys.executable, "-m", "agent", "sim", "--calls", str(CALLS), "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
