"""The continuity figures of a call, computed and never guessed; without I/O.

docs/design.md section 2 says what each one promises.
"""

from dataclasses import dataclass

from agent.call.conversation import Conversation
from agent.call.playout import RATE_HZ
from agent.call.uplink import Uplink
from agent.gemini.figures import SessionFigures


@dataclass(frozen=True, slots=True)
class Continuity:
    """What the caller heard of the machinery.

    Attributes:
        gap_ms: time without the agent's voice inside its utterances: audio came late, or the
            utterance was cut and gone on with.
        underruns: how often audio came late.
        caller_ms_lost: caller audio that no model state ever included.
        caller_ms_repeated: caller audio that the same model state may include twice.
        caller_ms_filled: caller audio the carrier did not deliver, replaced by silence.
        agent_ms_cut: agent audio received and neither played nor overtaken by a barge-in or the
            caller's hang-up.
        dead_air_ms: the longest wait without a sound after the caller stopped speaking; cover is a
            sound.
        moves, drops, fresh_starts: planned changes of connection, unplanned ones, sessions begun
            anew.
        tool_effects_doubled: functions that took effect twice for one request.
    """

    gap_ms: int
    underruns: int
    caller_ms_lost: int
    caller_ms_repeated: int
    caller_ms_filled: int
    agent_ms_cut: int
    dead_air_ms: int
    moves: int
    drops: int
    fresh_starts: int
    tool_effects_doubled: int


def figures(
    talk: Conversation,
    uplink: Uplink,
    session: SessionFigures,
    agent_cut_s: float,
    now: float,
    *,
    tool_effects_doubled: int,
) -> Continuity:
    """Gather the figures as they stand.

    Args:
        agent_cut_s: agent audio that the call itself gave up, other than for the caller.
    """
    playout = talk.playout
    return Continuity(
        gap_ms=round((playout.gap_s + talk.utterances.gap_s) * 1000),
        underruns=playout.underruns,
        caller_ms_lost=session.caller_ms_lost,
        caller_ms_repeated=session.caller_ms_repeated,
        caller_ms_filled=round(uplink.filled / RATE_HZ * 1000),
        agent_ms_cut=round((playout.dropped / RATE_HZ + agent_cut_s) * 1000),
        dead_air_ms=round(talk.turns.dead_air.longest_s(now) * 1000),
        moves=session.moves,
        drops=session.drops,
        fresh_starts=session.fresh_starts,
        tool_effects_doubled=tool_effects_doubled,
    )
