from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.call.connections import note_failed, note_leaving, note_moved
from agent.call.cost import Cost as CallCost
from agent.call.timeline import Timeline
from agent.gemini.session_events import Leaving, Moved, MoveFailed, Why
from agent.observe.call_record import NEVER_THERE, call_record, connections, record_of
from agent.observe.record_schema import CallRecord, Connection, Cost, Recording, Turn
from agent.service.running import Caller, RunningCall
from tests.observe.reports import REPORT

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def timeline(*entries: tuple[float, str, dict[str, object]]) -> Timeline:
    kept = Timeline(10.0)
    for t, name, values in entries:
        kept.add(10.0 + t, name, **values)
    return kept


def test_times_count_from_the_carriers_start() -> None:
    kept = timeline((0.25, "call.started", {}), (1.0, "model.ready", {}), (0.1, "early", {}))
    record = record_of(REPORT, kept, NOON, LATER)
    assert [(entry.t, entry.name) for entry in record.timeline] == [
        (0.0, "call.started"),
        (0.75, "model.ready"),
        (-0.15, "early"),
    ]
    assert (record.began_at, record.ended_at) == (NOON, LATER)


def test_a_full_timeline_says_what_it_does_not_have() -> None:
    kept = Timeline(0.0, capacity=1)
    for n in range(3):
        kept.add(n, "x")
    record = record_of(REPORT, kept, NOON, LATER)
    assert (len(record.timeline), record.timeline_dropped) == (1, 2)


def test_the_latency_of_a_turn_is_shared_out() -> None:
    unshared = replace(REPORT.turns[0], model_s=None)
    greeting = replace(REPORT.turns[0], latency_s=None, model_s=None)
    turns = (*REPORT.turns, unshared, greeting)
    record = record_of(replace(REPORT, turns=turns), Timeline(0.0), NOON, LATER)
    shared = [(turn.latency_s, turn.model_s, turn.bridge_s) for turn in record.conversation]
    assert shared == [(0.512, 0.412, 0.1), (0.512, None, None), (None, None, None)]
    assert record.conversation[0] == Turn(
        number=1,
        began_s=1.0,
        answers_caller=True,
        latency_s=0.512,
        model_s=0.412,
        bridge_s=0.1,
        audio_s=3.0,
        heard_s=3.0,
        caller_text="I am Anna",
        agent_text="Hello Anna",
    )


def test_money_is_there_when_prices_are() -> None:
    assert record_of(REPORT, Timeline(0.0), NOON, LATER).cost is None
    paid = CallCost(
        Decimal("0.02"),
        Decimal("0.01"),
        Decimal("0.01"),
        {"carrier": Decimal("0.01")},
        True,
        "2026",
    )
    assert record_of(replace(REPORT, cost=paid), Timeline(0.0), NOON, LATER).cost == Cost(
        total=Decimal("0.02"),
        model=Decimal("0.01"),
        carrier=Decimal("0.01"),
        parts={"carrier": Decimal("0.01")},
        exact=True,
        prices_dated="2026",
    )


def test_a_move_is_one_change_with_all_that_happened_meanwhile() -> None:
    kept = Timeline(0.0)
    note_leaving(kept, Leaving(1, False, Why.LOST, True, "live", 1011, "gone"), 8.0)
    kept.add(8.1, "agent.cut_short", turn=1)
    note_failed(kept, MoveFailed("dial", 503, "no room", 1, 0.5), 8.2)
    note_failed(kept, MoveFailed("setup", None, "", 2, 1.0), 8.8)
    note_moved(kept, Moved(4, False, True, 1.25, 300, True), 9.25)
    note_leaving(kept, Leaving(4, True, Why.AGE, False), 60.0)
    note_moved(kept, Moved(5, True, False, 0.1, 0, False), 60.1)
    assert connections(kept) == (
        Connection(
            left_s=8.0,
            planned=False,
            why="lost",
            turn_cut=True,
            phase="live",
            code=1011,
            reason="gone",
            failed=("dial 503 no room", "setup"),
            took_s=1.25,
            connection=4,
            resumed=True,
            replayed_ms=300,
        ),
        Connection(
            left_s=60.0,
            planned=True,
            why="age",
            phase="live",
            reason="",
            took_s=0.1,
            connection=5,
            resumed=False,
            replayed_ms=0,
        ),
    )


@pytest.mark.parametrize(
    ("name", "failed"), [("model.move_failed", ("dial 503 no",)), ("model.lost", ("dial 503 no",))]
)
def test_a_session_that_never_had_a_connection_has_a_change_as_well(
    name: str, failed: tuple[str, ...]
) -> None:
    kept = timeline((0.5, name, {"phase": "dial", "code": 503, "reason": "no"}))
    assert connections(kept) == (
        Connection(left_s=0.5, planned=False, why=NEVER_THERE, failed=failed),
    )


NAMES = ["model.leaving", "model.move_failed", "model.moved", "model.lost", "barge_in"]


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_whatever_happens_to_the_connection_there_is_a_record_of_it(names: list[str]) -> None:
    values: dict[str, dict[str, object]] = {
        "model.leaving": {"connection": 1, "planned": True, "why": "age"},
        "model.moved": {"connection": 2, "planned": False, "took_s": 0.1, "resumed": True},
    }
    kept = timeline(*((n, name, values.get(name, {})) for n, name in enumerate(names)))
    record = record_of(REPORT, kept, NOON, LATER)
    assert len(record.connections) >= names.count("model.leaving")
    assert msgspec.json.decode(msgspec.json.encode(record), type=CallRecord) == record


def running(**other: Any) -> RunningCall:
    ready = SimpleNamespace(prepared=SimpleNamespace(setup=SimpleNamespace(model="models/m")))
    values: dict[str, Any] = {
        "id": "CA7",
        "stream_id": "MZ7",
        "ready": ready,
        "call": SimpleNamespace(timeline=timeline((0.5, "recording.began", {}))),
        "supervisor": None,
        "recording": None,
        "caller": Caller("+15550100199", line="+15550100100"),
        "began_at": NOON,
        "direction": "outbound",
        "generation": 4,
    }
    return RunningCall(**values | other)


def test_a_record_says_who_called_whom_and_what_was_kept() -> None:
    record = call_record(running(), REPORT, LATER)
    assert (record.call_id, record.stream_id, record.model) == ("CA1", "MZ1", "models/m")
    assert (record.direction, record.caller, record.generation) == ("outbound", "+15550100199", 4)
    assert (record.line, record.recording, record.wire_path) == ("+15550100100", None, None)
    kept = running(
        recording=Path("/srv/data/recordings/shop/CA1.wav"), wire=Path("wires/shop/CA1.wire")
    )
    record = call_record(kept, REPORT, LATER)
    assert record.recording == Recording(path="recordings/shop/CA1.wav", starts_s=0.5)
    assert record.wire_path == "wires/shop/CA1.wire"


@pytest.mark.parametrize(("id", "found"), [("CA7", "CA7"), ("", "MZ7")])
def test_a_call_that_never_began_has_a_name_all_the_same(id: str, found: str) -> None:
    unnamed = replace(REPORT, call_id="", stream_id="", outcome=None, state="waiting")
    record = call_record(running(id=id), unnamed, LATER)
    assert (record.call_id, record.stream_id, record.outcome) == (found, "MZ7", "waiting")
