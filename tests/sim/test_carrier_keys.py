"""Keys that can be heard on a line."""

from base64 import b64decode

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.tones import KEYS, DtmfDetector
from agent.sim.carrier import CarrierStream
from agent.sim.carrier_keys import key_tone
from tests.sim.lines import CALL, T0, messages, run


@pytest.mark.parametrize("digit", "".join(KEYS))
def test_every_key_sounds_as_it_should(digit: str) -> None:
    clip = key_tone(digit)
    assert DtmfDetector().process(mulaw.decode(clip.mulaw)) == [digit]
    assert clip.seconds == pytest.approx(0.2)
    assert clip.label == ""


@pytest.mark.parametrize("tones", [False, True])
def test_a_key_is_told_and_then_heard_if_it_is_wanted(tones: bool) -> None:
    line = CarrierStream(CALL, T0, np.random.default_rng(1), tones=tones)
    run(line, 0.1)
    line.press("5")
    sent = messages(run(line, 0.5, since_s=0.1))
    assert sent[0]["event"] == "dtmf"
    sound = b"".join(b64decode(m["media"]["payload"]) for m in sent[1:])
    assert DtmfDetector().process(mulaw.decode(sound)) == (["5"] if tones else [])


def test_before_the_start_and_after_the_end_a_key_is_nothing() -> None:
    line = CarrierStream(CALL, T0, np.random.default_rng(1), tones=True, start_after_s=1.0)
    line.press("5")
    assert not line.mouth.speaking
    line.hang_up(T0)
    line.press("5")
    assert not line.mouth.speaking
    assert line.keys == []
