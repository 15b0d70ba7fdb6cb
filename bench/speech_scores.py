"""Speech scores of the way through a resampler and G.711, against the best way there can be.

The ideal trip is the same mu-law codec between very long filters (scipy, no streaming). Both trips
are scored by PESQ (ITU-T P.862) and STOI against the speech as the ideal filters give it without
mu-law; what is left between the two scores is the resampler's doing.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from agent.audio import mulaw, pcm
from agent.audio.figures import Converter
from agent.audio.pcm import Pcm16

RECORDINGS = Path(__file__).parents[1] / "tests" / "data" / "speech"
SENTENCES = (
    "I would like to book a table for four people on Friday evening.",
    "Your order has been shipped and should arrive by Thursday.",
)
_IDEAL_HALF_LENGTH = 1024  # input or output periods of the lower rate, whichever is longer
_TAIL_S = 0.3


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one trip: PESQ narrow-band as MOS-LQO, and STOI from 0 to 1."""

    pesq: float
    stoi: float


def recorded_speech(rate_hz: int) -> dict[str, Pcm16]:
    """The recordings of tests/data/speech by name, at `rate_hz`."""
    found = {}
    for path in sorted(RECORDINGS.glob("*.wav")):
        with wave.open(str(path)) as file:
            speech = pcm.from_bytes(file.readframes(file.getnframes()))
            found[path.stem] = levelled(ideal(speech, file.getframerate(), rate_hz))
    return found


def spoken_speech(rate_hz: int) -> dict[str, Pcm16]:
    """The sentences in two voices of espeak-ng."""
    from agent.sim.voice import Voice

    return {
        f"espeak-{name}-{i}": levelled(Voice(name).speak(text, rate_hz))
        for name in ("en-us", "en-us+f3")
        for i, text in enumerate(SENTENCES)
    }


def levelled(speech: Pcm16, dbfs: float = -22.0) -> Pcm16:
    """The speech at a usual level, without the offset that some recordings have."""
    centred = speech - speech.mean()
    gain = 10 ** ((dbfs - pcm.level_dbfs(np.rint(centred).astype(np.int16))) / 20)
    return clipped(centred * gain)


def clipped(samples: NDArray[np.float64]) -> Pcm16:
    """Rounded and held to 16 bits."""
    whole: Pcm16 = np.rint(np.clip(samples, -32768, 32767)).astype(np.int16)
    return whole


def ideal(speech: Pcm16, rate_in: int, rate_out: int) -> Pcm16:
    """The speech at another rate, by a filter as steep as one likes: flat to 0.98 of Nyquist."""
    if rate_in == rate_out:
        return speech
    common = math.gcd(rate_in, rate_out)
    up, down = rate_out // common, rate_in // common
    taps = signal.firwin(
        2 * _IDEAL_HALF_LENGTH * max(up, down) + 1, 0.99 / max(up, down), window=("kaiser", 12.0)
    )
    return clipped(signal.resample_poly(speech.astype(float), up, down, window=taps))


def _streamed(make: Callable[[], Converter], speech: Pcm16, rate_in: int) -> Pcm16:
    convert = make()
    tail = pcm.silence(round(_TAIL_S * rate_in))
    whole = np.concatenate([speech, tail])
    frame = rate_in // 50
    return np.concatenate([convert(whole[i : i + frame]) for i in range(0, whole.size, frame)])


def _scores(reference: Pcm16, heard: Pcm16, rate_hz: int, delay_ms: float) -> Scores:
    # Here, since they want a C compiler to install and whoever only checks has neither.
    from pesq import pesq
    from pystoi.stoi import stoi

    mos: Callable[..., float] = pesq
    intelligibility: Callable[..., float] = stoi
    late = round(delay_ms * rate_hz / 1000)
    heard = heard[late : late + reference.size]
    reference = reference[: heard.size]
    return Scores(
        float(mos(rate_hz, reference, heard, "nb")),
        float(intelligibility(reference.astype(float), heard.astype(float), rate_hz)),
    )


def down_path(
    speech24k: Pcm16, make: Callable[[], Converter], delay_ms: float
) -> tuple[Scores, Scores]:
    """The model's speech to the caller's ear: 24 kHz, resampler, mu-law, 8 kHz.

    Here the codec comes last, and its noise falls out differently for the least change in what it
    is given: the ideal trip itself scores up to 0.04 MOS apart for speech a sample later. So each
    trip is made for speech put 0, 1 and 2 samples later, at two levels, and the mean counts.

    Returns:
        the scores of the ideal trip, and those through the resampler that `make` gives.
    """
    best, got = [], []
    for late, gain in product((0, 1, 2), (1.0, 0.8)):
        speech = clipped(np.concatenate([np.zeros(late), speech24k * gain]))
        clean = ideal(speech, 24000, 8000)
        line = mulaw.decode(mulaw.encode(clean))
        ours = mulaw.decode(mulaw.encode(_streamed(make, speech, 24000)))
        best.append(_scores(clean, line, 8000, 0.0))
        got.append(_scores(clean, ours, 8000, delay_ms))
    return _mean(best), _mean(got)


def _mean(scores: list[Scores]) -> Scores:
    return Scores(fmean(s.pesq for s in scores), fmean(s.stoi for s in scores))


def up_path(
    speech24k: Pcm16, make: Callable[[], Converter], delay_ms: float
) -> tuple[Scores, Scores]:
    """The caller's speech to the model: 8 kHz, mu-law, resampler, 16 kHz."""
    clean8k = ideal(speech24k, 24000, 8000)
    clean = ideal(clean8k, 8000, 16000)
    line = mulaw.decode(mulaw.encode(clean8k))
    best = ideal(line, 8000, 16000)
    ours = _streamed(make, line, 8000)
    return _scores(clean, best, 16000, 0.0), _scores(clean, ours, 16000, delay_ms)
