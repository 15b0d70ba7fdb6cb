import numpy as np
import pytest

from agent.audio.pcm import SILENCE_DBFS, from_bytes, level_dbfs, silence, to_bytes


def test_silence_is_zeros() -> None:
    assert silence(3).tolist() == [0, 0, 0]
    assert silence(3).dtype == np.int16


def test_bytes_are_little_endian_both_ways() -> None:
    pcm = from_bytes(b"\x01\x00\x00\x80\xff\x7f")
    assert pcm.tolist() == [1, -32768, 32767]
    assert pcm.dtype == np.int16
    assert to_bytes(pcm) == b"\x01\x00\x00\x80\xff\x7f"


def test_every_second_sample_becomes_bytes_as_well() -> None:
    assert to_bytes(from_bytes(b"\x01\x00\x02\x00\x03\x00")[::2]) == b"\x01\x00\x03\x00"


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of element size"):
        from_bytes(b"\x01\x00\x02")


def test_level_counts_from_full_scale() -> None:
    square = np.tile(np.array([-32768, 32767], np.int16), 400)
    sine = np.rint(32767 * np.sin(np.arange(8000) * np.pi / 4)).astype(np.int16)
    assert level_dbfs(square) == pytest.approx(0.0, abs=0.001)
    assert level_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(sine // 1000) == pytest.approx(-63.2, abs=0.3)


@pytest.mark.parametrize("n", [0, 160])
def test_no_sound_has_the_level_of_silence(n: int) -> None:
    assert level_dbfs(silence(n)) == SILENCE_DBFS


def test_no_level_lies_under_that_of_silence() -> None:
    almost = silence(160_000)
    almost[0] = 1
    assert level_dbfs(almost) == SILENCE_DBFS
