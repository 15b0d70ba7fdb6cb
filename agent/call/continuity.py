"""The continuity figures of a call, computed and never guessed; without I/O.

docs/design.md section 2 says what each one promises.
"""

from dataclasses import dataclass

from agent.call.playout import RATE_HZ, Playout
from agent.call.turns import Turns
from agent.call.uplink import Uplink


@dataclass(frozen=True, slots=True)
class Continuity:
    """What the caller heard of the machinery.

    Attributes:
        gap_ms: silence inside the agent's utterances because audio came late.
        underruns: how often.
        agent_ms_cut: agent audio received and neither played nor overtaken by a barge-in or the
            caller's hang-up.
        dead_air_ms: the longest wait for the agent's voice after the caller stopped speaking.
        caller_ms_filled: caller audio the carrier did not deliver, replaced by silence.
    """

    gap_ms: int
    underruns: int
    agent_ms_cut: int
    dead_air_ms: int
    caller_ms_filled: int


def figures(
    playout: Playout, turns: Turns, uplink: Uplink, agent_cut_s: float, now: float
) -> Continuity:
    """Gather the figures as they stand.

    Args:
        agent_cut_s: agent audio that the call itself gave up, other than for the caller.
    """
    return Continuity(
        gap_ms=round(playout.gap_s * 1000),
        underruns=playout.underruns,
        agent_ms_cut=round((playout.dropped / RATE_HZ + agent_cut_s) * 1000),
        dead_air_ms=round(turns.dead_air_s(now) * 1000),
        caller_ms_filled=round(uplink.filled / RATE_HZ * 1000),
    )
