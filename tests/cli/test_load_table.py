"""What `seamline load` prints."""

import json

import pytest
from rich.console import Console

from agent.cli.load_table import print_json, print_report, status
from agent.sim.load_bank import Progress
from agent.sim.load_report import LoadReport
from agent.sim.load_result import CallResult, Lateness

WELL = CallResult(
    *(0, 0.0, 10.0, "well", "", 0.012, 0.4),
    answers_s=[0.9, 0.7],
    silenced_s=[0.1],
    holes_s=[0.02, 0.03],
    streams_lost=1,
    frames_dropped=5,
)


def late(seconds: float) -> Lateness:
    lateness = Lateness()
    lateness.add([seconds])
    return lateness


def printed(report: LoadReport, capsys: pytest.CaptureFixture[str]) -> str:
    print_report(Console(width=150, highlight=False), report)
    return capsys.readouterr().out


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_counts_and_times_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(printed(LoadReport(2, [WELL], [late(0.001)]), capsys)) == [
        "placed 1 of 2",
        "answered 1, 1 at a time",
        "refused 0",
        "failed 0",
        "gaps inside speech 2 in 1 calls, 0.05 s in all",
        "media streams lost 1",
        "callers' frames dropped 5",
        "times in ms n p50 p95 p99 largest",
        "ring to media stream 1 12 12 12 12",
        "first audio after that 1 400 400 400 400",
        "answers after 2 800 890 898 900",
        "barge-in: quiet after 1 100 100 100 100",
        "callers' own lateness: 1.0 ms on average, p99 1.0 ms, at most 1.0 ms",
    ]


def test_reasons_are_told_the_commonest_first(capsys: pytest.CaptureFixture[str]) -> None:
    calls = [CallResult(n, 0.0, 1.0, "refused", "All [lines] are busy.") for n in range(2)]
    calls += [CallResult(n, 0.0, 1.0, "failed", f"1120{n % 7}: no") for n in range(8)]
    shown = lines(printed(LoadReport(10, calls, []), capsys))
    assert "refused, 2: All [lines] are busy." in shown
    assert [line for line in shown if line.startswith("failed")] == [
        "failed 8",
        "failed, 2: 11200: no",
        *(f"failed, 1: 1120{n}: no" for n in range(1, 5)),
        "failed: 2 further reasons; --json has all",
    ]


def test_figures_of_late_callers_are_not_to_be_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    assert "do not trust" not in printed(LoadReport(1, [WELL], [late(0.004)]), capsys)
    shown = printed(LoadReport(1, [WELL], [late(0.006)]), capsys)
    assert "do not trust these times: the callers themselves were late by more than 5.0" in shown


def test_programs_get_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    call = CallResult(0, 0.0, 1.0, "refused", f"[bold]{'long ' * 80}")
    print_json(Console(width=80), LoadReport(1, [call], []))
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["refused"] == {call.why: 1}


def test_the_time_in_between_has_a_line() -> None:
    assert status(Progress(9, 6, 2, 1), 12.3) == "12 s: 9 placed, 6 up, 2 refused, 1 failed"
