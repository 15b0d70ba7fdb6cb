"""Small chunks are converted together, and nobody can tell."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.call.playout import GATHER_S, LONGEST_QUEUE_S, PLENTY_S, Mark, Play, Playout
from tests.call.sounds import voice

CHUNK_S = 0.02


def playout() -> Playout:
    return Playout(lead_ms=240, message_ms=100, start_ms=0)


def played(line: Playout, until: float, since: float = 0.0) -> bytes:
    """All that goes out while time passes in steps of 10 ms."""
    out = b""
    for step in range(round((until - since) / 0.01)):
        for item in line.take(since + step * 0.01):
            if isinstance(item, Play):
                out += item.mulaw
            else:
                assert isinstance(item, Mark)
    return out


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=30))
def test_the_audio_does_not_depend_on_how_it_was_cut(sizes: list[int]) -> None:
    pcm = voice(sum(sizes) / 24000, 24000)
    edges = np.cumsum([0, *sizes])
    whole, cut = playout(), playout()

    n_whole = whole.push(1, pcm, 0.0)
    n_cut = sum(cut.push(1, pcm[a:b], 0.0) for a, b in pairwise(edges))
    whole.finish()
    cut.finish()

    assert abs(n_whole - n_cut) <= len(sizes) + 1
    assert whole.queued == cut.queued
    assert played(whole, 14.0) == played(cut, 14.0)


def test_behind_plenty_of_audio_small_chunks_wait_for_one_another() -> None:
    line = playout()
    line.push(1, voice(1.0, 24000), 0.0)
    before = line.queued

    few = round(GATHER_S / CHUNK_S) - 1
    told = [line.push(1, voice(CHUNK_S, 24000), 0.0) for _ in range(few)]

    assert told == [160] * few
    assert line.queued == before
    assert line.push(1, voice(CHUNK_S, 24000), 0.0) == 160
    assert line.queued == pytest.approx(before + GATHER_S * 8000, abs=1)


def test_what_waits_goes_out_in_time_when_the_model_falls_silent() -> None:
    line = playout()
    line.push(1, voice(1.0, 24000), 0.0)
    line.push(1, voice(CHUNK_S, 24000), 0.0)

    out = played(line, 3.0)

    assert len(out) == pytest.approx((1.0 + CHUNK_S) * 8000, abs=160)
    assert line.underruns == 0


def test_what_waits_is_unheard_when_the_agent_is_cut() -> None:
    line = playout()
    line.push(1, voice(1.0, 24000), 0.0)
    line.push(1, voice(CHUNK_S, 24000), 0.0)

    (unheard,) = line.clear(0.0).values()

    assert unheard == pytest.approx(1.0 + CHUNK_S, abs=0.002)
    assert not line.audible(0.0)
    assert played(line, 1.0) == b""


def test_a_full_queue_takes_nothing_on_trust() -> None:
    line = playout()
    line.push(1, voice(LONGEST_QUEUE_S - 0.005, 24000), 0.0)

    room = LONGEST_QUEUE_S * 8000 - line.queued

    assert line.push(1, voice(CHUNK_S, 24000), 0.0) == room
    assert line.dropped == pytest.approx(CHUNK_S * 8000 - room, abs=1)


def test_little_audio_is_converted_at_once() -> None:
    line = playout()

    line.push(1, voice(CHUNK_S, 24000), 0.0)

    assert line.queued == pytest.approx(CHUNK_S * 8000, abs=1)
    assert line.queued / 8000 < PLENTY_S
