import numpy as np

from agent.call.continuity import Continuity, figures
from agent.call.playout import Playout
from agent.call.turns import Turns
from agent.call.uplink import Uplink


def test_the_figures_are_those_of_the_parts() -> None:
    playout = Playout(lead_ms=240, message_ms=100, start_ms=0)
    for now in (0.0, 1.0):
        playout.push(1, np.full(4800, 1000, np.int16), now)
        playout.take(now)
    playout.dropped = 800
    turns = Turns()
    turns.caller_stopped(3.0, agent_audible=False)
    uplink = Uplink(20)
    uplink.push(b"\xff" * 160, 0)
    uplink.push(b"\xff" * 160, 120)
    assert figures(playout, turns, uplink, 0.25, 5.0) == Continuity(
        gap_ms=800, underruns=1, agent_ms_cut=350, dead_air_ms=2000, caller_ms_filled=100
    )
