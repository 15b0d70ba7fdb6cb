import numpy as np
import pytest

from agent.audio import mulaw
from agent.audio.ops import lin2ulaw, ulaw2lin
from agent.audio.pcm import silence

EVERY_CODE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


def value_of(code: int) -> int:
    """G.711's own words: complement, then sign, three bits of segment and four of step."""
    bits = ~code & 0xFF
    segment, step = bits >> 4 & 7, bits & 15
    size = ((2 * step + 33) << segment) - 33  # 14 bits
    return -4 * size if bits & 0x80 else 4 * size


def test_every_code_decodes_as_audioop_does() -> None:
    assert mulaw.decode(EVERY_CODE).tobytes() == ulaw2lin(EVERY_CODE, 2)


def test_every_code_decodes_as_the_standard_says() -> None:
    assert mulaw.decode(EVERY_CODE).tolist() == [value_of(code) for code in EVERY_CODE]


def test_every_code_survives_the_round_trip() -> None:
    back = mulaw.encode(mulaw.decode(EVERY_CODE))
    minus_zero, zero = 0x7F, 0xFF
    assert list(back) == [zero if code == minus_zero else code for code in EVERY_CODE]


def test_encoding_is_never_further_from_the_sample_than_audioop_is() -> None:
    ours = mulaw.decode(mulaw.encode(EVERY_SAMPLE)).astype(int)
    theirs = np.frombuffer(ulaw2lin(lin2ulaw(EVERY_SAMPLE.tobytes(), 2), 2), np.int16).astype(int)
    assert (abs(ours - EVERY_SAMPLE) <= abs(theirs - EVERY_SAMPLE)).all()


def test_encoding_is_within_half_a_step_of_its_segment() -> None:
    codes = mulaw.encode(EVERY_SAMPLE)
    segments = ~np.frombuffer(codes, np.uint8) >> 4 & 7
    error = abs(mulaw.decode(codes).astype(int) - EVERY_SAMPLE)
    loudest = 4 * 8158  # beyond it everything is the last code
    within = abs(EVERY_SAMPLE.astype(int)) <= loudest
    below_14_bits = 3
    assert (error <= (4 << segments.astype(int)) + below_14_bits)[within].all()


def test_silence_is_the_code_of_zero() -> None:
    assert mulaw.encode(silence(4)) == bytes([mulaw.SILENCE]) * 4
    assert mulaw.decode(bytes([mulaw.SILENCE])).tolist() == [0]


def test_every_second_sample_encodes_as_well() -> None:
    assert mulaw.encode(EVERY_SAMPLE[::2]) == mulaw.encode(EVERY_SAMPLE)[::2]


@pytest.mark.parametrize("n", [0, 1, 160])
def test_one_byte_is_one_sample(n: int) -> None:
    assert len(mulaw.encode(silence(n))) == n
    assert mulaw.decode(bytes(n)).shape == (n,)
