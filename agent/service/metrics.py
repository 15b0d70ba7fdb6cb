"""`GET /metrics`: the calls that are over, those that run, and how the service itself is doing."""

from __future__ import annotations

import asyncio
from collections import Counter as Counts
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Protocol

from aiohttp import web
from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agent.call.report import CallReport
from agent.observe.metrics import CONTENT_TYPE, OTHERS, Metrics
from agent.observe.record_schema import CallRecord
from agent.service.auth import require_token
from agent.service.background import in_background
from agent.service.reload import breathe
from agent.service.running import RunningCall
from agent.service.service import Service

METRICS_PATH = "/metrics"
LAG_EVERY_S = 1.0
TENANTS_AT_ONCE = 20
"""Whose money is looked at before others get to run: a third of a millisecond."""


class Keeper(Protocol):
    """Writes the records of calls.

    Attributes:
        counters: what became of them.
    """

    counters: Counts[str]

    @property
    def waiting(self) -> int:
        """How many are not yet written."""
        ...


class ServiceMetrics:
    """The series of a service; an observer of its calls.

    Attributes:
        metrics: of calls that are over.
    """

    def __init__(self) -> None:
        self.metrics = Metrics()
        self._now: Callable[[], Awaitable[list[Metric]]] = _nothing

    def began(self, running: RunningCall) -> None:
        """See `CallObserver`: a call is counted when it is over."""

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """See `CallObserver`."""
        self.metrics.call_ended(report, running.call.timeline)

    def missed(self, record: CallRecord) -> None:
        """A call is over that never came to the agent."""
        self.metrics.call_missed(record)

    @asynccontextmanager
    async def watching(
        self, service: Service, keepers: Sequence[Keeper] = ()
    ) -> AsyncIterator[None]:
        """Tell of this service, and of those who keep its records, while the block runs."""
        self._now = partial(now_series, service, keepers, self.metrics)
        async with in_background(watch_lag(self.metrics.loop_lag), "metrics.stopped"):
            yield

    async def text(self) -> bytes:
        """All series; they are written in a thread, since that takes long enough to be heard."""
        return await asyncio.to_thread(self.metrics.text, await self._now(), breathe)


metrics_key = web.AppKey("metrics", ServiceMetrics)


def add_metrics_routes(app: web.Application) -> ServiceMetrics:
    """Add the route; returned is what calls have to be told to."""
    made = app[metrics_key] = ServiceMetrics()
    app.router.add_get(METRICS_PATH, _metrics)
    return made


async def _metrics(request: web.Request) -> web.Response:
    require_token(request)
    text = await request.app[metrics_key].text()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})


async def watch_lag(histogram: Histogram) -> None:
    """Sleep again and again, and note how much too late the loop wakes up, for ever."""
    while True:
        due = perf_counter() + LAG_EVERY_S  # the loop's own clock has steps of a millisecond
        await asyncio.sleep(LAG_EVERY_S)
        histogram.observe(max(0.0, perf_counter() - due))


async def now_series(service: Service, keepers: Sequence[Keeper], metrics: Metrics) -> list[Metric]:
    """What is true of a service at this moment, read on its loop with breaks for the calls.

    Args:
        metrics: knows the names of tenants.
    """
    found = []
    for family in _Now(service, keepers, metrics).collect():
        if family is None:
            await asyncio.sleep(0)
        else:
            found.append(family)
    return found


async def _nothing() -> list[Metric]:
    """Nobody is watched."""
    return []


class _Now:
    """What is true at this moment, read on the loop when somebody asks."""

    def __init__(self, service: Service, keepers: Sequence[Keeper], metrics: Metrics) -> None:
        self._service = service
        self._keepers = keepers
        self._metrics = metrics

    def collect(self) -> Iterator[Metric | None]:
        """All series, anew; None where others should get to run."""
        yield from self._calls()
        yield from self._counters()
        yield from self._money()
        yield from self._tenants()
        yield from self._records()

    def _calls(self) -> Iterator[Metric]:
        service = self._service
        running = _gauge("calls_running", "Calls that run now.", "tenant")
        known = self._metrics.known
        tenants = Counts(known(call.tenant) for call in list(service.running.values()))
        for tenant, count in tenants.items():
            running.add_metric([tenant], count)
        yield running
        yield _value("calls_limit", "Calls the service takes at one time.", service.settings.calls)
        yield _value("draining", "1: no call is taken any more.", service.draining)

    def _counters(self) -> Iterator[Metric]:
        groups: dict[str, dict[str, int]] = {"refused_": {}, "lookup_": {}, "": {}}
        for name, count in self._service.counters.items():
            prefix = next(prefix for prefix in groups if name.startswith(prefix))
            groups[prefix][name.removeprefix(prefix)] = count
        yield _counts("calls_refused", "Calls not taken.", "reason", groups["refused_"])
        yield _counts("lookups", "Callers looked up.", "outcome", groups["lookup_"])
        yield _counts("service_events", "All else that is counted.", "event", groups[""])
        tools = self._service.tenant_store.tool_counters
        yield _counts("http_tool_events", "Requests of HTTP tools.", "event", tools["http"])
        yield _counts("mcp_events", "Connections to MCP servers.", "event", tools["mcp"])

    def _money(self) -> Iterator[Metric | None]:
        spent = _gauge("day_spent_usd", "What calls of today have cost.", "tenant")
        forecast = _gauge("day_forecast_usd", "What they will, at the present rate.", "tenant")
        limit = _gauge("day_limit_usd", "What they may.", "tenant")
        spending = self._service.spending
        spenders = spending.tenants
        for n, (name, ready) in enumerate(list(self._service.tenants.by_name.items()), 1):
            if n % TENANTS_AT_ONCE == 0:
                yield None
            if name not in spenders and ready.tenant.spending.per_day is None:
                continue
            tenant = self._metrics.known(name)
            if tenant == OTHERS:
                continue
            standing = spending.standing(ready.tenant)
            spent.add_metric([tenant], float(standing.spent))
            forecast.add_metric([tenant], float(standing.forecast))
            if standing.limit is not None:
                limit.add_metric([tenant], float(standing.limit))
        yield from (spent, forecast, limit)
        failures = {"": spending.failures}
        yield _counts("spending_failures", "The file of the day's money.", None, failures)

    def _tenants(self) -> Iterator[Metric]:
        store = self._service.tenant_store
        yield _value("tenants", "Tenants that answer.", len(store.current.by_name))
        text = "1: the files as they are now were refused."
        yield _value("tenants_refused", text, bool(store.refused))
        yield _value("tenants_generation", "Grows with each reload.", store.generation)

    def _records(self) -> Iterator[Metric]:
        events = sum((keeper.counters for keeper in self._keepers), Counts[str]())
        yield _counts("record_events", "What became of calls' records.", "event", events)
        waiting = sum(keeper.waiting for keeper in self._keepers)
        yield _value("records_waiting", "Records not yet written.", waiting)


def _gauge(name: str, text: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"seamline_{name}", text, labels=[label])


def _value(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"seamline_{name}", text, value=value)


def _counts(
    name: str, text: str, label: str | None, counts: Mapping[str, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"seamline_{name}", text, labels=[label] if label else [])
    for value, count in sorted(counts.items()):
        family.add_metric([value] if label else [], count)
    return family
