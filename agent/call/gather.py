"""The model's chunks on their way into the telephone's coding, several at a time; without I/O.

A conversion costs the same for one small chunk as for five together, so chunks wait here while
nobody needs them.
"""

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.call.sound import Converter

_TAIL = 72
"""Silence, at 24 kHz, that brings the last of a part out of the converter's filter: 3 ms."""


class Gather:
    """One stream.

    Args:
        converter: from the model's rate to the telephone's.

    Attributes:
        n: samples waiting, at the model's rate.
    """

    def __init__(self, converter: Converter) -> None:
        self.n = 0
        self._converter = converter
        self._chunks: list[Pcm16] = []

    def add(self, pcm24k: Pcm16) -> None:
        """Let a chunk wait."""
        self._chunks.append(pcm24k)
        self.n += pcm24k.size

    def take(self) -> bytes:
        """Convert what waits to 8 kHz mu-law."""
        if not self._chunks:
            return b""
        pcm24k = np.concatenate(self._chunks) if len(self._chunks) > 1 else self._chunks[0]
        self._chunks.clear()
        self.n = 0
        return mulaw.encode(self._converter.process(pcm24k))

    def rest(self) -> bytes:
        """Convert what waits, and what the filter holds; what follows is another stream."""
        coded = self.take() + mulaw.encode(self._converter.process(silence(_TAIL)))
        self.reset()
        return coded

    def reset(self) -> None:
        """Forget what the filter holds."""
        self._converter.reset()
