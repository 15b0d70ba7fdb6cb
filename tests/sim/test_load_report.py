"""Many calls together: counts, percentiles, and whether they count."""

import json

import pytest

from agent.sim.load_report import LoadReport
from agent.sim.load_result import CallResult, Lateness


def call(number: int, begun_s: float = 0.0, **what: object) -> CallResult:
    known = {"connected_s": 0.01, "first_audio_s": 0.4} | what
    return CallResult(number, begun_s, 10.0, known.pop("outcome", "well"), **known)  # type: ignore[arg-type]


def refused(number: int, why: str = "All lines are busy.") -> CallResult:
    return CallResult(number, 0.0, 5.0, "refused", why)


def failed(number: int, why: str = "11200: HTTP 500") -> CallResult:
    return CallResult(number, 0.0, 0.0, "failed", why)


def late(*values_s: float) -> Lateness:
    lateness = Lateness()
    lateness.add(values_s)
    return lateness


def test_calls_are_counted_by_what_became_of_them() -> None:
    calls = [call(0), call(1), refused(2), refused(3, "We are closed."), failed(4), failed(5)]
    report = LoadReport(10, calls, [])
    assert report.answered == 2
    assert report.refused == {"All lines are busy.": 1, "We are closed.": 1}
    assert report.failed == {"11200: HTTP 500": 2}


def test_the_most_calls_at_one_time_are_those_with_an_agent() -> None:
    calls = [call(0, 0.0), call(1, 4.0), call(2, 10.02), call(3, 30.0), refused(4)]
    assert LoadReport(5, calls, []).most_at_once == 2
    assert LoadReport(5, [refused(0)], []).most_at_once == 0


def test_who_leaves_makes_room_for_who_comes() -> None:
    calls = [call(0, 0.0, connected_s=0.0), call(1, 10.0, connected_s=0.0)]
    assert LoadReport(2, calls, []).most_at_once == 1


def test_percentiles_are_over_all_calls() -> None:
    calls = [
        call(n, first_audio_s=n / 100, answers_s=[1.0, 2.0], silenced_s=[0.1], holes_s=[0.02])
        for n in range(101)
    ]
    spreads = LoadReport(101, calls, []).spreads()
    first = spreads["first_audio"]
    assert (first.n, first.largest) == (101, 1.0)
    assert [first.p50, first.p95, first.p99] == pytest.approx([0.5, 0.95, 0.99])
    assert (spreads["answer"].n, spreads["answer"].p50) == (202, 1.5)
    assert spreads["barge_in_stop"].p99 == pytest.approx(0.1)
    assert spreads["connected"].p50 == pytest.approx(0.01)
    assert LoadReport(101, calls, []).holes_s() == pytest.approx(2.02)


def test_calls_with_gaps_are_counted_apart_from_gaps() -> None:
    calls = [call(0, holes_s=[0.1, 0.2]), call(1), call(2, holes_s=[0.3])]
    report = LoadReport(3, calls, [])
    assert (report.spreads()["hole"].n, report.calls_with_holes) == (3, 2)


def test_losses_are_added_up() -> None:
    calls = [call(0, streams_lost=1), call(1, streams_lost=2, frames_dropped=7)]
    report = LoadReport(2, calls, [])
    assert (report.streams_lost, report.frames_dropped) == (3, 7)


def test_one_late_process_is_enough_to_trust_no_figure() -> None:
    punctual, tardy = late(0.001, 0.001, 0.001, 0.001), late(0.006)
    assert LoadReport(1, [], [punctual]).reliable
    report = LoadReport(1, [], [punctual, tardy])
    assert not report.reliable
    assert report.late.mean_s == pytest.approx(0.002)


def test_refused_calls_fail_the_run_unless_they_are_allowed() -> None:
    assert LoadReport(1, [call(0)], []).exit_code(allow_refused=False) == 0
    assert LoadReport(1, [refused(0)], []).exit_code(allow_refused=False) == 1
    assert LoadReport(1, [refused(0)], []).exit_code(allow_refused=True) == 0
    assert LoadReport(1, [failed(0)], []).exit_code(allow_refused=True) == 1


def test_programs_get_all_of_it() -> None:
    calls = [call(0, answers_s=[0.9]), refused(1), failed(2)]
    read = json.loads(json.dumps(LoadReport(4, calls, [late(0.0012)]).as_json()))
    assert read["seconds"].pop("answer") == {
        "n": 1, "p50": 0.9, "p95": 0.9, "p99": 0.9, "largest": 0.9,
    }  # fmt: skip
    assert set(read.pop("seconds")) == {"connected", "first_audio", "barge_in_stop", "hole"}
    late_by = read.pop("lateness_seconds")
    assert late_by["mean"] == late_by["largest"] == late_by["p99"] == 0.0012
    assert read == {
        "asked": 4,
        "placed": 3,
        "answered": 1,
        "most_at_once": 1,
        "refused": {"All lines are busy.": 1},
        "failed": {"11200: HTTP 500": 1},
        "holes_seconds": 0,
        "calls_with_holes": 0,
        "streams_lost": 0,
        "frames_dropped": 0,
        "reliable": True,
    }
