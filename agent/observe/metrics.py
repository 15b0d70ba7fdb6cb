"""What calls were, as series for Prometheus: one registry for each service.

Everything is told once per call, when it is over, from its report and its timeline: a running call
pays nothing. Units stand in the names. The only label that grows is the tenant's name, and of those
no more than `MOST_TENANTS` are told apart; docs/metrics.md lists all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import Metric

from agent import __version__
from agent.call.report import CallReport
from agent.call.timeline import Entry
from agent.observe.record_schema import CallRecord

MOST_TENANTS = 200
OTHERS = "(others)"
"""The tenants beyond."""
SPOKE_WITHIN_S = 5.0
"""A barge-in belongs to speech that began so long before it at most."""

ANSWER_S = (0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 3.0, 5.0, 10.0)
SHORT_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0)
WAIT_S = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0, 30.0)
CALL_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0)
TOOL_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 60.0)
LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The series of one service.

    Attributes:
        registry: of all that is counted.
        loop_lag: how much later than asked for the event loop woke up.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._tenants: set[str] = set()
        Info("seamline", "This service.", registry=self.registry).info({"version": __version__})
        self.loop_lag = self._histogram(
            "loop_lag_seconds", "The event loop, later than asked.", LAG_S
        )
        self._calls = self._counter("calls", "Calls that are over.", "tenant", "outcome")
        self._missed = self._counter(
            "calls_missed", "Calls that never came to the agent.", "tenant", "outcome"
        )
        self._barge_ins = self._counter("barge_ins", "Callers who interrupted.", "tenant")
        self._turns = self._counter("turns", "Answers of the agent.", "tenant")
        self._tools = self._counter(
            "tool_calls", "Functions the model asked for.", "tenant", "state"
        )
        self._tool_errors = self._counter(
            "tool_errors", "Functions whose result was an error.", "tenant"
        )
        self._tokens = self._counter(
            "tokens", "Tokens the model was paid for.", "tenant", "direction", "modality"
        )
        self._money = self._counter("cost_usd", "What calls have cost.", "tenant", "part")
        self._figures = {name: self._counter(name, text, "tenant") for name, text, _ in _CONTINUITY}
        self._duration = self._histogram("call_duration_seconds", "Calls.", CALL_S, "tenant")
        self._ready = self._histogram(
            "model_ready_seconds",
            "From the call's start to the model being ready.",
            ANSWER_S,
            "tenant",
        )
        self._first = self._histogram(
            "first_audio_seconds", "From the call's start to the agent's voice.", ANSWER_S, "tenant"
        )
        self._latency = self._histogram(
            "answer_seconds", "From the caller's last sound to the agent's.", ANSWER_S, "tenant"
        )
        self._stop = self._histogram(
            "barge_in_stop_seconds",
            "From the caller's voice to the agent's silence.",
            SHORT_S,
            "tenant",
        )
        self._dead_air = self._histogram(
            "dead_air_seconds", "A call's longest wait without a sound.", WAIT_S, "tenant"
        )
        self._late = self._histogram(
            "carrier_late_seconds", "Caller audio, later than the quickest.", SHORT_S, "tenant"
        )
        self._tool_time = self._histogram("tool_seconds", "Functions.", TOOL_S, "tenant")
        self._round_trip = self._histogram(
            "carrier_mark_round_trip_seconds",
            "The shortest way to the caller and back in a call.",
            SHORT_S,
            "tenant",
        )

    def call_missed(self, record: CallRecord) -> None:
        """Count a call that never came to the agent; it may have cost the carrier's minutes."""
        tenant = self.known(record.tenant)
        self._missed.labels(tenant, record.outcome).inc()
        if record.cost is not None and record.cost.carrier:
            self._money.labels(tenant, "carrier").inc(float(record.cost.carrier))

    def call_ended(self, report: CallReport, timeline: Iterable[Entry] = ()) -> None:
        """Count a call that is over.

        Args:
            timeline: of the call.
        """
        tenant = self.known(report.tenant)
        self._calls.labels(tenant, report.outcome or "unknown").inc()
        self._barge_ins.labels(tenant).inc(report.barge_ins)
        self._turns.labels(tenant).inc(report.turn_count)
        self._duration.labels(tenant).observe(report.duration_s)
        self._dead_air.labels(tenant).observe(report.continuity.dead_air_ms / 1000)
        self._late.labels(tenant).observe(report.carrier_late_s)
        for histogram, value in (
            (self._ready, report.ready_s),
            (self._first, report.first_audio_s),
            (self._round_trip, report.mark_round_trip_s),
        ):
            if value is not None:
                histogram.labels(tenant).observe(value)
        for turn in report.turns:
            if turn.answers_caller and turn.latency_s is not None:
                self._latency.labels(tenant).observe(turn.latency_s)
        for stop_s in barge_in_stops(timeline):
            self._stop.labels(tenant).observe(stop_s)
        for name, _, value_of in _CONTINUITY:
            self._figures[name].labels(tenant).inc(value_of(report))
        self._count_tools(tenant, report)
        self._count_money(tenant, report)

    def text(self, now: Sequence[Metric] = (), breathe: Callable[[], None] = lambda: None) -> bytes:
        """All series, as Prometheus reads them.

        Args:
            now: further ones, of what goes on.
            breathe: called between two families, so that others get to run.
        """
        parts = []
        for family in chain(self.registry.collect(), now):
            parts.append(generate_latest(_One(family)))
            breathe()
        return b"".join(parts)

    def known(self, tenant: str) -> str:
        """The tenant's name as a label: there are only so many."""
        if tenant not in self._tenants:
            if len(self._tenants) >= MOST_TENANTS:
                return OTHERS
            self._tenants.add(tenant)
        return tenant

    def _count_tools(self, tenant: str, report: CallReport) -> None:
        for tool in report.tools:
            self._tools.labels(tenant, tool.state).inc()
            if tool.failed:
                self._tool_errors.labels(tenant).inc()
            if tool.took_s is not None:
                self._tool_time.labels(tenant).observe(tool.took_s)

    def _count_money(self, tenant: str, report: CallReport) -> None:
        usage = report.usage
        counts = [
            *(("input", modality, count) for modality, count in usage.input.items()),
            *(("output", modality, count) for modality, count in usage.output.items()),
            *(("cached", modality, count) for modality, count in usage.cached.items()),
            ("thinking", "OTHER", usage.thoughts_tokens),
        ]
        for direction, modality, count in counts:
            if count > 0:
                self._tokens.labels(tenant, direction, modality.lower()).inc(count)
        self._money.labels(tenant, "model").inc(float(report.cost.model))
        self._money.labels(tenant, "carrier").inc(float(report.cost.carrier))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"seamline_{name}", text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"seamline_{name}", text, labels, buckets=buckets, registry=self.registry)


