"""The one line that every call leaves in the log."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import structlog

from agent.call.report import CallReport

_log = structlog.stdlib.get_logger()


def log_call_ended(report: CallReport, *, caller: str | None = None) -> None:
    """Write `call.ended`, once per call, after everything else about it.

    Args:
        report: as the call gives it when it is over.
        caller: the caller's number; logged as personal data.
    """
    _log.info("call.ended", **summary(report), **{"pii.caller": caller})


def summary(report: CallReport) -> dict[str, object]:
    """A call in the figures that an operator compares between calls: no text, no zeroes counted."""
    states = Counter(tool.state for tool in report.tools)
    return {
        "tenant": report.tenant,
        "call_id": report.call_id,
        "stream_id": report.stream_id,
        "outcome": report.outcome,
        "duration_s": _seconds(report.duration_s),
        "ready_s": _seconds(report.ready_s),
        "first_audio_s": _seconds(report.first_audio_s),
        "model_loss": report.model_loss,
        "turns": report.turn_count,
        "latency_median_s": _seconds(report.latency_median_s),
        "latency_worst_s": _seconds(report.latency_worst_s),
        "barge_ins": report.barge_ins,
        "tools": {"calls": len(report.tools), "failed": _failed(report), **states},
        "continuity": asdict(report.continuity),
        "usage": asdict(report.usage),
        "counters": {name: count for name, count in sorted(report.counters.items()) if count},
    }


def _failed(report: CallReport) -> int:
    return sum(tool.failed for tool in report.tools)


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
