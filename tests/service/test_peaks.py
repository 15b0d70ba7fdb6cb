"""The outline of a recording."""

import wave
from pathlib import Path

import numpy as np
import pytest

from agent.service.peaks import HEADER, LOUDEST, read_peaks


def written(folder: Path, stereo: np.ndarray) -> Path:
    path = folder / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(stereo.astype("<i2").tobytes())
    return path


def test_each_side_has_its_peaks_where_it_was_loud(tmp_path: Path) -> None:
    stereo = np.zeros((8000, 2))
    stereo[0:2000, 0] = 16384
    stereo[6000:8000, 1] = -32768
    outline = read_peaks(written(tmp_path, stereo), 4)
    assert outline == {"seconds": 1.0, "caller": [50, 0, 0, 0], "agent": [0, 0, 0, LOUDEST]}


def test_a_short_sound_has_no_more_peaks_than_samples(tmp_path: Path) -> None:
    outline = read_peaks(written(tmp_path, np.full((3, 2), 32767)), 1200)
    assert outline["caller"] == outline["agent"] == [LOUDEST] * 3


@pytest.mark.parametrize("size", [0, 10, HEADER, HEADER + 3])
def test_a_file_without_sound_has_no_peaks(size: int, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"\0" * size)
    assert read_peaks(path, 100) == {"seconds": 0.0, "caller": [], "agent": []}


def test_a_file_whose_last_moment_is_half_written_is_read_up_to_it(tmp_path: Path) -> None:
    path = written(tmp_path, np.full((8, 2), 32767))
    path.write_bytes(path.read_bytes()[:-1])
    assert read_peaks(path, 100)["caller"] == [LOUDEST] * 7


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"call\.wav"):
        read_peaks(tmp_path / "call.wav", 100)
