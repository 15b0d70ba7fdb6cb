import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.resample import Resampler
from agent.call.gather import Gather
from tests.call.sounds import voice


def gather() -> Gather:
    return Gather(Resampler(24000, 8000))


def test_what_waits_is_converted_as_one() -> None:
    pcm = voice(0.5, 24000)
    whole, cut = gather(), gather()
    whole.add(pcm)
    for chunk in np.array_split(pcm, 7):
        cut.add(chunk)
    assert cut.n == pcm.size
    assert cut.take() == whole.take()
    assert cut.n == 0
    assert cut.take() == b""


def test_the_end_of_a_stream_has_what_the_filter_held_and_the_next_has_nothing_of_it() -> None:
    stream = gather()
    stream.add(voice(0.1, 24000))
    assert len(stream.rest()) == pytest.approx(824, abs=1)
    stream.add(np.zeros(2400, np.int16))
    assert set(stream.rest()) == {mulaw.SILENCE}
