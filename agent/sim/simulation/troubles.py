"""What goes wrong in a script, as the stand-in's faults; without I/O."""

from __future__ import annotations

from collections.abc import Sequence

from agent.sim.faults import Faults
from agent.sim.mishaps import Life, Planned, Refusal, Resumption
from agent.sim.server_profiles import ServerProfile
from agent.sim.simulation.script import (
    BadTurn,
    Ending,
    Handles,
    Mishappening,
    Refused,
    SlowSetup,
    Trouble,
)

SETUP_S = 0.15
GATE_FRAMES = 12
"""Some models end the connection over audio during a call; what is under way then is forgiven."""
_FOREVER = Life(3600.0, ())


def faults_of(troubles: Sequence[Trouble], profile: ServerProfile) -> Faults:
    """The stand-in's share of what goes wrong."""
    planned: list[Planned] = []
    refusals: list[Refusal] = []
    resumption = Resumption()
    setup_s = SETUP_S
    bad = [t for t in troubles if isinstance(t, BadTurn)]
    for trouble in troubles:
        match trouble:
            case Ending(plans):
                planned += plans
            case Mishappening(plan):
                planned.append(plan)
            case Refused(refusal):
                refusals.append(refusal)
            case Handles(rules):
                resumption = rules
            case SlowSetup(seconds):
                setup_s = seconds
            case _:
                pass  # the network's, the carrier's, or a turn's
    return Faults(
        turns={t.turn: frozenset(b.fault for b in bad if b.turn == t.turn) for t in bad},
        planned=tuple(planned),
        life=_FOREVER,
        refusals=tuple(refusals),
        resumption=resumption,
        setup_delay_s=setup_s,
        tool_gate_frames=GATE_FRAMES if profile.tool_gate_frames is not None else None,
    )
