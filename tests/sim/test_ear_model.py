from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from agent.audio.pcm import Pcm16, level_dbfs
from agent.sim.ear_model import (
    KEPT_S,
    LEVEL_DBFS,
    MAPS,
    MARGIN_S,
    RATE_HZ,
    Gaussians,
    conditioned,
    feature_settings,
    moved,
    trimmed,
    write_telephone_model,
)

SOUNDS, DENSITIES, SIZES = 42, 2, (13, 13, 13)
FLOATS = SOUNDS * DENSITIES * sum(SIZES)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of the same shape as the recogniser's, with few densities."""
    values = np.arange(FLOATS, dtype="<f4")
    numbers = struct.pack("<7i", SOUNDS, len(SIZES), DENSITIES, *SIZES, FLOATS)
    header = b"s3\nversion 1.0\nchksum0 yes\nendhdr\n\x44\x33\x22\x11"
    raw = header + numbers + values.tobytes() + b"\1\2\3\4"
    for name in ("means", "variances"):
        (tmp_path / name).write_bytes(raw)
    settings = "-lowerf 130\n-cmn batch\n-remove_noise yes\n-feat 1s_c_d_dd\n"
    (tmp_path / "feat.params").write_text(settings)
    return tmp_path


def tone(seconds: float, level_dbfs: float) -> Pcm16:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    peak = 32768 * 10 ** (level_dbfs / 20) * np.sqrt(2)
    pcm: Pcm16 = np.round(peak * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    return pcm


@pytest.mark.parametrize("given_dbfs", [-60.0, -35.0, -20.0, -6.0])
def test_speech_comes_to_one_level_however_loud_it_was(given_dbfs: float) -> None:
    heard = conditioned(np.concatenate([tone(0.5, given_dbfs), np.zeros(8000, np.int16)]))
    assert heard is not None
    margin = round(MARGIN_S * RATE_HZ)
    assert heard.size == 16_000 + 2 * margin
    assert level_dbfs(heard[margin : margin + 8000]) == pytest.approx(LEVEL_DBFS, abs=0.2)


def test_silence_is_never_digital() -> None:
    heard = conditioned(np.concatenate([np.zeros(8000, np.int16), tone(0.5, -20.0)]))
    assert heard is not None
    assert -60.0 < level_dbfs(heard[:8000]) < -56.0
    assert -60.0 < level_dbfs(heard[-1500:]) < -56.0


@pytest.mark.parametrize("size", [0, 100, 16_000])
def test_no_sound_is_nothing_to_hear(size: int) -> None:
    assert conditioned(np.zeros(size, np.int16)) is None


def test_the_line_around_the_speech_is_cut_off() -> None:
    quiet = tone(1.0, -70.0)
    kept = trimmed(np.concatenate([quiet, tone(0.5, -20.0), quiet]))
    assert kept.size == 8000 + 2 * round(KEPT_S * RATE_HZ)
    assert level_dbfs(kept[2400:-2400]) == pytest.approx(-20.0, abs=0.1)


def test_nothing_is_cut_off_where_there_is_only_speech() -> None:
    speech = tone(0.5, -20.0)
    np.testing.assert_array_equal(trimmed(speech), speech)
    assert trimmed(speech[:0]).size == 0


def test_gaussians_are_read_and_written_as_pocketsphinx_keeps_them(model: Path) -> None:
    read = Gaussians(model / "means")
    assert [stream.shape for stream in read.streams] == [(SOUNDS, DENSITIES, 13)] * 3
    assert read.streams[0][0, 1, 0] == 13.0
    assert read.streams[1][0, 0, 0] == 26.0
    assert read.streams[2][1, 1, 12] == 2 * DENSITIES * sum(SIZES) - 1
    read.write(model / "copy")
    again = Gaussians(model / "copy")
    for one, other in zip(read.streams, again.streams, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_map_turns_and_shifts_the_means() -> None:
    means = np.ones((2, 3, 13))
    maps = np.stack([np.vstack([k * np.eye(13), np.full(13, 0.5)]) for k in (2.0, 3.0)])
    assert moved(means, maps)[0] == pytest.approx(2.5)
    assert moved(means, maps)[1] == pytest.approx(3.5)


def test_features_depend_on_nothing_heard_before(model: Path) -> None:
    assert feature_settings(model, "none") == (
        "-lowerf 130\n-feat 1s_c_d_dd\n-cmn none\n-remove_noise no\n"
    )


def test_the_telephone_model_is_the_models_with_the_fitted_maps(
    model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    settings = write_telephone_model(model, folder)
    assert {name: Path(file).parent for name, file in settings.items()} == {
        "mean": folder,
        "var": folder,
        "featparams": folder,
    }
    before, after = Gaussians(model / "means"), Gaussians(Path(settings["mean"]))
    spread = Gaussians(Path(settings["var"]))
    with np.load(MAPS) as fitted:
        assert fitted["maps"].shape == (3, SOUNDS, 14, 13)
        assert (fitted["factors"] > 0).all()
        row = np.append(before.streams[1][7, 1], 1.0) @ fitted["maps"][1, 7].astype(np.float64)
        widened = before.streams[2][7, 1] * fitted["factors"][2, 7].astype(np.float64)
    np.testing.assert_allclose(after.streams[1][7, 1], row, rtol=1e-5)
    np.testing.assert_allclose(spread.streams[2][7, 1], widened, rtol=1e-5)
