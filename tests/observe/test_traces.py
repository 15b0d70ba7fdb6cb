"""A finished call as spans."""

import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agent.call.report import ToolReport, TurnReport
from agent.call.timeline import Entry
from agent.errors import ConfigError
from agent.observe.traces import Connection, Tracing, connections
from tests.observe.test_metrics import PERSONAL, report

ENDED = datetime(2026, 11, 21, 12, 1, 1, tzinfo=UTC)
BEGAN_NS = round((ENDED.timestamp() - 61.0) * 1e9)


def turn(number: int, began_s: float, latency_s: float | None = 0.5) -> TurnReport:
    return TurnReport(number, began_s, True, latency_s, 3.0, 2.5, False, None, PERSONAL, "Hello")


def entry(t: float, name: str, **values: Any) -> Entry:
    return Entry(t, name, values)


TIMELINE = [
    entry(0.2, "call.started", call="CA1"),
    entry(0.6, "model.ready"),
    entry(1.0, "caller.said", **{"pii.text": PERSONAL}),
    entry(30.2, "model.leaving", why="go_away"),
    entry(30.7, "model.moved", resumed=True),
]


def spans_of(**changes: Any) -> list[ReadableSpan]:
    exporter = InMemorySpanExporter()
    tracing = Tracing("http://127.0.0.1:1", exporter)
    tools = (
        ToolReport("book", 2, 12.0, 0.25, "answered", False),
        ToolReport("look_up", 0, 20.0, None, "running", True),
    )
    made = report(turns=(turn(1, 1.0), turn(2, 10.0, None)), tools=tools, **changes)
    tracing.call_ended(made, TIMELINE, ENDED)
    tracing.close()
    return list(exporter.get_finished_spans())


def times(span: ReadableSpan) -> tuple[float, float]:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.start_time - BEGAN_NS) / 1e9, (span.end_time - BEGAN_NS) / 1e9


def test_a_call_holds_its_turns_and_connections_and_a_turn_its_tools() -> None:
    spans = spans_of()
    named = {(span.name, times(span)[0]): span for span in spans}
    call = named["call", 0.0]
    assert call.parent is None
    assert [span.name for span in spans] == [
        "call", "turn", "turn", "tool", "tool", "connection", "connection",
    ]  # fmt: skip

    def inside(span: ReadableSpan, outer: ReadableSpan) -> bool:
        return span.parent is not None and span.parent.span_id == outer.context.span_id

    second = next(s for s in spans if (s.attributes or {}).get("turn.number") == 2)
    first_tool, second_tool = (span for span in spans if span.name == "tool")
    assert inside(second, call)
    assert inside(first_tool, second)
    assert inside(second_tool, call)  # no turn asked for it
    assert all(inside(span, call) for span in spans if span.name == "connection")
    assert len({span.context.trace_id for span in spans}) == 1


def test_spans_last_as_long_as_what_they_stand_for() -> None:
    found = [(span.name, *times(span)) for span in spans_of()]
    expected = [
        ("call", 0.0, 61.0),
        ("turn", 1.0, 4.0),
        ("turn", 10.0, 13.0),
        ("tool", 12.0, 12.25),
        ("tool", 20.0, 61.0),
        ("connection", 0.4, 30.0),
        ("connection", 30.5, 61.0),
    ]
    for (name, began, ended), (wanted, wanted_began, wanted_ended) in zip(
        found, expected, strict=True
    ):
        assert name == wanted
        assert (began, ended) == pytest.approx((wanted_began, wanted_ended), abs=1e-5)


def test_spans_have_figures_and_nobody_s_words() -> None:
    spans = spans_of()
    call = spans[0].attributes or {}
    assert call["tenant"] == "bella"
    assert call["call.outcome"] == "agent_ended"
    assert call["continuity.moves"] == 4
    assert (spans[1].attributes or {})["turn.latency_s"] == 0.5
    assert "turn.latency_s" not in (spans[2].attributes or {})
    assert spans[4].status.status_code.name == "ERROR"
    assert (spans[5].attributes or {})["connection.left"] == "go_away"
    assert (spans[6].attributes or {})["connection.resumed"] is True
    text = "".join(span.to_json() for span in spans)
    assert PERSONAL not in text
    assert "Hello" not in text


def test_what_a_call_never_had_is_left_out() -> None:
    [call, *_] = spans_of(outcome=None, ready_s=None)
    assert "call.outcome" not in (call.attributes or {})
    assert "call.ready_s" not in (call.attributes or {})


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        ([], []),
        (
            [entry(1.0, "model.ready"), entry(9.0, "model.lost", phase="live")],
            [Connection(1, 1.0, 9.0, "live", False)],
        ),
        (
            [entry(1.0, "model.ready"), entry(2.0, "model.leaving"), entry(2.1, "model.lost")],
            [Connection(1, 1.0, 2.0, "lost", False)],
        ),
        (
            [entry(1.0, "model.ready"), entry(70.0, "model.moved")],
            [Connection(1, 1.0, 60.0, None, False)],
        ),
    ],
)
def test_connections_are_read_from_the_timeline(
    timeline: list[Entry], expected: list[Connection]
) -> None:
    assert list(connections(timeline, 0.0, 60.0)) == expected


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"seamline\[otel\]"):
        Tracing("http://127.0.0.1:1")


def test_a_collector_that_is_not_there_holds_nothing_up() -> None:
    tracing = Tracing("http://127.0.0.1:1/v1/traces")
    tracing.close()
