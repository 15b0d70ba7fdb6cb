"""The one line that every call leaves in the log: its record, less what is personal or long."""

from __future__ import annotations

import msgspec
import structlog

from agent.observe.personal import less_personal
from agent.observe.record_schema import CallRecord

LONG = ("conversation", "tool_calls", "timeline")
"""Lists that grow with the call; the store has them."""

_log = structlog.stdlib.get_logger()


def log_call_ended(record: CallRecord) -> None:
    """Write `call.ended`, once per call, after everything else about it."""
    _log.info("call.ended", **line_of(record), **{"pii.caller": record.caller})


def line_of(record: CallRecord) -> dict[str, object]:
    """The record in the figures that an operator compares between calls: nobody's words."""
    short = msgspec.structs.replace(record, conversation=(), tool_calls=(), timeline=())
    values: dict[str, object] = msgspec.to_builtins(less_personal(short))
    return {name: value for name, value in values.items() if name not in (*LONG, "caller")}
