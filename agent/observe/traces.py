"""A finished call as spans of OpenTelemetry: the call, its turns, their tools, its connections.

Written from the call's report and timeline once it is over: while it runs, nothing is spent on it.
Spans hold figures and static names; no words, numbers, or arguments. Needs the extra `otel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agent import __version__
from agent.call.report import CallReport, ToolReport, TurnReport
from agent.call.timeline import Entry
from agent.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

SERVICE = "seamline"
EXPORT_S = 5
"""How long one batch may take, and so the last one when the service stops."""

type Value = str | bool | int | float


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection to the model, in seconds since the call began.

    Attributes:
        number: 1 for the first.
        left: why it was left; None: the call was over first.
    """

    number: int
    began_s: float
    ended_s: float
    left: str | None
    resumed: bool


class Tracing:
    """Hands finished calls to an exporter, in batches, in a thread of its own.

    Args:
        endpoint: where a collector takes OTLP over HTTP, as http://127.0.0.1:4318/v1/traces;
            headers for it come from OTEL_EXPORTER_OTLP_HEADERS.
        exporter: in place of that, for tests; given spans at once.

    Raises:
        ConfigError: the extra is not installed.
    """

    def __init__(self, endpoint: str, exporter: SpanExporter | None = None) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
        except ImportError:
            raise ConfigError("traces: install the extra: pip install 'seamline[otel]'") from None
        resource = Resource({"service.name": SERVICE, "service.version": __version__})
        self._provider: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
        if exporter is None:
            remote = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_S)
            self._provider.add_span_processor(BatchSpanProcessor(remote))
        else:
            self._provider.add_span_processor(SimpleSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(SERVICE, __version__)

    def call_ended(self, report: CallReport, timeline: Iterable[Entry], ended_at: datetime) -> None:
        """Hand over one call.

        Args:
            timeline: of the call.
            ended_at: UTC.
        """
        spans = _Spans(self._tracer, ended_at.timestamp() - report.duration_s)
        entries = list(timeline)
        zero_s = next((entry.t for entry in entries if entry.name == "call.started"), 0.0)
        call = spans.write("call", 0.0, report.duration_s, call_values(report))
        inside: dict[int, Context] = {}
        for turn in report.turns:
            end_s = turn.began_s + turn.audio_s
            inside[turn.number] = spans.write(
                "turn", turn.began_s, min(end_s, report.duration_s), turn_values(turn), call
            )
        for tool in report.tools:
            end_s = report.duration_s if tool.took_s is None else tool.requested_s + tool.took_s
            parent = inside.get(tool.turn, call)
            failed = tool.failed
            spans.write("tool", tool.requested_s, end_s, tool_values(tool), parent, failed=failed)
        for one in connections(entries, zero_s, report.duration_s):
            values = {"connection.number": one.number, "connection.resumed": one.resumed}
            left = {} if one.left is None else {"connection.left": one.left}
            spans.write("connection", one.began_s, one.ended_s, {**values, **left}, call)

    def close(self) -> None:
        """Hand over what is left, within `EXPORT_S`; blocks, so it belongs in a thread."""
        self._provider.shutdown()


class _Spans:
    """Writes the spans of one call."""

    def __init__(self, tracer: Tracer, zero: float) -> None:
        self._tracer = tracer
        self._zero = zero

    def write(
        self,
        name: str,
        began_s: float,
        ended_s: float,
        values: Mapping[str, Value],
        parent: Context | None = None,
        *,
        failed: bool = False,
    ) -> Context:
        """One span, from its beginning to its end; returned is what its children lie in."""
        from opentelemetry.context import Context
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        span = self._tracer.start_span(
            name,
            context=Context() if parent is None else parent,
            attributes=values,
            start_time=self._at(began_s),
        )
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(self._at(max(began_s, ended_s)))
        return set_span_in_context(span, Context())

    def _at(self, seconds: float) -> int:
        return round((self._zero + seconds) * 1e9)


def call_values(report: CallReport) -> dict[str, Value]:
    """What the span of a call says."""
    continuity = report.continuity
    values: dict[str, Value | None] = {
        "tenant": report.tenant,
        "call.id": report.call_id,
        "call.outcome": report.outcome,
        "call.turns": report.turn_count,
        "call.barge_ins": report.barge_ins,
        "call.ready_s": report.ready_s,
        "call.first_audio_s": report.first_audio_s,
        "call.latency_median_s": report.latency_median_s,
        "call.latency_worst_s": report.latency_worst_s,
        "call.cost_usd": float(report.cost.total),
        "call.tokens": report.usage.total_tokens,
        "continuity.gap_ms": continuity.gap_ms,
        "continuity.underruns": continuity.underruns,
        "continuity.caller_ms_lost": continuity.caller_ms_lost,
        "continuity.agent_ms_cut": continuity.agent_ms_cut,
        "continuity.dead_air_ms": continuity.dead_air_ms,
        "continuity.moves": continuity.moves,
        "continuity.drops": continuity.drops,
        "continuity.fresh_starts": continuity.fresh_starts,
    }
    return {name: value for name, value in values.items() if value is not None}


def turn_values(turn: TurnReport) -> dict[str, Value]:
    """What the span of a turn says."""
    values: dict[str, Value] = {
        "turn.number": turn.number,
        "turn.answers_caller": turn.answers_caller,
        "turn.audio_s": turn.audio_s,
        "turn.heard_s": turn.heard_s,
        "turn.interrupted": turn.interrupted,
    }
    if turn.latency_s is not None:
        values["turn.latency_s"] = turn.latency_s
    return values


def tool_values(tool: ToolReport) -> dict[str, Value]:
    """What the span of a function says; its name is the tenant's, not a caller's."""
    return {"tool.name": tool.name, "tool.state": tool.state, "tool.failed": tool.failed}


def connections(
    timeline: Iterable[Entry], zero_s: float, duration_s: float
) -> Iterator[Connection]:
    """The connections of a call, from its timeline.

    Args:
        zero_s: where in the timeline the call began.
    """
    number, began_s, resumed = 0, None, False
    for entry in timeline:
        at_s = max(0.0, entry.t - zero_s)
        if entry.name in {"model.ready", "model.moved"} and began_s is None:
            number, began_s = number + 1, at_s
            resumed = bool(entry.values.get("resumed", False))
        elif entry.name in {"model.leaving", "model.lost"} and began_s is not None:
            why = str(entry.values.get("why") or entry.values.get("phase") or "lost")
            yield Connection(number, began_s, at_s, why, resumed)
            began_s = None
    if began_s is not None:
        yield Connection(number, began_s, max(began_s, duration_s), None, resumed)
