"""What a call was, in the end or so far: data only.

Fields whose names start with `caller_text` or `agent_text` are personal data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.call.continuity import Continuity
from agent.call.cost import Cost, UsageReport

__all__ = ["CallReport", "ToolReport", "TurnReport", "UsageReport"]


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One answer of the agent, and what it answers; times in seconds since the call began.

    Attributes:
        latency_s: from the caller's last sound to the agent's first audio going out.
        model_s: the model's share of it, until its first audio came; the rest is ours.
        heard_s: how much of `audio_s` the caller heard.
        agent_text: cut to what was heard.
    """

    number: int
    began_s: float
    answers_caller: bool
    latency_s: float | None
    audio_s: float
    heard_s: float
    interrupted: bool
    reason: str | None
    caller_text: str
    agent_text: str
    model_s: float | None = None


@dataclass(frozen=True, slots=True)
class ToolReport:
    """One function call; `took_s` is None while it runs. State as in `agent.call.tools`."""

    name: str
    turn: int
    requested_s: float
    took_s: float | None
    state: str
    failed: bool


@dataclass(frozen=True, slots=True)
class CallReport:
    """One call.

    Attributes:
        stream_id, call_id: the carrier's names, empty before its `start`.
        duration_s: from the carrier's `start` to the end, or to now.
        ready_s: from `start` to the model being ready; None if it never was.
        first_audio_s: from `start` to the agent's first audio going out.
        model_loss: phase, close code and reason, when the model's session failed.
        turns: the last ones, oldest first; `turn_count` counts all.
        latency_median_s, latency_worst_s: over turns that answer the caller.
        counters: everything counted and not zero, by part: `phone.malformed`, `model.unknown_keys`
            and so on.
        returns, away_s: how often the phone came back on another stream, and how long the call was
            without it, all in all.
        cost: what it cost, or costs so far.
        carrier_late_s: how late the carrier delivered the caller's audio, at the worst.
        not_done: functions that the caller was told were done, and never succeeded.
    """

    tenant: str
    outcome: str | None
    state: str
    stream_id: str
    call_id: str
    duration_s: float
    ready_s: float | None
    first_audio_s: float | None
    model_loss: str | None
    turn_count: int
    turns: tuple[TurnReport, ...]
    latency_median_s: float | None
    latency_worst_s: float | None
    barge_ins: int
    tools: tuple[ToolReport, ...]
    continuity: Continuity
    mark_round_trip_s: float | None
    usage: UsageReport
    counters: Mapping[str, int]
    returns: int = 0
    away_s: float = 0.0
    cost: Cost = field(default_factory=Cost)
    carrier_late_s: float = 0.0
    not_done: tuple[str, ...] = ()
