"""Records of calls that never were."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from agent.call.timeline import Entry
from agent.observe.record_schema import (
    CallRecord,
    Carrier,
    Connection,
    Continuity,
    Cost,
    Recording,
    ToolCall,
    Transfer,
    Turn,
    Usage,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CALLER = "+15550100199"


def costing(total: str) -> Cost:
    return Cost(
        total=Decimal(total),
        model=Decimal(total),
        carrier=Decimal("0.002"),
        parts={"carrier": Decimal("0.002")},
        exact=True,
        prices_dated="2026-11-21",
    )


FULL = CallRecord(
    call_id="CA1",
    stream_id="MZ1",
    tenant="bella-vista",
    generation=3,
    model="models/gemini-live",
    direction="outbound",
    caller=CALLER,
    line="+15550100100",
    began_at=NOON + timedelta(microseconds=1),
    ended_at=NOON + timedelta(minutes=2),
    outcome="agent_ended",
    duration_s=119.5,
    ready_s=0.4,
    first_audio_s=0.9,
    model_loss="live 1011: internal error",
    turns=2,
    latency_median_s=0.6,
    latency_worst_s=0.7,
    barge_ins=1,
    not_done=("book_table",),
    tools={"calls": 2, "failed": 1, "answered": 1, "running": 1},
    continuity=Continuity(
        gap_ms=1,
        underruns=2,
        caller_ms_lost=3,
        caller_ms_repeated=4,
        caller_ms_filled=5,
        agent_ms_cut=6,
        dead_air_ms=7,
        moves=8,
        drops=9,
        fresh_starts=10,
        tool_effects_doubled=11,
    ),
    carrier=Carrier(
        mark_round_trip_s=0.08,
        gaps=2,
        status="completed",
        duration_s=125,
        sip_code=200,
        stream_errors=("31902", "31903 broken pipe"),
    ),
    transfers=(
        Transfer(
            target="owner",
            address="+15550100198",
            how="warm",
            requested_s=60.5,
            ended="busy",
        ),
        Transfer(
            target="kitchen",
            address="+15550100197",
            fallback=True,
            requested_s=90.0,
            ended="answered",
            talked_s=12,
        ),
    ),
    usage=Usage(
        reports=2,
        prompt_tokens=900,
        response_tokens=80,
        thoughts_tokens=7,
        total_tokens=987,
        tool_use_tokens=6,
        cached_tokens=5,
        input={"AUDIO": 700, "TEXT": 200},
        output={"AUDIO": 80},
        cached={"TEXT": 5},
        repeated=1,
    ),
    cost=costing("0.012345"),
    counters={"phone.malformed": 1},
    connections=(
        Connection(
            left_s=8.5,
            planned=False,
            why="closed",
            turn_cut=True,
            phase="live",
            code=1011,
            reason="internal error",
            failed=("dial 503 no room", "setup 1011"),
            took_s=1.25,
            connection=2,
            resumed=True,
            replayed_ms=300,
        ),
        Connection(left_s=90.0, planned=True, why="age"),
    ),
    conversation=(
        Turn(number=1, began_s=0.9, answers_caller=False, agent_text="Good day."),
        Turn(
            number=2,
            began_s=5.0,
            answers_caller=True,
            latency_s=0.6,
            model_s=0.55,
            bridge_s=0.05,
            audio_s=3.5,
            heard_s=2.0,
            interrupted=True,
            reason="INTERRUPTED",
            caller_text="A table for Zoë, please.",
            agent_text="At what o'clock would",
        ),
    ),
    tool_calls=(
        ToolCall(name="book", turn=2, requested_s=6.0, took_s=0.25, state="answered", failed=True),
        ToolCall(name="think", turn=2, requested_s=7.0, took_s=None, state="running", failed=False),
    ),
    recording=Recording(path="recordings/bella-vista/CA1.wav", starts_s=0.5),
    wire_path="wires/bella-vista/CA1.wire",
    timeline=(
        Entry(0.0, "call.started", {"call": "CA1"}),
        Entry(4.25, "caller.said", {"turn": 2, "pii.text": "A table for Zoë, please."}),
    ),
    timeline_dropped=4,
)
"""A record in which nothing is as it is by default."""


def record(call_id: str, **other: Any) -> CallRecord:
    """A short call at noon."""
    began_at = other.pop("began_at", NOON)
    values: dict[str, Any] = {
        "call_id": call_id,
        "tenant": "shop",
        "outcome": "caller_hung_up",
        "stream_id": "MZ2",
    }
    values |= other
    return CallRecord(began_at=began_at, ended_at=began_at + timedelta(seconds=20), **values)


def said(call_id: str, text: str, **other: Any) -> CallRecord:
    """A call in which the caller said this."""
    turn = Turn(number=1, began_s=1.0, answers_caller=True, caller_text=text)
    return replace(record(call_id, **other), conversation=(turn,))
