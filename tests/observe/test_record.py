import json

import structlog

from agent.call.continuity import Continuity
from agent.call.report import CallReport, ToolReport, TurnReport, UsageReport
from agent.observe.record import log_call_ended, summary

TURN = TurnReport(1, 1.0, True, 0.51234, 3.0, 3.0, False, None, "I am Anna", "Hello Anna")
REPORT = CallReport(
    tenant="bella-vista",
    outcome="agent_ended",
    state="over",
    stream_id="MZ1",
    call_id="CA1",
    duration_s=61.23456,
    ready_s=0.4,
    first_audio_s=None,
    model_loss="ready 1011",
    turn_count=1,
    turns=(TURN,),
    latency_median_s=0.51234,
    latency_worst_s=0.9,
    barge_ins=2,
    tools=(
        ToolReport("book_table", 1, 10.0, 0.2, "answered", False),
        ToolReport("book_table", 1, 11.0, 0.2, "answered", True),
        ToolReport("book_table", 1, 12.0, None, "cancelled", False),
    ),
    continuity=Continuity(0, 0, 10, 30, 20, 0, 900, 4, 1, 1, 0),
    mark_round_trip_s=0.05,
    usage=UsageReport(2, 100, 50, 0, 150),
    counters={"phone.malformed": 1, "call.late": 0, "model.unknown": 3},
)


def test_a_call_is_summed_up_in_figures() -> None:
    assert summary(REPORT) == {
        "tenant": "bella-vista",
        "call_id": "CA1",
        "stream_id": "MZ1",
        "outcome": "agent_ended",
        "duration_s": 61.235,
        "ready_s": 0.4,
        "first_audio_s": None,
        "model_loss": "ready 1011",
        "turns": 1,
        "latency_median_s": 0.512,
        "latency_worst_s": 0.9,
        "barge_ins": 2,
        "tools": {"calls": 3, "failed": 1, "answered": 2, "cancelled": 1},
        "continuity": {
            "gap_ms": 0,
            "underruns": 0,
            "caller_ms_lost": 10,
            "caller_ms_repeated": 30,
            "caller_ms_filled": 20,
            "agent_ms_cut": 0,
            "dead_air_ms": 900,
            "moves": 4,
            "drops": 1,
            "fresh_starts": 1,
            "tool_effects_doubled": 0,
        },
        "usage": {
            "reports": 2,
            "prompt_tokens": 100,
            "response_tokens": 50,
            "thoughts_tokens": 0,
            "total_tokens": 150,
        },
        "counters": {"model.unknown": 3, "phone.malformed": 1},
    }


def test_a_call_leaves_one_line_without_words_of_the_caller() -> None:
    with structlog.testing.capture_logs() as lines:
        log_call_ended(REPORT, caller="+15550100199")
    (line,) = lines
    assert line["event"] == "call.ended"
    assert line.pop("pii.caller") == "+15550100199"
    assert "Anna" not in json.dumps(line)
    assert "+1555" not in json.dumps(line)