class _One(CollectorRegistry):
    """One family of series, to be written by itself."""

    def __init__(self, family: Metric) -> None:
        super().__init__()
        self._family = family

    def collect(self) -> Iterator[Metric]:
        """It alone."""
        yield self._family


_CONTINUITY: tuple[tuple[str, str, Callable[[CallReport], float]], ...] = (
    ("gap_seconds", "Silence inside what the agent said.", lambda r: r.continuity.gap_ms / 1000),
    ("playout_underruns", "Times that audio came late.", lambda r: r.continuity.underruns),
    (
        "caller_audio_lost_seconds",
        "Caller audio that no model heard.",
        lambda r: r.continuity.caller_ms_lost / 1000,
    ),
    (
        "caller_audio_repeated_seconds",
        "Caller audio that the model may have heard twice.",
        lambda r: r.continuity.caller_ms_repeated / 1000,
    ),
    (
        "caller_audio_missing_seconds",
        "Caller audio that the carrier did not deliver.",
        lambda r: r.continuity.caller_ms_filled / 1000,
    ),
    (
        "agent_audio_cut_seconds",
        "Agent audio that nobody heard, though nobody interrupted it.",
        lambda r: r.continuity.agent_ms_cut / 1000,
    ),
    ("model_moves", "Planned changes of connection.", lambda r: r.continuity.moves),
    ("model_drops", "Connections that were lost.", lambda r: r.continuity.drops),
    ("model_fresh_starts", "Sessions begun anew.", lambda r: r.continuity.fresh_starts),
    (
        "tool_effects_doubled",
        "Functions that took effect twice for one request.",
        lambda r: r.continuity.tool_effects_doubled,
    ),
)


def barge_in_stops(timeline: Iterable[Entry]) -> Iterator[float]:
    """From when the caller began to speak to when the agent was cut, for each barge-in."""
    began: float | None = None
    for entry in timeline:
        if entry.name == "caller.speech_started":
            began = entry.t
        elif entry.name == "barge_in" and began is not None:
            if 0 <= entry.t - began <= SPOKE_WITHIN_S:
                yield entry.t - began
            began = None
