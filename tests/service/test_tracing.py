"""Traces of a service's calls."""

import asyncio
import gzip
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agent.observe.traces import Tracing
from agent.service.running import RunningCall
from agent.service.tracing import CallTraces, make_traces
from tests.observe.test_metrics import report


def gunzipped(body: bytes) -> bytes:
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


RUNNING = cast(RunningCall, SimpleNamespace(call=SimpleNamespace(timeline=[])))


def test_a_call_is_handed_over_when_it_is_over() -> None:
    exporter = InMemorySpanExporter()

    async def main() -> None:
        traces = CallTraces(Tracing("http://127.0.0.1:1", exporter))
        async with traces.kept():
            traces.began(RUNNING)
            assert not exporter.get_finished_spans()
            traces.ended(RUNNING, report())

    asyncio.run(main())
    call = exporter.get_finished_spans()[0]
    assert call.end_time is not None
    assert abs(call.end_time / 1e9 - datetime.now(UTC).timestamp()) < 60


def test_without_a_collector_nothing_is_done() -> None:
    async def main() -> None:
        traces = make_traces(None)
        async with traces.kept():
            traces.ended(RUNNING, report())

    asyncio.run(main())


@pytest.mark.socket
def test_a_collector_gets_what_is_left_when_the_service_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-who=seamline")
    came: list[tuple[str | None, bytes]] = []

    async def take(request: web.Request) -> web.Response:
        came.append((request.headers.get("x-who"), await request.read()))
        return web.Response(body=ExportTraceServiceResponse().SerializeToString())

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/traces", take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
        try:
            traces = make_traces(url)
            async with traces.kept():
                traces.ended(RUNNING, report())
        finally:
            await runner.cleanup()

    asyncio.run(main())
    [(who, body)] = came
    assert who == "seamline"
    [resource] = ExportTraceServiceRequest.FromString(gunzipped(body)).resource_spans
    service = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert service["service.name"] == "seamline"
    names = [span.name for span in resource.scope_spans[0].spans]
    assert names == ["call", "turn", "turn", "turn", "turn", "tool", "tool", "tool"]
