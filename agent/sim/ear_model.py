"""The recogniser's model, carried over to the telephone.

The model that comes with pocketsphinx learnt from 16 kHz recordings of people. On a telephone line
nothing above 3.4 kHz arrives, and the stand-ins' callers are made voices. So its Gaussians are
moved: for each sound and each stream of features (cepstra, their slopes, the slopes' slopes) one
affine map of the means and one factor for the variances (maximum likelihood linear regression),
fitted by `scripts/fit_ear.py` and kept in `ear_model.npz`. The maps also take in the channel's mean
spectrum, so that none has to be estimated, and subtracted, at run time: in a lone "no" that
estimate is mostly silence. What is heard depends on nothing that was heard before.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.audio.pcm import FULL_SCALE, Pcm16

type Values = NDArray[np.float64]

RATE_HZ: Final = 16_000
MAPS: Final = Path(__file__).with_name("ear_model.npz")

LEVEL_DBFS: Final = -20.0
DITHER_DBFS: Final = -58.0
"""Line noise of its own: digital silence is like nothing that the model knows."""
MARGIN_S: Final = 0.1
KEPT_S: Final = 0.15

_STEP = 160
_LOUDEST = 20  # one block in so many
_SPEECH_BELOW_LOUDEST_DB = 30.0
_TRIM_BELOW_LOUDEST_DB = 25.0
_END_OF_HEADER = b"endhdr\n"


def conditioned(pcm16k: Pcm16) -> Pcm16 | None:
    """The sound at the level, and in the silence, that the model knows; None for no sound.

    Args:
        pcm16k: int16, shape (n,), mono, 16 kHz; longer by `MARGIN_S` on both sides when it returns.
    """
    power, loudest = _loudness(pcm16k)
    if not loudest:
        return None
    speech = power[power >= loudest * 10 ** (-_SPEECH_BELOW_LOUDEST_DB / 10)]
    gain = FULL_SCALE * 10 ** (LEVEL_DBFS / 20) / np.sqrt(speech.mean())
    sound = np.pad(pcm16k * gain, round(MARGIN_S * RATE_HZ))
    noise = np.random.default_rng(1).standard_normal(sound.size)
    sound += noise * (FULL_SCALE * 10 ** (DITHER_DBFS / 20))
    return np.clip(np.round(sound), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def trimmed(pcm16k: Pcm16) -> Pcm16:
    """The sound without the line before and after its speech, but for `KEPT_S`.

    On a noisy line silence is not quite what the model takes for it, and adds up against a short
    answer.
    """
    power, loudest = _loudness(pcm16k)
    loud = np.flatnonzero(power >= loudest * 10 ** (-_TRIM_BELOW_LOUDEST_DB / 10))
    if not loud.size:
        return pcm16k
    kept = round(KEPT_S * RATE_HZ)
    return pcm16k[max(loud[0] * _STEP - kept, 0) : (loud[-1] + 1) * _STEP + kept]


def _loudness(pcm16k: Pcm16) -> tuple[Values, float]:
    """The power of each block, and that of the loudest blocks."""
    blocks = pcm16k[: pcm16k.size // _STEP * _STEP].astype(np.float64).reshape(-1, _STEP)
    power = np.square(blocks).mean(axis=1)
    loudest = np.sort(power)[-max(power.size // _LOUDEST, 1) :]
    return power, float(loudest.mean()) if loudest.size else 0.0


class Gaussians:
    """The means, or the variances, of a model.

    Attributes:
        streams: one array per stream of features, of shape (sounds, densities, dimensions).
    """

    def __init__(self, file: Path) -> None:
        raw = file.read_bytes()
        at = raw.index(_END_OF_HEADER) + len(_END_OF_HEADER)
        self._head = raw[at : at + 4]  # the mark of the byte order
        sounds, n_streams, densities = struct.unpack_from("<3i", raw, at + 4)
        sizes = struct.unpack_from(f"<{n_streams}i", raw, at + 16)
        at += 16 + 4 * n_streams
        (size,) = struct.unpack_from("<i", raw, at)
        values = np.frombuffer(raw, "<f4", size, at + 4).astype(np.float64).reshape(sounds, -1)
        ends = np.cumsum([densities * size for size in sizes])
        self._shape = (sounds, n_streams, densities, *sizes)
        self.streams: list[Values] = [
            values[:, end - densities * size : end].reshape(sounds, densities, size)
            for end, size in zip(ends, sizes, strict=True)
        ]

    def write(self, file: Path) -> None:
        """Write the file that pocketsphinx reads."""
        body = np.concatenate([s.reshape(s.shape[0], -1) for s in self.streams], axis=1)
        numbers = struct.pack(f"<{len(self._shape) + 1}i", *self._shape, body.size)
        header = b"s3\nversion 1.0\n" + _END_OF_HEADER
        file.write_bytes(header + self._head + numbers + body.astype("<f4").tobytes())


def moved(means: Values, maps: Values) -> Values:
    """One stream's means after each sound's map, (sounds, dimensions + 1, dimensions)."""
    ones = np.ones((*means.shape[:2], 1))
    result: Values = np.concatenate([means, ones], axis=2) @ maps
    return result


def feature_settings(model: Path, mean_removal: str) -> str:
    """How the model's features are computed, without what depends on earlier utterances.

    Given to the decoder as settings they would be overruled by the model's own file.
    """
    lines = (model / "feat.params").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("-cmn", "-remove_noise"))]
    return "\n".join([*kept, f"-cmn {mean_removal}", "-remove_noise no", ""])


def write_telephone_model(model: Path, folder: Path) -> dict[str, str]:
    """Write the model's moved parts.

    Args:
        model: the folder of pocketsphinx's own model.
        folder: where to; it may go once the decoder is made.

    Returns:
        The decoder's settings that name them.
    """
    means, variances = Gaussians(model / "means"), Gaussians(model / "variances")
    with np.load(MAPS) as fitted:
        for n, (maps, factors) in enumerate(zip(fitted["maps"], fitted["factors"], strict=True)):
            means.streams[n] = moved(means.streams[n], maps.astype(np.float64))
            variances.streams[n] *= factors[:, None, :].astype(np.float64)
    means.write(folder / "means")
    variances.write(folder / "variances")
    (folder / "feat.params").write_text(feature_settings(model, "none"))
    return {
        "mean": str(folder / "means"),
        "var": str(folder / "variances"),
        "featparams": str(folder / "feat.params"),
    }
