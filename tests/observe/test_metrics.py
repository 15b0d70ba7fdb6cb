"""What calls were, as series."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.call.continuity import Continuity
from agent.call.cost import CallPrices, CarrierPrices, Cost, UsageReport
from agent.call.report import CallReport, ToolReport, TurnReport
from agent.call.timeline import Entry
from agent.observe.carrier_news import CarrierNews
from agent.observe.metrics import MOST_TENANTS, OTHERS, Metrics, barge_in_stops
from agent.observe.missed import MissedCall, missed_record

PERSONAL = "I am Anna"


def turn(latency_s: float | None, *, answers: bool = True) -> TurnReport:
    return TurnReport(1, 1.0, answers, latency_s, 3.0, 3.0, False, None, PERSONAL, "Hello Anna")


def report(**changes: Any) -> CallReport:
    values: dict[str, Any] = {
        "tenant": "bella",
        "outcome": "agent_ended",
        "state": "over",
        "stream_id": "MZ1",
        "call_id": "CA1",
        "duration_s": 61.0,
        "ready_s": 0.4,
        "first_audio_s": 0.7,
        "model_loss": None,
        "turn_count": 2,
        "turns": (turn(0.5), turn(1.5), turn(None), turn(9.0, answers=False)),
        "latency_median_s": 1.0,
        "latency_worst_s": 1.5,
        "barge_ins": 1,
        "tools": (
            ToolReport("book", 1, 10.0, 0.2, "answered", False),
            ToolReport("book", 1, 11.0, 0.2, "answered", True),
            ToolReport("book", 1, 12.0, None, "cancelled", False),
        ),
        "continuity": Continuity(120, 3, 10, 30, 20, 40, 900, 4, 2, 1, 0),
        "mark_round_trip_s": 0.05,
        "usage": UsageReport(
            thoughts_tokens=7,
            input={"AUDIO": 100, "OTHER": 5},
            output={"AUDIO": 50},
            cached={"TEXT": 0},
        ),
        "counters": {},
        "carrier_late_s": 0.08,
        "cost": Cost(model=Decimal("0.25"), carrier=Decimal("0.05")),
    }
    return CallReport(**{**values, **changes})


def values(labels: Mapping[str, str]) -> list[str]:
    """The tenant first."""
    return [labels[name] for name in sorted(labels, key=lambda name: (name != "tenant", name))]


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels, and the value."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *values(sample.labels)): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_call_is_counted_in_every_series() -> None:
    metrics = Metrics()
    metrics.call_ended(report())
    found = samples(metrics)
    expected = {
        ("seamline_calls_total", "bella", "agent_ended"): 1,
        ("seamline_turns_total", "bella"): 2,
        ("seamline_barge_ins_total", "bella"): 1,
        ("seamline_call_duration_seconds_sum", "bella"): 61,
        ("seamline_model_ready_seconds_sum", "bella"): 0.4,
        ("seamline_first_audio_seconds_sum", "bella"): 0.7,
        ("seamline_answer_seconds_count", "bella"): 2,
        ("seamline_answer_seconds_sum", "bella"): 2,
        ("seamline_answer_seconds_bucket", "bella", "0.6"): 1,
        ("seamline_dead_air_seconds_sum", "bella"): 0.9,
        ("seamline_gap_seconds_total", "bella"): 0.12,
        ("seamline_playout_underruns_total", "bella"): 3,
        ("seamline_caller_audio_lost_seconds_total", "bella"): 0.01,
        ("seamline_caller_audio_repeated_seconds_total", "bella"): 0.03,
        ("seamline_caller_audio_missing_seconds_total", "bella"): 0.02,
        ("seamline_agent_audio_cut_seconds_total", "bella"): 0.04,
        ("seamline_model_moves_total", "bella"): 4,
        ("seamline_model_drops_total", "bella"): 2,
        ("seamline_model_fresh_starts_total", "bella"): 1,
        ("seamline_tool_effects_doubled_total", "bella"): 0,
        ("seamline_tool_calls_total", "bella", "answered"): 2,
        ("seamline_tool_calls_total", "bella", "cancelled"): 1,
        ("seamline_tool_errors_total", "bella"): 1,
        ("seamline_tool_seconds_count", "bella"): 2,
        ("seamline_carrier_mark_round_trip_seconds_sum", "bella"): 0.05,
        ("seamline_carrier_late_seconds_sum", "bella"): 0.08,
        ("seamline_tokens_total", "bella", "input", "audio"): 100,
        ("seamline_tokens_total", "bella", "input", "other"): 5,
        ("seamline_tokens_total", "bella", "output", "audio"): 50,
        ("seamline_tokens_total", "bella", "thinking", "other"): 7,
        ("seamline_cost_usd_total", "bella", "model"): 0.25,
        ("seamline_cost_usd_total", "bella", "carrier"): 0.05,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert ("seamline_tokens_total", "bella", "cached", "text") not in found
    assert not any(name[0].endswith("_created") for name in found)


def test_calls_that_never_came_to_the_agent_are_counted_apart() -> None:
    metrics = Metrics()
    began = datetime(2026, 11, 20, tzinfo=UTC)
    call = MissedCall("CA1", "bella", "outbound", PERSONAL, None, began)
    prices = CallPrices(carrier=CarrierPrices(Decimal("0.5")), dated="2026-11-21")
    talked_to = CarrierNews(call_id="CA1", duration_s=20)
    metrics.call_missed(missed_record(call, "busy", began, prices=prices))
    metrics.call_missed(missed_record(call, "machine", began, news=talked_to, prices=prices))
    metrics.call_missed(missed_record(call, "machine", began))
    found = samples(metrics)
    assert found["seamline_calls_missed_total", "bella", "busy"] == 1
    assert found["seamline_calls_missed_total", "bella", "machine"] == 2
    assert found["seamline_cost_usd_total", "bella", "carrier"] == 0.5
    assert ("seamline_calls_total", "bella", "machine") not in found
    assert PERSONAL not in metrics.text().decode()


def test_nobody_s_words_and_numbers_are_in_a_series() -> None:
    metrics = Metrics()
    metrics.call_ended(report(), [Entry(1.0, "caller.said", {"pii.text": PERSONAL})])
    text = metrics.text().decode()
    assert "Anna" not in text
    assert "CA1" not in text
    assert "book" not in text


def test_a_call_that_never_began_has_no_times() -> None:
    metrics = Metrics()
    nothing = report(
        ready_s=None, first_audio_s=None, mark_round_trip_s=None, outcome=None, tools=(), turns=()
    )
    metrics.call_ended(nothing)
    found = samples(metrics)
    assert found["seamline_calls_total", "bella", "unknown"] == 1
    assert ("seamline_first_audio_seconds_count", "bella") not in found


def test_only_so_many_tenants_are_told_apart() -> None:
    metrics = Metrics()
    for number in range(MOST_TENANTS + 5):
        metrics.call_ended(report(tenant=f"t{number}"))
    found = samples(metrics)
    assert found["seamline_calls_total", OTHERS, "agent_ended"] == 5
    assert len({name[1] for name in found if name[0] == "seamline_turns_total"}) == MOST_TENANTS + 1
    assert metrics.known("t7") == "t7"


def test_two_services_do_not_share_their_series() -> None:
    one, other = Metrics(), Metrics()
    one.call_ended(report())
    assert ("seamline_turns_total", "bella") not in samples(other)


def entries(*named: tuple[float, str]) -> Iterable[Entry]:
    return [Entry(t, name, {}) for t, name in named]


@pytest.mark.parametrize(
    ("timeline", "stops"),
    [
        ([(1.0, "caller.speech_started"), (1.25, "barge_in")], [0.25]),
        ([(1.25, "barge_in")], []),
        ([(1.0, "caller.speech_started"), (9.0, "barge_in")], []),
        (
            [
                (1.0, "caller.speech_started"),
                (1.2, "barge_in"),
                (1.3, "barge_in"),  # still the same words
                (4.0, "caller.speech_started"),
                (5.0, "caller.speech_started"),
                (5.5, "barge_in"),
            ],
            [0.2, 0.5],
        ),
    ],
)
def test_the_time_to_stop_runs_from_the_caller_s_voice(
    timeline: list[tuple[float, str]], stops: list[float]
) -> None:
    assert list(barge_in_stops(entries(*timeline))) == pytest.approx(stops)
    metrics = Metrics()
    metrics.call_ended(report(), entries(*timeline))
    count = samples(metrics).get(("seamline_barge_in_stop_seconds_count", "bella"), 0)
    assert count == len(stops)
