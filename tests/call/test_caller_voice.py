"""What our own detection hears of the caller, and how sure of it we are."""

import numpy as np
import pytest

from agent.audio import mulaw
from tests.call.talk import Talk


def test_on_a_noisy_line_the_service_is_believed() -> None:
    t = Talk()
    rng = np.random.default_rng(1)
    noise = mulaw.encode(rng.normal(0, 900, 16000).astype(np.int16))
    for i in range(0, len(noise), 160):
        t.uplink.push(noise[i : i + 160], 20 * t.n_frames)
        t.n_frames += 1
        t.talk.listen(t.uplink, t.now)
    t.talk.turns.caller_speaking = False
    t.say(1.0, "A long story")
    t.talk.interrupted(t.now)
    assert t.talk.phantoms == 0


def test_speech_while_the_agent_is_silent_interrupts_nothing() -> None:
    t = Talk("local")
    t.hear(0.5, silent=True)
    assert t.hear(0.8)
    assert t.hear(1.0, silent=True)
    assert t.talk.barge_ins == 0
    assert t.names() == ["caller.speech_started", "caller.speech_ended"]


def test_a_caller_is_heard_until_he_stops() -> None:
    t = Talk()
    assert t.talk.caller_voice.heard_at(t.now) == t.now  # nothing is known of the line
    t.hear(0.5, silent=True)
    t.hear(1.0)
    assert t.talk.caller_voice.heard_at(t.now) == t.now
    t.hear(1.0, silent=True)
    assert t.talk.caller_voice.heard_at(t.now) == t.talk.caller_voice.until
    assert t.talk.caller_voice.until == pytest.approx(1.5, abs=0.1)
