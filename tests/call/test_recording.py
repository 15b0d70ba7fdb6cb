"""Both sides of a call on one clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.call.recording import EVERY_S, HOLD_S, Recording

LOUD = bytes([0x80])  # the loudest code, so that silence is told from sound


def sides(*pieces: bytes) -> tuple[Pcm16, Pcm16]:
    stereo = np.frombuffer(b"".join(pieces), "<i2").reshape(-1, 2)
    return stereo[:, 0], stereo[:, 1]


def test_the_agent_lies_where_the_caller_heard_it() -> None:
    recording = Recording(10.0)
    recording.caller(LOUD * 160, 10.02)
    recording.agent(LOUD * 80, 10.01)

    caller, agent = sides(recording.rest(10.02))

    assert caller.size == agent.size == 160
    assert np.all(caller == mulaw.decode(LOUD)[0])
    assert np.flatnonzero(agent).tolist() == list(range(80, 160))


def test_the_callers_stream_stays_in_order_however_late_it_comes() -> None:
    recording = Recording(0.0)
    for n in range(4):
        recording.caller(bytes([0x80 + n]) * 160, 0.1 + 0.05 * n)

    caller, _ = sides(recording.rest(0.3))

    sound = caller[640:]  # the first frame ended 100 ms after the beginning
    assert (
        sound.tolist() == mulaw.decode(b"".join(bytes([0x80 + n]) * 160 for n in range(4))).tolist()
    )


def test_what_a_barge_in_took_back_is_not_in_it() -> None:
    recording = Recording(0.0)
    recording.agent(LOUD * 1600, 0.0)
    recording.cleared(0.1)
    recording.agent(LOUD * 160, 0.15)

    _, agent = sides(recording.rest(1.0))

    assert np.flatnonzero(agent).tolist() == [*range(800), *range(1200, 1360)]


def test_what_was_not_heard_when_the_call_ended_is_not_in_it() -> None:
    recording = Recording(0.0)
    recording.agent(LOUD * 1600, 0.0)

    _, agent = sides(recording.rest(0.1))

    assert agent.size == 800


def test_the_last_moments_are_held_back_and_the_next_piece_is_due_later() -> None:
    recording = Recording(0.0)
    assert recording.due == pytest.approx(HOLD_S + EVERY_S)
    recording.caller(LOUD * 16000, 2.0)

    caller, agent = sides(recording.take(2.0))

    assert caller.size == agent.size == round((2.0 - HOLD_S) * 8000)
    assert recording.due == pytest.approx(2.0 + EVERY_S)


def test_a_piece_taken_early_is_empty_and_nothing_is_lost() -> None:
    recording = Recording(0.0)
    recording.caller(LOUD * 160, 0.02)

    assert recording.take(0.1) == b""
    caller, _ = sides(recording.rest(0.1))

    assert caller.size == 160


@given(st.lists(st.floats(0.05, 3.0), max_size=6))
def test_the_sound_does_not_depend_on_when_it_is_taken(waits: list[float]) -> None:
    whole, cut = Recording(0.0), Recording(0.0)
    pieces, now = [], 0.0
    for wait in waits:
        now += wait
        for recording in (whole, cut):
            recording.caller(LOUD * round(wait * 8000), now)
            recording.agent(LOUD * 200, now)
        pieces.append(cut.take(now))

    pieces.append(cut.rest(now + 1))

    assert b"".join(pieces) == whole.rest(now + 1)


def test_a_stream_that_comes_later_lies_where_it_was_spoken() -> None:
    recording = Recording(0.0)
    recording.caller(LOUD * 8000, 1.0)
    recording.stream_over()
    recording.caller(LOUD * 8000, 5.0)
    caller, _ = sides(recording.rest(5.0))
    loud = np.flatnonzero(caller)
    assert (loud < 8000).sum() == 8000
    assert loud[8000] == 4 * 8000


def test_a_pause_is_silence_on_both_sides_and_takes_its_time() -> None:
    recording = Recording(0.0)
    recording.caller(LOUD * 800, 0.1)
    recording.agent(LOUD * 1600, 0.0)  # half of it is still to be heard
    recording.pause(0.1)
    recording.caller(LOUD * 800, 0.2)
    recording.agent(LOUD * 800, 0.15)
    recording.resume()
    recording.caller(LOUD * 800, 0.3)
    recording.agent(LOUD * 400, 0.25)

    caller, agent = sides(recording.rest(0.3))

    assert np.flatnonzero(caller).tolist() == [*range(800), *range(1600, 2400)]
    assert np.flatnonzero(agent).tolist() == [*range(800), *range(2000, 2400)]
