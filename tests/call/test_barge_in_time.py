"""How soon the agent is silent when the caller speaks, by what the caller heard."""

import numpy as np
import pytest

from agent.call.core import CallPlan
from agent.sim.clips import Clip
from tests.call.line import opened, voice


def silenced_ms(plan: CallPlan, offset_s: float) -> float:
    """From the caller's first sound, in the middle of a reply, to the last of the agent's."""
    line = opened(plan)
    line.speak(8.0)
    line.run(2.0 + offset_s)
    began = line.carrier.say(Clip.of(voice(1.0)))
    line.run(1.0)
    heard = line.carrier.line.pcm(line.carrier.position(line.now)).astype(int)
    return float(np.flatnonzero(np.abs(heard) > 300)[-1] + 1 - began) / 8


@pytest.mark.parametrize("after_ms", [60, 80, 100, 240])
@pytest.mark.parametrize("uplink_ms", [20, 40, 100])
def test_our_own_ear_silences_the_agent_when_the_tenant_says_and_a_frame_later_at_most(
    after_ms: int, uplink_ms: int
) -> None:
    plan = CallPlan("bella", barge_in="local", barge_in_after_ms=after_ms, uplink_ms=uplink_ms)
    for offset_s in (0.0, 0.007, 0.013, 0.031):
        assert after_ms <= silenced_ms(plan, offset_s) <= after_ms + 20
