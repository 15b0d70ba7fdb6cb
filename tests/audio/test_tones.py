import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audio import mulaw
from agent.audio.noise import ComfortNoise
from agent.audio.pcm import Pcm16, level_dbfs, silence
from agent.audio.tones import HIGH_HZ, KEYS, LOW_HZ, DtmfDetector, dialled, dtmf, wait_signal

EVERY_DIGIT = "0123456789*#ABCD"
DIGITS = st.text(EVERY_DIGIT, max_size=6)


def heard(pcm: Pcm16) -> str:
    """What is heard through G.711."""
    return "".join(DtmfDetector().process(mulaw.decode(mulaw.encode(pcm))))


def sines(*parts: tuple[float, float], ms: int = 60, lead: int = 333) -> Pcm16:
    """Sines of (Hz, dBFS), with silence before and after."""
    t = np.arange(8 * ms) / 8000
    sound = sum(
        32768 * 2**0.5 * 10 ** (db / 20) * np.sin(2 * np.pi * hz * t + 1.0) for hz, db in parts
    )
    return np.concatenate([silence(lead), np.rint(sound).astype(np.int16), silence(400)])


def pair(digit: str) -> tuple[int, int]:
    row = next(i for i, keys in enumerate(KEYS) if digit in keys)
    return LOW_HZ[row], HIGH_HZ[KEYS[row].index(digit)]


@pytest.mark.parametrize("digit", EVERY_DIGIT)
def test_each_digit_is_its_two_tones(digit: str) -> None:
    pcm = dtmf(digit, tone_ms=1000, gap_ms=0)
    loudest = np.argsort(np.abs(np.fft.rfft(pcm)))[-2:]
    assert sorted(loudest.tolist()) == list(pair(digit))


def test_tones_have_the_level_and_length_asked_for() -> None:
    pcm = dtmf("15", tone_ms=200, gap_ms=50, level_dbfs=-20.0)
    assert pcm.size == 8 * 500
    assert level_dbfs(pcm[80:1520]) == pytest.approx(-20.0, abs=0.1)
    assert not pcm[1600:2000].any()


def test_no_digits_are_no_sound() -> None:
    assert dtmf("").size == 0


def test_other_characters_cannot_be_dialled() -> None:
    with pytest.raises(ValueError, match="'x' is not a DTMF digit"):
        dtmf("12x")


@pytest.mark.parametrize("tone_ms", [40, 50, 100, 1000])
def test_forty_milliseconds_of_tone_and_gap_suffice(tone_ms: int) -> None:
    assert heard(dtmf(EVERY_DIGIT, tone_ms=tone_ms, gap_ms=40)) == EVERY_DIGIT


@pytest.mark.parametrize("lead", range(300, 402, 17))
def test_twenty_three_milliseconds_never_do(lead: int) -> None:
    for digit in EVERY_DIGIT:
        low, high = pair(digit)
        assert heard(sines((low, -15), (high, -15), ms=23, lead=lead)) == ""


def test_a_digit_held_is_one_and_pressed_again_is_two() -> None:
    assert heard(dtmf("5", tone_ms=2000)) == "5"
    assert heard(dtmf("55")) == "55"


def test_a_dropout_of_ten_milliseconds_does_not_double_a_digit() -> None:
    pcm = dtmf("8", tone_ms=200)
    for start in range(700, 802, 17):
        broken = pcm.copy()
        broken[start : start + 80] = 0
        assert heard(broken) == "8"


@given(digits=DIGITS, cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_digits_do_not_depend_on_how_the_stream_is_cut(digits: str, cuts: list[int]) -> None:
    pcm = dtmf(digits, tone_ms=60, gap_ms=50)
    detector = DtmfDetector()
    found = [d for piece in np.split(pcm, sorted(cuts)) for d in detector.process(piece)]
    assert "".join(found) == digits


@pytest.mark.parametrize("level", [-6.0, -12.0, -25.0, -36.0])
def test_loud_and_quiet_digits_are_heard(level: float) -> None:
    assert heard(dtmf(EVERY_DIGIT, 50, 50, level)) == EVERY_DIGIT


def test_a_digit_too_quiet_to_be_meant_is_not_heard() -> None:
    assert heard(dtmf("1", level_dbfs=-50.0)) == ""


@pytest.mark.parametrize(("low_db", "high_db"), [(-12, -20), (-20, -16)])
def test_the_twist_that_lines_have_is_borne(low_db: float, high_db: float) -> None:
    for digit in EVERY_DIGIT:
        low, high = pair(digit)
        assert heard(sines((low, low_db), (high, high_db))) == digit


@pytest.mark.parametrize(("low_db", "high_db"), [(-12, -26), (-22, -12)])
def test_more_twist_than_that_is_no_digit(low_db: float, high_db: float) -> None:
    for digit in EVERY_DIGIT:
        low, high = pair(digit)
        assert heard(sines((low, low_db), (high, high_db))) == ""


@pytest.mark.parametrize("off", [-0.015, 0.015])
def test_tones_one_and_a_half_percent_off_are_heard(off: float) -> None:
    for digit in EVERY_DIGIT:
        low, high = pair(digit)
        assert heard(sines((low * (1 + off), -15), (high * (1 + off), -15))) == digit


@pytest.mark.parametrize("off", [-0.035, 0.035])
def test_tones_three_and_a_half_percent_off_are_not(off: float) -> None:
    for digit in EVERY_DIGIT:
        low, high = pair(digit)
        assert heard(sines((low * (1 + off), -15), (high * (1 + off), -15))) == ""


def test_noise_15_decibels_below_does_not_matter() -> None:
    pcm = dtmf(EVERY_DIGIT, 60, 60)
    assert heard(pcm + ComfortNoise(1, -27.0).take(pcm.size)) == EVERY_DIGIT


def test_a_voice_with_its_harmonics_is_no_digit() -> None:
    assert heard(sines((941, -15), (1336, -15), (2672, -20))) == ""  # over the high tone
    assert heard(sines((941, -15), (1336, -15), (1882, -20))) == ""  # over the low tone


@pytest.mark.parametrize("hz", [697, 1336])
def test_one_tone_alone_is_no_digit(hz: int) -> None:
    assert heard(sines((hz, -12), ms=500)) == ""


def test_two_tones_of_one_group_beside_a_third_are_no_digit() -> None:
    assert heard(sines((697, -15), (941, -18), (1336, -15), ms=200)) == ""


def test_the_signal_to_wait_is_soft_and_no_digit() -> None:
    pcm = wait_signal()
    assert pcm.size == 4000
    assert heard(pcm) == heard(np.tile(pcm, 4)) == ""
    assert level_dbfs(pcm) == pytest.approx(-27 - 4.3, abs=0.3)
    assert abs(int(pcm[0])) < 10
    assert abs(int(pcm[-1])) < 10


def test_what_is_dialled_is_heard_pauses_and_all() -> None:
    pcm = dialled("1w2#W99")
    assert heard(pcm) == "12#99"
    assert pcm.size == (5 * 0.2 + 0.5 + 1.0) * 8000
    assert pcm.size % 160 == 0
    assert dialled("").size == 0


@pytest.mark.parametrize("keys", ["12x", "1 2", "+1"])
def test_only_keys_and_pauses_are_dialled(keys: str) -> None:
    with pytest.raises(ValueError, match="is not a DTMF digit"):
        dialled(keys)
