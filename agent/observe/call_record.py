"""The record of a call that is over, gathered from its report and its timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import msgspec

from agent.call.report import CallReport, TurnReport
from agent.call.timeline import Entry, Timeline
from agent.observe.carrier_news import with_news
from agent.observe.record_schema import (
    CallRecord,
    Carrier,
    Connection,
    Continuity,
    Cost,
    Recording,
    ToolCall,
    Turn,
    Usage,
)

if TYPE_CHECKING:
    from agent.service.running import RunningCall

CHANGES = {"model.leaving", "model.move_failed", "model.moved", "model.lost"}
NEVER_THERE = "never_there"
"""Why a session is without a connection that never had one."""
FOLDERS = 3
"""What is kept of a call lies in the data folder, by kind and tenant."""


def call_record(running: RunningCall, report: CallReport, ended_at: datetime) -> CallRecord:
    """The record of a call that the service had.

    Args:
        ended_at: when, in UTC.
    """
    record = record_of(report, running.call.timeline, running.began_at, ended_at)
    sound = _inside(running.recording)
    record = msgspec.structs.replace(
        record,
        call_id=record.call_id or running.id or running.stream_id,
        stream_id=record.stream_id or running.stream_id,
        generation=running.generation,
        model=running.ready.prepared.setup.model,
        direction=running.direction,
        caller=running.caller.number,
        line=running.caller.line,
        recording=None
        if sound is None
        else Recording(path=sound, starts_s=_recording_began(record.timeline)),
        wire_path=_inside(running.wire),
    )
    return with_news(record, running.news())


def record_of(
    report: CallReport, timeline: Timeline, began_at: datetime, ended_at: datetime
) -> CallRecord:
    """What the call itself knows, without who called whom."""
    entries = _from_start(timeline)
    states = Counter(tool.state for tool in report.tools)
    failed = sum(tool.failed for tool in report.tools)
    return CallRecord(
        call_id=report.call_id,
        stream_id=report.stream_id,
        tenant=report.tenant,
        began_at=began_at,
        ended_at=ended_at,
        outcome=report.outcome or report.state,
        duration_s=_ms(report.duration_s),
        ready_s=_ms(report.ready_s),
        first_audio_s=_ms(report.first_audio_s),
        model_loss=report.model_loss,
        turns=report.turn_count,
        latency_median_s=_ms(report.latency_median_s),
        latency_worst_s=_ms(report.latency_worst_s),
        barge_ins=report.barge_ins,
        tools={"calls": len(report.tools), "failed": failed, **states},
        not_done=report.not_done,
        continuity=msgspec.convert(asdict(report.continuity), Continuity),
        carrier=Carrier(
            mark_round_trip_s=_ms(report.mark_round_trip_s),
            gaps=report.counters.get("talk.caller_gaps", 0),
        ),
        usage=msgspec.convert(asdict(report.usage), Usage),
        cost=msgspec.convert(asdict(report.cost), Cost) if report.cost.prices_dated else None,
        counters={name: count for name, count in sorted(report.counters.items()) if count},
        connections=connections(entries),
        conversation=tuple(_turn(turn) for turn in report.turns),
        tool_calls=tuple(
            ToolCall(
                name=tool.name,
                turn=tool.turn,
                requested_s=_ms(tool.requested_s),
                took_s=_ms(tool.took_s),
                state=tool.state,
                failed=tool.failed,
            )
            for tool in report.tools
        ),
        timeline=entries,
        timeline_dropped=timeline.dropped,
    )


def connections(entries: Iterable[Entry]) -> tuple[Connection, ...]:
    """The changes of connection that a timeline tells of, oldest first."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        if entry.name not in CHANGES:
            continue
        if entry.name == "model.leaving":
            found.append({"left_s": entry.t, **_known(entry)})
            continue
        if not found or "took_s" in found[-1]:  # there was none to leave
            found.append({"left_s": entry.t, "planned": False, "why": NEVER_THERE})
        change = found[-1]
        if entry.name == "model.moved":
            change.update(_known(entry), planned=change["planned"])
        else:
            change.setdefault("failed", []).append(_attempt(entry))
    return tuple(msgspec.convert(change, Connection) for change in found)


def _known(entry: Entry) -> dict[str, Any]:
    """What an entry says of a change, under the same names."""
    fields = Connection.__struct_fields__
    known = {name: value for name, value in entry.values.items() if name in fields}
    if entry.name == "model.leaving":
        del known["connection"]  # the one that is left: the record names the next one
    return known


def _attempt(entry: Entry) -> str:
    said = (entry.values.get(name) for name in ("phase", "code", "reason"))
    return " ".join(str(value) for value in said if value not in (None, ""))


def _from_start(timeline: Timeline) -> tuple[Entry, ...]:
    """The entries with their times counted from the carrier's `start`, as everywhere else."""
    zero = next((entry.t for entry in timeline if entry.name == "call.started"), 0.0)
    return tuple(Entry(round(entry.t - zero, 4), entry.name, entry.values) for entry in timeline)


def _recording_began(entries: Iterable[Entry]) -> float:
    return next((entry.t for entry in entries if entry.name == "recording.began"), 0.0)


def _inside(path: Path | None) -> str | None:
    """A path inside the data folder."""
    return None if path is None else "/".join(path.parts[-FOLDERS:])


def _turn(turn: TurnReport) -> Turn:
    model, latency = _ms(turn.model_s), _ms(turn.latency_s)
    return Turn(
        number=turn.number,
        began_s=_ms(turn.began_s),
        answers_caller=turn.answers_caller,
        latency_s=latency,
        model_s=model,
        bridge_s=None if model is None or latency is None else _ms(latency - model),
        audio_s=_ms(turn.audio_s),
        heard_s=_ms(turn.heard_s),
        interrupted=turn.interrupted,
        reason=turn.reason,
        caller_text=turn.caller_text,
        agent_text=turn.agent_text,
    )


@overload
def _ms(seconds: float) -> float: ...
@overload
def _ms(seconds: float | None) -> float | None: ...
def _ms(seconds: float | None) -> float | None:
    """Milliseconds are exact enough."""
    return None if seconds is None else round(seconds, 3)
