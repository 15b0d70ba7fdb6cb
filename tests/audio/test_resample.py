import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import PAIRS, Phase, Resampler, prototype

PHASES: tuple[Phase, ...] = ("linear", "minimum")
TWO_WAYS = pytest.mark.parametrize("phase", PHASES)
EVERY_PAIR = pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)


def loud(n: int, seed: int = 1) -> Pcm16:
    return np.random.default_rng(seed).integers(-32768, 32768, n).astype(np.int16)


def direct(pcm: Pcm16, rate_in: int, rate_out: int, phase: Phase) -> Pcm16:
    """The definition: zeros in between, the filter, every M-th sample."""
    common = int(np.gcd(rate_in, rate_out))
    up, down = rate_out // common, rate_in // common
    stuffed = np.zeros(pcm.size * up)
    stuffed[::up] = pcm
    filtered = np.convolve(stuffed, prototype(max(up, down), phase) * up)[: stuffed.size : down]
    whole: Pcm16 = np.clip(np.rint(filtered), -32768, 32767).astype(np.int16)
    return whole


@TWO_WAYS
@EVERY_PAIR
def test_equals_a_direct_convolution(rate_in: int, rate_out: int, phase: Phase) -> None:
    pcm = loud(20_000)
    resampler = Resampler(rate_in, rate_out, phase)
    assert np.array_equal(resampler.process(pcm), direct(pcm, rate_in, rate_out, phase))


@given(
    pair=st.sampled_from(PAIRS),
    phase=st.sampled_from(PHASES),
    pcm=hnp.arrays(np.int16, st.integers(0, 700)),
    cuts=st.lists(st.integers(0, 700), max_size=30),
)
def test_output_does_not_depend_on_how_the_stream_is_cut(
    pair: tuple[int, int], phase: Phase, pcm: Pcm16, cuts: list[int]
) -> None:
    whole = Resampler(*pair, phase).process(pcm)
    streamed = Resampler(*pair, phase)
    pieces = [streamed.process(piece) for piece in np.split(pcm, sorted(cuts))]
    assert np.array_equal(np.concatenate(pieces), whole)


@TWO_WAYS
@EVERY_PAIR
@pytest.mark.parametrize("chunk", [1, 7, 160, 480, 799, 4800, 9999])
def test_long_streams_do_not_depend_on_it_either(
    rate_in: int, rate_out: int, phase: Phase, chunk: int
) -> None:
    pcm = loud(12_000)
    streamed = Resampler(rate_in, rate_out, phase)
    pieces = [streamed.process(pcm[i : i + chunk]) for i in range(0, pcm.size, chunk)]
    assert np.array_equal(np.concatenate(pieces), Resampler(rate_in, rate_out, phase).process(pcm))


@EVERY_PAIR
def test_nothing_is_held_back(rate_in: int, rate_out: int) -> None:
    resampler = Resampler(rate_in, rate_out)
    given_out = 0
    for n in range(1, 200):
        given_out += resampler.process(silence(1)).size
        assert given_out == -(-n * rate_out // rate_in)


@EVERY_PAIR
def test_reset_begins_a_new_stream(rate_in: int, rate_out: int) -> None:
    resampler = Resampler(rate_in, rate_out)
    first = resampler.process(loud(1001))
    resampler.process(loud(100, seed=2))
    resampler.reset()
    assert np.array_equal(resampler.process(loud(1001)), first)


def test_what_was_given_out_is_not_touched_later() -> None:
    resampler = Resampler(8000, 16000)
    first = resampler.process(loud(160))
    copy = first.copy()
    resampler.process(loud(160, seed=2))
    assert np.array_equal(first, copy)


def test_two_streams_do_not_share_state() -> None:
    one, other = Resampler(24000, 8000), Resampler(24000, 8000)
    one.process(loud(480))
    assert not other.process(silence(480)).any()


def test_too_loud_is_clipped_and_does_not_wrap() -> None:
    square = np.where(np.arange(800) % 40 < 20, 32767, -32768).astype(np.int16)
    out = Resampler(8000, 16000).process(square).astype(int)
    assert out.max() == 32767
    assert out.min() == -32768
    assert abs(np.diff(out)).max() < 60_000


@EVERY_PAIR
def test_what_was_too_loud_is_clipped_in_what_follows_as_well(rate_in: int, rate_out: int) -> None:
    rng = np.random.default_rng(5)
    shout = np.where(rng.random(700) < 0.5, 32767, -32768).astype(np.int16)
    pcm = np.concatenate([loud(100), shout, loud(300, seed=2)])
    whole = Resampler(rate_in, rate_out).process(pcm)
    for chunk in (1, 7, 50, 151, 153, 160):
        streamed = Resampler(rate_in, rate_out)
        pieces = [streamed.process(pcm[i : i + chunk]) for i in range(0, pcm.size, chunk)]
        assert np.array_equal(np.concatenate(pieces), whole)
    assert whole.max() == 32767
    assert whole.min() == -32768


@EVERY_PAIR
def test_clipping_is_left_out_only_where_nothing_can_be_too_loud(
    rate_in: int, rate_out: int
) -> None:
    """The signal that makes the largest possible sum, at the loudness where it just fits."""
    unclipped = Resampler(rate_in, rate_out)
    matrix = unclipped._matrix
    worst = np.sign(matrix[:, np.abs(matrix).sum(axis=0).argmax()])
    peak = int(32767 / unclipped._gain)
    pcm = np.asarray(worst * peak).astype(np.int16)
    out = unclipped.process(pcm).astype(int)
    assert abs(out).max() <= 32767
    pcm = np.asarray(worst * 32767).astype(np.int16)
    assert abs(Resampler(rate_in, rate_out).process(pcm).astype(int)).max() in {32767, 32768}


def test_read_only_input_will_do() -> None:
    pcm = loud(160)
    pcm.flags.writeable = False
    assert Resampler(8000, 16000).process(pcm).size == 320


def test_a_pair_without_a_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="no filter from 44100 to 8000 Hz"):
        Resampler(44100, 8000)


@EVERY_PAIR
def test_linear_phase_delays_by_half_its_length(rate_in: int, rate_out: int) -> None:
    common = int(np.gcd(rate_in, rate_out))
    filter_hz = rate_in * rate_out // common
    taps = prototype(max(rate_in, rate_out) // common, "linear").size
    delay_s = Resampler(rate_in, rate_out, "linear").delay_s
    assert delay_s == pytest.approx((taps - 1) / 2 / filter_hz)
    assert delay_s <= 0.0022


@EVERY_PAIR
def test_minimum_phase_delays_by_less_than_half_a_millisecond(rate_in: int, rate_out: int) -> None:
    assert 0.0 < Resampler(rate_in, rate_out, "minimum").delay_s <= 0.0005


@TWO_WAYS
@pytest.mark.parametrize("ratio", [2, 3])
def test_every_sum_is_exact_in_float64(ratio: int, phase: Phase) -> None:
    # The largest sum in units of the coefficients' and samples' last places: far under 2**53.
    largest = np.abs(prototype(ratio, phase)).sum() * ratio * 2**20 * 2**15
    assert largest < 2**40
