"""Sound that says where it belongs: however it is cut, moved or carried, each ms is known."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import pytest

from agent.audio import mulaw
from agent.sim.simulation.numbered import (
    PER_MS,
    Doubling,
    Run,
    Thinning,
    clip,
    codes,
    first_number,
    mulaw_runs,
    numbers,
    runs,
    speech,
)


def test_mu_law_keeps_the_numbers() -> None:
    audio = codes(70_000, 30)
    assert mulaw.encode(mulaw.decode(audio)) == audio
    assert list(mulaw_runs(audio)) == [Run(0, 70_000, 30)]


def test_the_rates_of_a_call_keep_the_numbers() -> None:
    pcm8k = mulaw.decode(codes(5, 40))
    assert list(runs(Doubling().process(pcm8k), 16)) == [Run(0, 5, 40)]
    assert np.array_equal(Thinning().process(speech(5, 40).pcm24k), pcm8k)


def test_resetting_a_converter_changes_nothing() -> None:
    doubling, thinning = Doubling(), Thinning()
    doubling.reset()
    thinning.reset()
    assert doubling.process(np.zeros(8, np.int16)).size == 16
    assert thinning.process(np.zeros(24, np.int16)).size == 8


def test_a_clip_is_cut_into_frames() -> None:
    found = clip(101, 400, 200)
    assert len(found.payloads) == 2
    assert found.seconds == 0.4
    assert list(mulaw_runs(b64decode(found.payloads[1]))) == [Run(0, 301, 200)]


def test_runs_name_joints_gaps_and_what_is_no_numbered_sound() -> None:
    silence = bytes([mulaw.SILENCE]) * (3 * PER_MS)
    noise = mulaw.encode(np.full(2 * PER_MS, 321, np.int16))
    audio = codes(10, 5) + codes(90, 2) + silence + noise + codes(1, 1)
    assert list(mulaw_runs(audio)) == [
        Run(0, 10, 5),
        Run(5, 90, 2),
        Run(10, -1, 2),
        Run(12, 1, 1),
    ]


def test_silence_and_nothing_have_no_runs() -> None:
    assert list(runs(np.zeros(160, np.int16), PER_MS)) == []
    assert list(runs(np.zeros(3, np.int16), PER_MS)) == []


@pytest.mark.parametrize(("pcm", "expected"), [(np.zeros(8), 0), (np.full(8, 77), -1)])
def test_what_spells_no_number(pcm: np.ndarray, expected: int) -> None:
    assert first_number(pcm.astype(np.int16), PER_MS) == expected
    assert numbers(pcm.astype(np.int16), PER_MS).tolist() == [expected]
