"""How well the speech detector finds beginnings and ends, through G.711 and under noise.

The speech is espeak-ng's, whose true edges are known: the first and the last 10 ms within 30 dB of
the loudest. Before and after it the line is silent but for the noise, for 1.5 s and a little more,
so that speech does not begin with a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.audio.speech import SpeechDetector, SpeechEnded, SpeechStarted
from bench.speech_scores import clipped, levelled

SENTENCES = (
    "I would like to book a table for four people.",
    "Yes please.",
    "No, wait, stop.",
    "What time do you close on Sunday?",
    "My order number is seven three nine.",
    "Hello?",
    "Um, could you repeat that?",
    "Thank you very much, good bye.",
)
VOICES = ("en-us", "en-us+f3")
NOISES = ("white", "pink", "hum")
_FRAME = 160
_HOP = 80
_LEAD = 12_000


@dataclass(frozen=True, slots=True)
class Edges:
    """What became of a set of utterances; times in ms against the true edges.

    Attributes:
        missed: utterances that were not found.
        false: beginnings where nobody spoke.
        split: beginnings more than one within an utterance.
        decided: from the true beginning to the end of the frame that told it.
        ended: the stated end less the true one.
    """

    missed: int
    false: int
    split: int
    decided: NDArray[np.float64]
    ended: NDArray[np.float64]


def utterances() -> list[Pcm16]:
    """Every sentence in every voice, at 8 kHz."""
    from agent.sim.voice import Voice

    return [Voice(name).speak(text, 8000) for name in VOICES for text in SENTENCES]


def true_edges(speech: Pcm16) -> tuple[int, int]:
    """Samples where speech begins and ends, of speech without noise."""
    hops = speech[: speech.size // _HOP * _HOP].reshape(-1, _HOP).astype(float)
    power = np.square(hops).mean(axis=1)
    loud = np.flatnonzero(power > power.max() / 1000)
    return int(loud[0]) * _HOP, int(loud[-1] + 1) * _HOP


def noise(kind: str, n: int, level_dbfs: float, seed: int = 1) -> NDArray[np.float64]:
    """White; pink from 150 Hz, as telephones let through; or hum of 100 and 300 Hz."""
    x = np.random.default_rng(seed).standard_normal(n)
    if kind == "pink":
        hz = np.arange(n // 2 + 1) * 8000 / n
        spectrum = np.fft.rfft(x) / np.sqrt(np.maximum(hz, 150.0))
        x = np.fft.irfft(np.where(hz < 150.0, 0.0, spectrum), n)
    elif kind == "hum":
        t = np.arange(n) / 8000
        x = np.sin(2 * np.pi * 100 * t) + 0.3 * np.sin(2 * np.pi * 300 * t) + 0.05 * x
    scaled: NDArray[np.float64] = x / np.sqrt(np.square(x).mean()) * 10 ** (level_dbfs / 20) * 32768
    return scaled


def on_a_line(
    speech: Pcm16, level_dbfs: float, kind: str | None, snr_db: float, lead: int
) -> Pcm16:
    """The speech at a level, with noise, through G.711."""
    line = np.zeros(lead + speech.size + _LEAD)
    line[lead : lead + speech.size] = levelled(speech, level_dbfs)
    if kind:
        line += noise(kind, line.size, level_dbfs - snr_db)
    return mulaw.decode(mulaw.encode(clipped(line)))


def detected(line: Pcm16) -> tuple[list[tuple[int, int]], list[int]]:
    """Beginnings as (stated sample, sample at which it was told), and stated ends."""
    detector = SpeechDetector()
    started, ended = [], []
    for i in range(0, line.size, _FRAME):
        for event in detector.process(line[i : i + _FRAME]):
            if isinstance(event, SpeechStarted):
                started.append((event.at_sample, i + _FRAME))
            elif isinstance(event, SpeechEnded):
                ended.append(event.at_sample)
    return started, ended


def evaluate(speeches: list[Pcm16], level_dbfs: float, kind: str | None, snr_db: float) -> Edges:
    """Put each utterance on a line of its own and see what the detector makes of it."""
    missed = false = split = 0
    decided, ends = [], []
    for index, speech in enumerate(speeches):
        lead = _LEAD + index * 37 % _FRAME
        first, last = (lead + edge for edge in true_edges(speech))
        started, ended = detected(on_a_line(speech, level_dbfs, kind, snr_db, lead))
        found = [s for s in started if first - 1600 <= s[0] <= last]
        false += len(started) - len(found)
        if not found or not ended:
            missed += 1
            continue
        split += len(found) - 1
        decided.append((found[0][1] - first) / 8)
        ends.append((ended[-1] - last) / 8)
    return Edges(missed, false, split, np.array(decided), np.array(ends))
