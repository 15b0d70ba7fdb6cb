"""Sounds for tests."""

import numpy as np

from agent.audio.pcm import Pcm16


def voice(seconds: float, rate_hz: int = 8000) -> Pcm16:
    """A vowel, loud enough for every detector."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 14))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)
    return np.asarray(tone * syllables * 5000).astype(np.int16)
