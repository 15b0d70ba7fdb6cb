"""The record of a call: everything that is kept of it, as one versioned document.

The structs are the schema: docs/call-record.md and the JSON Schema beside it are written from them
by `scripts/write_call_record.py`. A field marked `Personal` holds what a caller said or is; it goes
to the store, and nowhere else unless it is asked for. Readers take fields that they do not know as
not there, so a field may be added without a new version; `SCHEMA` grows when one changes its
meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from agent.call.timeline import Entry

SCHEMA = 1

type Direction = Literal["inbound", "outbound"]
type TransferEnd = Literal[
    "answered", "busy", "no-answer", "failed", "canceled", "refused", "not_taken", "machine",
    "caller_left",
]  # fmt: skip
type Moment = Annotated[datetime, Meta(tz=True)]
type Personal[T] = Annotated[T, Meta(extra_json_schema={"x-personal": True})]


class Turn(Struct, frozen=True, kw_only=True):
    """One answer of the agent, and what it answers; times in seconds from the carrier's `start`.

    Attributes:
        number: from 1.
        began_s: when it began.
        answers_caller: the caller spoke before it; else the service asked for it.
        latency_s: from the caller's last sound to the agent's first audio going out.
        model_s: the model's share of it: until its first audio came.
        bridge_s: the service's share: from there until it went out.
        audio_s: how much the agent said.
        heard_s: how much of that the caller heard.
        interrupted: the caller did not hear all of it.
        reason: why it ended, where the model's service or a watchdog gave one.
        caller_text: what the caller had said.
        agent_text: what the caller heard of the agent's words.
    """

    number: int
    began_s: float
    answers_caller: bool
    latency_s: float | None = None
    model_s: float | None = None
    bridge_s: float | None = None
    audio_s: float = 0.0
    heard_s: float = 0.0
    interrupted: bool = False
    reason: str | None = None
    caller_text: Personal[str] = ""
    agent_text: Personal[str] = ""


class ToolCall(Struct, frozen=True, kw_only=True):
    """One function that the model asked for; its arguments and result are not kept.

    Attributes:
        name: of the function.
        turn: the number of the turn that asked; 0: none was open.
        requested_s: when it was asked for.
        took_s: how long it took; null: it was still running when the call ended.
        state: `answered`, `overdue` (answered with "still working"), `late`, `cancelled`, `lost`
            (its connection went first) or `running`.
        failed: its result was an error.
    """

    name: str
    turn: int
    requested_s: float
    took_s: float | None
    state: str
    failed: bool


class Connection(Struct, frozen=True, kw_only=True):
    """One change of the connection to the model, from leaving one to going on with the next.

    Attributes:
        left_s: when the session was without a connection; the caller need not have noticed.
        planned: it left by itself, before it had to.
        why: what made it leave.
        turn_cut: the agent was in the middle of a sentence.
        phase: where a connection was lost: `dial`, `setup`, `resume` or `live`.
        code: the close code, where there was one.
        reason: as the other side put it.
        failed: attempts that came to nothing meanwhile, each as `phase code reason`.
        took_s: until the next connection carried the session; null: none did.
        connection: the number of the next one.
        resumed: the session went on; false: it began anew, told of the conversation.
        replayed_ms: caller's audio that was sent again.
    """

    left_s: float
    planned: bool
    why: str
    turn_cut: bool = False
    phase: str | None = None
    code: int | None = None
    reason: str | None = None
    failed: tuple[str, ...] = ()
    took_s: float | None = None
    connection: int | None = None
    resumed: bool | None = None
    replayed_ms: int | None = None


class Continuity(Struct, frozen=True, kw_only=True):
    """What the caller heard of the machinery.

    Attributes:
        gap_ms: time without the agent's voice inside its utterances.
        underruns: how often its audio came late.
        caller_ms_lost: caller's audio that no state of the model's session included.
        caller_ms_repeated: caller's audio that one state of it may include twice.
        caller_ms_filled: caller's audio that the carrier did not deliver, replaced by silence.
        agent_ms_cut: agent's audio neither played nor overtaken by the caller.
        dead_air_ms: the longest wait for a sound after the caller stopped; cover is a sound.
        moves: planned changes of connection.
        drops: unplanned ones.
        fresh_starts: sessions begun anew with the transcript.
        tool_effects_doubled: functions that took effect twice for one request.
    """

    gap_ms: int = 0
    underruns: int = 0
    caller_ms_lost: int = 0
    caller_ms_repeated: int = 0
    caller_ms_filled: int = 0
    agent_ms_cut: int = 0
    dead_air_ms: int = 0
    moves: int = 0
    drops: int = 0
    fresh_starts: int = 0
    tool_effects_doubled: int = 0


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens, added up over the reports of the model's service.

    Attributes:
        reports: how many were counted.
        prompt_tokens: each report has the whole context again, as it is billed.
        response_tokens: what the model said.
        thoughts_tokens: what it thought.
        total_tokens: prompt, tool use, response and thoughts.
        tool_use_tokens: prompts for the use of tools.
        cached_tokens: of the prompt, what the service had in its cache.
        input: prompt and tool use by modality, as `AUDIO`; `OTHER` is what was not assigned.
        output: the response by modality.
        cached: of the input, what was cached, by modality.
        repeated: reports that came a second time and were not counted.
    """

    reports: int = 0
    prompt_tokens: int = 0
    response_tokens: int = 0
    thoughts_tokens: int = 0
    total_tokens: int = 0
    tool_use_tokens: int = 0
    cached_tokens: int = 0
    input: Mapping[str, int] = {}
    output: Mapping[str, int] = {}
    cached: Mapping[str, int] = {}
    repeated: int = 0


