"""What a recorded call hands out to be kept."""

from functools import partial

import numpy as np

from agent.audio.pcm import Pcm16
from agent.call import prompts
from agent.call.core import CallPlan
from agent.call.effects import HangUp, SaveAudio
from tests.call.line import Line, opened

FRAME_S = 0.02
RECORDED = CallPlan("bella", barge_in="local", record=True)


def kept(line: Line) -> tuple[Pcm16, Pcm16]:
    pieces = [effect.stereo for _, effect in line.effects if isinstance(effect, SaveAudio)]
    stereo = np.frombuffer(b"".join(pieces), "<i2").reshape(-1, 2)
    return stereo[:, 0], stereo[:, 1]


def loud_s(pcm: Pcm16) -> float:
    """From the first to the last loud sample."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 500)
    return float(loud[-1] - loud[0]) / 8000 if loud.size else 0.0


def test_a_recording_has_both_sides_as_they_were_and_comes_piece_by_piece() -> None:
    line = opened(RECORDED)
    line.talk(1.0)
    line.run(1.5)
    line.speak(2.0, "Certainly.")
    line.run(3.0)
    line.hang_up()
    line.run(0.1)

    caller, agent = kept(line)

    assert abs(loud_s(caller) - 1.0) < 0.1
    assert abs(loud_s(agent) - 2.0) < 0.1
    carrier = line.carrier.mouth.pcm(line.carrier.mouth.n_frames * 160)
    lag = abs(np.flatnonzero(caller)[0] - np.flatnonzero(carrier)[0]) / 8000
    assert lag <= 2 * FRAME_S
    pieces = [effect for _, effect in line.effects if isinstance(effect, SaveAudio)]
    assert len(pieces) >= 4
    assert isinstance(line.effects[-1][1], HangUp)


def test_what_a_barge_in_cut_is_not_in_the_recording() -> None:
    line = opened(RECORDED)
    line.speak(8.0, " ".join(["word"] * 24))
    line.after(2.0, partial(line.talk, 2.0))
    line.run(6.0)
    line.hang_up()
    line.run(0.1)

    _, agent = kept(line)

    assert 2.0 < loud_s(agent) < 3.0


def test_a_call_that_is_not_recorded_hands_out_nothing() -> None:
    line = opened(CallPlan("bella"))
    line.talk(1.0)
    line.run(4.0)
    line.hang_up()
    line.run(0.1)

    assert not [effect for _, effect in line.effects if isinstance(effect, SaveAudio)]


ANNOUNCED = CallPlan(
    "bella", barge_in="local", greeting="Hello.", consent="We record.", record=True
)


def test_a_recording_with_consent_begins_once_it_has_been_heard() -> None:
    line = opened(ANNOUNCED)
    assert line.texts == [prompts.say(prompts.GREETING, "We record. Hello.")]
    line.speak(2.0, "We record. Hello.")
    line.run(4.0)
    times = {entry.name: entry.t for entry in line.call.timeline}
    assert times["recording.began"] == times["agent.audio_ended"]
    line.talk(1.0)
    line.run(1.5)
    line.speak(1.5, "Certainly.")
    line.run(3.0)
    line.hang_up()
    line.run(0.1)

    caller, agent = kept(line)

    assert abs(loud_s(caller) - 1.0) < 0.1
    assert abs(loud_s(agent) - 1.5) < 0.1  # and no second of what came before
    assert line.names().count("recording.began") == 1


def test_a_caller_who_interrupts_the_consent_is_not_recorded() -> None:
    line = opened(ANNOUNCED)
    line.speak(8.0, " ".join(["word"] * 24))
    line.after(2.0, partial(line.talk, 2.0))
    line.run(6.0)
    assert line.call.report(line.now).barge_ins == 1
    line.speak(2.0, "Certainly.")
    line.run(4.0)
    line.hang_up()
    line.run(0.1)

    assert not line.performed(SaveAudio)
    assert "recording.began" not in line.names()


def test_consent_alone_records_nothing() -> None:
    line = opened(CallPlan("bella", consent="We record."))
    line.speak(1.0, "We record.")
    line.run(3.0)
    line.hang_up()
    line.run(0.1)

    assert not line.performed(SaveAudio)
