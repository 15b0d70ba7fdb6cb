"""The caller's utterances, found again in what a stand-in of the model received."""

import audioop
from collections.abc import Sequence

import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import Resampler
from agent.sim.included import Included
from agent.sim.recording import Recording
from bench.continuity_sound import utterance
from bench.continuity_uplink import measure

RATE = 16_000
BEGIN, END = 8_000, 16_000  # the one utterance, in what the caller says at 8 kHz


def said() -> Pcm16:
    clip = mulaw.decode(utterance(1, 1.0, "a").mulaw)
    return np.concatenate([silence(BEGIN), clip, silence(8_000)])


def uplink() -> Pcm16:
    return Resampler(8_000, RATE).process(said())


def recording(**tapes: Sequence[Pcm16]) -> Recording:
    """One session, whose present state includes all that came on every connection."""
    made = Recording(tapes=True)
    included = made.sessions["session-1"] = Included()
    for name, tape in tapes.items():
        made.opened(name).tape = list(tape)
        included.add(name, 0, sum(map(len, tape)))
    return made


def in_messages(pcm: Pcm16, size: int = 640) -> list[Pcm16]:
    return [pcm[start : start + size] for start in range(0, pcm.size, size)]


def figures(made: Recording, *, answered: bool = False) -> tuple[float, float]:
    got = measure(said(), [(BEGIN, END, answered)], made)
    return got.lost_ms, got.repeated_ms


@pytest.mark.parametrize("size", [320, 640, 1280])
def test_what_arrives_whole_is_neither_lost_nor_repeated(size: int) -> None:
    assert figures(recording(a=in_messages(uplink(), size))) == (0.0, 0.0)


def test_a_linear_resampler_is_recognised_too() -> None:
    pcm, _ = audioop.ratecv(said().tobytes(), 2, 1, 8_000, RATE, None)
    assert figures(recording(a=in_messages(np.frombuffer(pcm, "<i2")))) == (0.0, 0.0)


def test_an_utterance_may_go_on_on_another_connection() -> None:
    messages = in_messages(uplink())
    assert figures(recording(a=messages[:37], b=messages[37:])) == (0.0, 0.0)


def test_what_is_left_out_between_two_connections_is_lost() -> None:
    messages = in_messages(uplink())
    lost, repeated = figures(recording(a=messages[:35], b=messages[40:]))
    assert lost == pytest.approx(200.0, abs=45.0)
    assert repeated == 0.0


def test_what_is_sent_again_to_the_same_state_is_repeated() -> None:
    messages = in_messages(uplink())
    lost, repeated = figures(recording(a=messages[:40], b=messages[35:]))
    assert lost == 0.0
    assert repeated == pytest.approx(200.0, abs=85.0)


def test_nothing_that_arrived_is_all_lost() -> None:
    assert figures(recording(a=in_messages(silence(40_000))))[0] == pytest.approx(920.0)
    assert figures(recording())[0] == pytest.approx(920.0)


def test_what_a_resume_left_behind_is_lost_unless_it_was_answered() -> None:
    made = recording(a=in_messages(uplink()))
    made.sessions["session-1"] = Included()
    assert figures(made)[0] == pytest.approx(920.0)
    assert figures(made, answered=True)[0] == 0.0


def test_noise_is_not_taken_for_the_caller() -> None:
    noise = np.random.default_rng(3).normal(scale=3_000, size=32_000).astype(np.int16)
    assert figures(recording(a=in_messages(noise)))[0] == pytest.approx(920.0)
