"""Meters: how loud both sides are."""

import numpy as np

from agent.audio import mulaw
from agent.service.live_tap import MOST_FRAMES, STEPS, LevelTap


def frame(level: float) -> bytes:
    """20 ms of a tone, its peak as a share of the loudest."""
    t = np.arange(160) / 8000
    return mulaw.encode((np.sin(2 * np.pi * 400 * t) * 32124 * level).astype(np.int16))


def test_silence_is_no_level_and_the_loudest_sound_is_the_highest() -> None:
    tap = LevelTap()
    assert tap.levels() == (0, 0)
    tap.caller(frame(0.0))
    tap.agent(frame(1.0), 1.0)
    assert tap.levels() == (0, STEPS)


def test_a_step_is_two_decibels() -> None:
    tap = LevelTap()
    for steps in range(STEPS):
        tap.caller(frame(10 ** (-steps / 10)))
        assert abs(tap.levels()[0] - (STEPS - steps)) <= 1


def test_each_sound_is_shown_once_and_the_loudest_counts() -> None:
    tap = LevelTap()
    for level in (0.1, 1.0, 0.1):
        tap.caller(frame(level))
    assert tap.levels() == (STEPS, 0)
    assert tap.levels() == (0, 0)


def test_what_the_caller_will_not_hear_is_not_shown() -> None:
    tap = LevelTap()
    tap.agent(frame(1.0), 1.0)
    tap.cleared(1.0)
    assert tap.levels() == (0, 0)


def test_a_tap_that_nobody_looks_at_stays_small() -> None:
    tap = LevelTap()
    tap.caller(frame(1.0))
    for _ in range(MOST_FRAMES):
        tap.caller(frame(0.0))
    assert tap.levels() == (0, 0)


def test_others_listen_through_it() -> None:
    tap, ear = LevelTap(), LevelTap()
    tap.ears.append(ear)
    tap.caller(frame(1.0))
    tap.agent(frame(1.0), 1.0)
    assert ear.levels() == (STEPS, STEPS)
    tap.agent(frame(1.0), 1.0)
    tap.cleared(1.0)
    assert ear.levels() == (0, 0)
