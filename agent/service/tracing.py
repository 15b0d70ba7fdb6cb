"""Finished calls go to a collector of traces, if the settings name one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from agent.call.report import CallReport
from agent.observe.traces import Tracing
from agent.service.running import RunningCall


class CallTraces:
    """An observer of calls.

    Args:
        tracing: where they go; None: nowhere.
    """

    def __init__(self, tracing: Tracing | None) -> None:
        self._tracing = tracing

    def began(self, running: RunningCall) -> None:
        """See `CallObserver`: a call is traced when it is over."""

    def ended(self, running: RunningCall, report: CallReport) -> None:
        """See `CallObserver`."""
        if self._tracing is not None:
            self._tracing.call_ended(report, running.call.timeline, datetime.now(UTC))

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """At the end of the block, what has not been handed over yet is."""
        try:
            yield
        finally:
            if self._tracing is not None:
                await asyncio.to_thread(self._tracing.close)


def make_traces(endpoint: str | None) -> CallTraces:
    """The observer that the settings ask for.

    Raises:
        ConfigError: the extra `otel` is needed.
    """
    return CallTraces(None if endpoint is None else Tracing(endpoint))
