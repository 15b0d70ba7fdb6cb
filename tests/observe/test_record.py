import json
from datetime import UTC, datetime

import msgspec
import structlog

from agent.call.timeline import Timeline
from agent.observe.call_record import record_of
from agent.observe.record import LONG, line_of, log_call_ended
from tests.observe.reports import REPORT
from tests.store.records import CALLER, FULL

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = ("Anna", "Zoë", "Good day", CALLER)


def test_a_call_is_summed_up_in_figures() -> None:
    line = line_of(record_of(REPORT, Timeline(0.0), NOON, NOON))
    assert line["usage"] == {
        "reports": 2,
        "prompt_tokens": 100,
        "response_tokens": 50,
        "thoughts_tokens": 0,
        "total_tokens": 150,
        "tool_use_tokens": 0,
        "cached_tokens": 0,
        "input": {},
        "output": {},
        "cached": {},
        "repeated": 0,
    }
    del line["usage"]
    assert line == {
        "schema": 1,
        "tenant": "bella-vista",
        "call_id": "CA1",
        "stream_id": "MZ1",
        "generation": None,
        "model": "",
        "direction": "inbound",
        "line": None,
        "began_at": "2026-11-20T12:00:00Z",
        "ended_at": "2026-11-20T12:00:00Z",
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
        "not_done": ("cancel_table",),
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
        "carrier": {
            "mark_round_trip_s": 0.05,
            "gaps": 2,
            "status": None,
            "duration_s": None,
            "sip_code": None,
            "stream_errors": (),
        },
        "transfers": (),
        "cost": None,
        "counters": {"model.unknown": 3, "phone.malformed": 1, "talk.caller_gaps": 2},
        "connections": (),
        "recording": None,
        "wire_path": None,
        "timeline_dropped": 0,
    }


def test_the_line_is_the_record_without_what_is_personal_or_long() -> None:
    names = set(msgspec.to_builtins(FULL)) - {"caller", *LONG}
    assert set(line_of(FULL)) == names


def test_a_call_leaves_one_line_without_words_of_the_caller() -> None:
    with structlog.testing.capture_logs() as lines:
        log_call_ended(FULL)
    (line,) = lines
    assert line["event"] == "call.ended"
    assert line.pop("pii.caller") == CALLER
    told = json.dumps(line, default=str, ensure_ascii=False)
    assert [word for word in WORDS if word in told] == []