class Cost(Struct, frozen=True, kw_only=True):
    """What a call cost, in US dollars, as decimal texts.

    Attributes:
        total: model and carrier.
        model: of that, the model.
        carrier: and the carrier.
        parts: `input.audio`, `output.audio`, `carrier` and so on: what cost something.
        exact: all prices are of this very model and number; else the dearest of their kind.
        prices_dated: as 2026-11-21; empty: no price is known.
    """

    total: Decimal = Decimal(0)
    model: Decimal = Decimal(0)
    carrier: Decimal = Decimal(0)
    parts: Mapping[str, Decimal] = {}
    exact: bool = False
    prices_dated: str = ""


class Carrier(Struct, frozen=True, kw_only=True):
    """What is known of the carrier's side; some of it may come after the record was written.

    Attributes:
        mark_round_trip_s: how late the last mark came back: the way there and back, and what lies
            in between.
        gaps: how often caller's audio was missing.
        status: the carrier's last word on the call, as `completed`; null: it has not told.
        duration_s: of the whole call, whoever was talked to, as the carrier bills it.
        sip_code: the answer of the telephone network where a call could not be put through.
        stream_errors: what the carrier says went wrong with media streams.
    """

    mark_round_trip_s: float | None = None
    gaps: int = 0
    status: str | None = None
    duration_s: int | None = None
    sip_code: int | None = None
    stream_errors: tuple[str, ...] = ()


class Transfer(Struct, frozen=True, kw_only=True):
    """One attempt to pass the caller on to somebody.

    Attributes:
        target: the name that the tenant's file has for them.
        address: their number or SIP address.
        how: `cold`, `warm` or `refer`.
        fallback: the caller was passed on because the agent was lost; else the agent did it.
        requested_s: when, by the clock on the wall.
        ended: `answered`: the two were connected; `busy`, `no-answer`, `failed`, `canceled`: nobody
            was reached; `refused`, `not_taken`, `machine`: somebody or something answered and did
            not take the call; `caller_left`: the caller did not wait; null: it is not known.
        talked_s: how long the two talked, where the carrier tells.
    """

    target: str
    address: Personal[str] = ""
    how: str = "cold"
    fallback: bool = False
    requested_s: float = 0.0
    ended: TransferEnd | None = None
    talked_s: int | None = None


class Recording(Struct, frozen=True, kw_only=True):
    """The sound of the call.

    Attributes:
        path: of the WAV file, inside the data folder where it lies there.
        starts_s: when its first sample was heard.
    """

    path: str
    starts_s: float = 0.0


class CallRecord(Struct, frozen=True, kw_only=True):
    """One call.

    Attributes:
        schema: the version of this document.
        call_id: the carrier's name of the call, or the stream's where there is none.
        stream_id: the carrier's name of its media stream; empty: it never came to the agent.
        tenant: who was called.
        generation: the number of the tenants' files that the call began with, since the start of
            the service.
        model: that answered; empty: none.
        direction: who called: the person, or the service.
        caller: the number of the person; null: withheld.
        line: the number or address of the service that the carrier had the call on; null: none.
        began_at: in UTC.
        ended_at: in UTC.
        outcome: why it ended; docs/operating.md lists the words.
        duration_s: from the carrier's `start` to the end.
        ready_s: from `start` to the model being ready; null: never.
        first_audio_s: from `start` to the agent's first audio going out; null: never.
        model_loss: phase, close code and reason, if the model was lost for good.
        turns: answers of the agent.
        latency_median_s: over answers to the caller.
        latency_worst_s: the longest of them.
        barge_ins: how often the caller interrupted.
        tools: `calls`, `failed`, and how many came to which state.
        not_done: functions that the caller was told were done (`claims`), and never succeeded.
        continuity: what the caller heard of the machinery.
        carrier: what is known of the carrier's side.
        transfers: attempts to pass the caller on, oldest first.
        usage: tokens.
        cost: what the call cost; null: no price is known.
        counters: what was odd and not zero, by part.
        connections: changes of the model's connection, oldest first.
        conversation: the last turns, oldest first; `turns` counts all.
        tool_calls: the functions that were asked for, oldest first.
        recording: the sound, if it was recorded.
        wire_path: what was sent and received, if that was kept.
        timeline: what happened when, as `[seconds from start, name, values]`; values whose names
            begin with `pii.` are personal.
        timeline_dropped: entries for which there was no room.
    """

    schema: int = SCHEMA
    call_id: str
    stream_id: str = ""
    tenant: str
    generation: int | None = None
    model: str = ""
    direction: Direction = "inbound"
    caller: Personal[str | None] = None
    line: str | None = None
    began_at: Moment
    ended_at: Moment
    outcome: str
    duration_s: float = 0.0
    ready_s: float | None = None
    first_audio_s: float | None = None
    model_loss: str | None = None
    turns: int = 0
    latency_median_s: float | None = None
    latency_worst_s: float | None = None
    barge_ins: int = 0
    tools: Mapping[str, int] = {}
    not_done: tuple[str, ...] = ()
    continuity: Continuity = Continuity()
    carrier: Carrier = Carrier()
    transfers: tuple[Transfer, ...] = ()
    usage: Usage = Usage()
    cost: Cost | None = None
    counters: Mapping[str, int] = {}
    connections: tuple[Connection, ...] = ()
    conversation: tuple[Turn, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    recording: Recording | None = None
    wire_path: str | None = None
    timeline: tuple[Entry, ...] = ()
    timeline_dropped: int = 0
