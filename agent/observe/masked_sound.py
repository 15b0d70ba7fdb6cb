"""Sound with nobody's voice in it, as loud and as long as the sound it stands for.

Every 20 ms of a voice become 20 ms of murmur: noise with the crossings of a voice, so that a
detector of speech hears it begin and end at the same places, at the level that the voice had there,
rounded to 2 dB. What is quieter than a telephone line's noise becomes silence. Nothing else of the
sound is left: no pitch, no vowel, no word.
"""

from __future__ import annotations

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16

STEP_DB = 2.0
SILENT_DBFS = -60.0
"""Quieter than this is silence."""

_FRAME_S = 0.02
_MURMUR_S = 7.3
"""Of noise that is used round and round; no multiple of anything, so that no pattern is heard."""


class Murmur:
    """The stand-in for one stream of sound.

    Args:
        rate_hz: of the stream.
        seed: of the noise, which is all that tells two streams apart.
    """

    def __init__(self, rate_hz: int, seed: int) -> None:
        self._frame = round(rate_hz * _FRAME_S)
        white = np.random.default_rng(seed).standard_normal(round(rate_hz * _MURMUR_S))
        width = rate_hz // 2000  # a moving mean: what is left crosses zero about as a vowel does
        noise = np.convolve(white, np.ones(width) / width, "same")
        self._noise = noise / np.sqrt(np.mean(noise**2))
        self._at = 0

    def like(self, pcm: Pcm16) -> Pcm16:
        """The next piece, of the length of this one."""
        pieces = [self._piece(pcm[i : i + self._frame]) for i in range(0, len(pcm), self._frame)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def like_mulaw(self, audio: bytes) -> bytes:
        """The same for 8 kHz mu-law."""
        return mulaw.encode(self.like(mulaw.decode(audio)))

    def _piece(self, pcm: Pcm16) -> Pcm16:
        n = len(pcm)
        rms = float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2))) / 32768.0
        level = 20 * np.log10(rms) if rms else -np.inf
        self._at = 0 if self._at + n > len(self._noise) else self._at
        noise = self._noise[self._at : self._at + n]
        self._at += n
        if level < SILENT_DBFS:
            return np.zeros(n, np.int16)
        rounded = round(level / STEP_DB) * STEP_DB
        loudness = 32768.0 * 10 ** (rounded / 20) / max(float(np.sqrt(np.mean(noise**2))), 0.1)
        scaled: Pcm16 = np.clip(np.round(noise * loudness), -32768, 32767).astype(np.int16)
        return scaled
