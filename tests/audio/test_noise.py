import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audio.noise import ComfortNoise
from agent.audio.pcm import level_dbfs


@pytest.mark.parametrize("level", [-60.0, -45.0])
def test_has_the_level_asked_for(level: float) -> None:
    assert level_dbfs(ComfortNoise(1, level).take(16_000)) == pytest.approx(level, abs=0.4)


def test_is_sixty_decibels_down_unless_asked() -> None:
    assert level_dbfs(ComfortNoise(1).take(16_000)) == pytest.approx(-60.0, abs=0.4)


@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_is_the_same_however_it_is_taken(cuts: list[int]) -> None:
    noise = ComfortNoise(7)
    pieces = [noise.take(n) for n in cuts]
    whole = ComfortNoise(7).take(sum(cuts))
    assert np.concatenate([*pieces, noise.take(0)]).tolist() == whole.tolist()


def test_another_seed_is_another_noise() -> None:
    assert ComfortNoise(1).take(160).tolist() != ComfortNoise(2).take(160).tolist()


def test_is_darker_than_a_hiss() -> None:
    power = np.abs(np.fft.rfft(ComfortNoise(1, -30.0).take(64_000))) ** 2
    low, middle, high = (power[a:b].mean() for a, b in ((0, 4000), (14000, 18000), (28000, 32000)))
    assert 10 * np.log10(low / middle) == pytest.approx(6.0, abs=1.0)
    assert 10 * np.log10(low / high) > 25


def test_too_loud_is_clipped() -> None:
    pcm = ComfortNoise(1, 0.0).take(8000)
    assert pcm.max() == 32767
    assert pcm.min() == -32768
