import numpy as np

from agent.call.bargein import BargeIn
from agent.call.continuity import Continuity, figures
from agent.call.conversation import Conversation
from agent.call.playout import Playout
from agent.call.timeline import Timeline
from agent.call.uplink import Uplink
from agent.gemini.figures import SessionFigures


def test_the_figures_are_those_of_the_parts() -> None:
    playout = Playout(lead_ms=240, message_ms=100, start_ms=0)
    for now in (0.0, 1.0):
        playout.push(1, np.full(4800, 1000, np.int16), now)
        playout.take(now)
    playout.dropped = 800
    talk = Conversation(playout, BargeIn("both", 0.24, 0.0), Timeline(0.0), print)
    talk.turns.caller_stopped(3.0, agent_audible=False)
    talk.utterances.gap_s = 0.5
    uplink = Uplink(20)
    uplink.push(b"\xff" * 160, 0)
    uplink.push(b"\xff" * 160, 120)
    session = SessionFigures(
        moves=3, drops=2, fresh_starts=1, caller_ms_lost=40, caller_ms_repeated=60
    )
    assert figures(talk, uplink, session, 0.25, 5.0, tool_effects_doubled=7) == Continuity(
        gap_ms=1300,
        underruns=1,
        caller_ms_lost=40,
        caller_ms_repeated=60,
        caller_ms_filled=100,
        agent_ms_cut=350,
        dead_air_ms=2000,
        moves=3,
        drops=2,
        fresh_starts=1,
        tool_effects_doubled=7,
    )
