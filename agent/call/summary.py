"""The report of a call, gathered from its parts; without I/O."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from agent.call.claims import Claims, not_done
from agent.call.continuity import figures
from agent.call.conversation import Conversation
from agent.call.cost import Meter
from agent.call.errands import Errands
from agent.call.life import Life
from agent.call.playout import RATE_HZ
from agent.call.report import CallReport, ToolReport, TurnReport
from agent.call.seam import Seam
from agent.call.tools import ToolRecord
from agent.call.turn import Turn
from agent.call.uplink import Uplink
from agent.gemini.figures import SessionFigures
from agent.gemini.session_events import SessionFailed


@dataclass(slots=True)
class Facts:
    """What only the report needs to remember.

    Attributes:
        stream_id, call_id: the carrier's names.
        loss: how the model's session failed, if it did.
        meter: what the call has used and costs.
    """

    stream_id: str = ""
    call_id: str = ""
    loss: SessionFailed | None = None
    meter: Meter = field(default_factory=Meter)


def summarise(
    tenant: str,
    facts: Facts,
    life: Life,
    talk: Conversation,
    errands: Errands,
    seam: Seam,
    uplink: Uplink,
    session: SessionFigures,
    counters: Mapping[str, Counter[str]],
    now: float,
    *,
    tool_effects_doubled: int,
    claims: Claims,
) -> CallReport:
    """Describe a call as it stands at `now`, or as it was once it has ended.

    Args:
        counters: of the parts outside, by the prefix they get in the report.
        claims: words that claim of a function that it was done.
    """
    began, until = life.started_at, now if life.ended_at is None else life.ended_at
    zero = until if began is None else began
    turns = talk.turns
    waits = [t.latency_s for t in turns.all if t.answers_caller and t.latency_s is not None]
    facts.meter.carrier(until - zero)
    return CallReport(
        tenant=tenant,
        outcome=life.outcome,
        state=life.state.value,
        stream_id=facts.stream_id,
        call_id=facts.call_id,
        duration_s=until - zero,
        ready_s=_since(zero, life.ready_at),
        first_audio_s=_since(zero, talk.utterances.first_audio_at),
        model_loss=_describe(facts.loss),
        turn_count=turns.count,
        turns=tuple(_turn(turn, zero) for turn in turns.all),
        latency_median_s=median(waits) if waits else None,
        latency_worst_s=max(waits, default=None),
        barge_ins=talk.barge_ins,
        tools=tuple(_tool(record, zero) for record in errands.tools.records),
        continuity=figures(
            talk, uplink, session, life.cut_s, until, tool_effects_doubled=tool_effects_doubled
        ),
        mark_round_trip_s=talk.playout.round_trip_s,
        usage=facts.meter.usage(),
        counters=_counted(talk, errands, seam, uplink, counters),
        returns=life.aside.returns,
        away_s=life.aside.away_s(until),
        cost=facts.meter.cost(),
        carrier_late_s=uplink.lateness.worst_s,
        not_done=not_done(claims, (t.agent_text_heard for t in turns.all), errands.tools.records),
    )


def _since(zero: float, at: float | None) -> float | None:
    return None if at is None else at - zero


def _describe(loss: SessionFailed | None) -> str | None:
    if loss is None:
        return None
    code = "" if loss.code is None else f" {loss.code}"
    return f"{loss.phase}{code}: {loss.reason}"


def _turn(turn: Turn, zero: float) -> TurnReport:
    return TurnReport(
        number=turn.number,
        began_s=turn.began_at - zero,
        answers_caller=turn.answers_caller,
        latency_s=turn.latency_s,
        audio_s=turn.audio / RATE_HZ,
        heard_s=turn.heard_s,
        interrupted=turn.interrupted,
        reason=turn.reason,
        caller_text=turn.caller_text_kept,
        agent_text=turn.kept(turn.agent_text_heard),
        model_s=turn.model_s,
    )


def _tool(record: ToolRecord, zero: float) -> ToolReport:
    return ToolReport(
        name=record.name,
        turn=record.turn,
        requested_s=record.requested_at - zero,
        took_s=_since(record.requested_at, record.ended_at),
        state=record.state.value,
        failed=record.failed,
    )


def _counted(
    talk: Conversation,
    errands: Errands,
    seam: Seam,
    uplink: Uplink,
    others: Mapping[str, Counter[str]],
) -> dict[str, int]:
    ours = Counter(
        {
            "late_chunks": talk.turns.late.dropped,
            "turns_closed_locally": talk.turns.closed_locally,
            "phantom_interruptions": talk.phantoms,
            "premature_ends": seam.premature,
            "transcript_characters_dropped": talk.turns.transcripts.dropped,
            "agent_samples_dropped": talk.playout.dropped,
            "caller_gaps": uplink.gaps,
            "caller_late_packets": uplink.lateness.late,
        }
    )
    parts = {
        **others,
        "talk": ours,
        "tool": errands.tools.counters,
        "errand": errands.counters,
        "watchdog": seam.watchdog.counters,
    }
    return {
        f"{prefix}.{name}": count
        for prefix, counter in parts.items()
        for name, count in counter.items()
        if count
    }
