"""Misbehaviour of the model's service, as data, without I/O.

A `Faults` is consulted at named points; nothing is left to chance, so that every run is the same.
Source: docs/protocols/gemini-live.md E-2, E-7, E-8, E-21, E-25 to E-35 and section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from agent.sim.mishaps import Life, Planned, Refusal, Resumption


class TurnFault(Enum):
    """What can go wrong with one turn of the model."""

    PREMATURE_END = "premature-end"  # B19: the sentence breaks off, turnComplete follows
    EMPTY = "empty"  # turnComplete without any content
    REJECTED = "rejected"  # an empty turn with a turnCompleteReason
    MALFORMED_CALL = "malformed-call"  # an empty turn: the model failed to build a call
    LOST_TURN_COMPLETE = "lost-turn-complete"
    LATE_AUDIO = "late-audio"  # one more part after generationComplete
    DOUBLED_TRANSCRIPT = "doubled-transcript"
    UNKNOWN_KEY = "unknown-key"  # a message of tomorrow, alone in its frame
    UNKNOWN_ENUM = "unknown-enum"
    GARBAGE = "garbage"  # a frame that is not JSON
    STALL = "stall"  # silence from the middle of the turn on
    BURST = "burst"  # all audio at once
    SLOW = "slow"  # slower than real time


SLOW_SPEED = 0.7
BURST_SPEED = 1000.0
SESSION_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class Faults:
    """What this server does wrong.

    Attributes:
        turns: faults by turn, counted from 1 in each session; under 0 stands what befalls every
            turn.
        refuse_status: the HTTP status that answers each upgrade.
        refuse_key: the upgrade is accepted, then closed for its key.
        setup_delay_s: how long `setupComplete` takes.
        setup_never: it never comes.
        slow_pong_s: how late pings are answered; infinity for never.
        early_frame_code: how data before `setupComplete` is punished; unverified.
        unknown_id_code: how a tool response with an unknown id is; None ignores it.
        tool_gate_frames: overrides the profile's (E-25); -1 switches the gate off.
        tool_gate_share: how many of the calls it guards, spread evenly; 1.0 is each of them.
        planned: what befalls connections that have been set up.
        life: how long connections last; None as the profile says.
        refusals: connections that come to nothing.
        resumption: how handles are given and taken.
        session_limit_s: a session without compression ends after so much of the caller's audio.
        session_limit_code: how it is closed; 1007 and 1011 have both been seen.
    """

    turns: Mapping[int, frozenset[TurnFault]] = field(default_factory=dict)
    refuse_status: int | None = None
    refuse_key: bool = False
    setup_delay_s: float = 0.05
    setup_never: bool = False
    slow_pong_s: float = 0.0
    early_frame_code: int = 1007
    unknown_id_code: int | None = None
    tool_gate_frames: int | None = None
    tool_gate_share: float = 1.0
    planned: tuple[Planned, ...] = ()
    life: Life | None = None
    refusals: tuple[Refusal, ...] = ()
    resumption: Resumption = field(default_factory=Resumption)
    session_limit_s: float = SESSION_LIMIT_S
    session_limit_code: int = 1007

    def of_turn(self, ordinal: int) -> frozenset[TurnFault]:
        """What befalls the turn with this number."""
        nothing: frozenset[TurnFault] = frozenset()
        return self.turns.get(0, nothing) | self.turns.get(ordinal, nothing)
