"""Our own speech detection for numbered sound: what is not silence is speech; without I/O.

It takes as long as the real one does to be sure that speech has begun or ended.
"""

from __future__ import annotations

import numpy as np

from agent.audio.pcm import Pcm16
from agent.audio.speech import SpeechEnded, SpeechStarted

_HOP = 80
ONSET = 6 * _HOP
HANGOVER = 40 * _HOP


class NumberedDetector:
    """Follows one stream at 8 kHz.

    Attributes:
        speaking: speech has begun and not ended.
        floor_dbfs: of a line without noise.
    """

    floor_dbfs = -65.0

    def __init__(self) -> None:
        self.speaking = False
        self._at = 0
        self._loud = 0  # samples of what may become speech
        self._end = 0  # after the last loud one

    def process(self, pcm: Pcm16) -> list[SpeechStarted | SpeechEnded]:
        """Take the next audio, in whole hops of 10 ms."""
        found: list[SpeechStarted | SpeechEnded] = []
        if not self.speaking and not self._loud and not np.count_nonzero(pcm):
            self._at += pcm.size
            return found
        values = pcm[::_HOP].tolist()
        if self.speaking and values and all(values):
            self._at += len(values) * _HOP
            self._end = self._at
            return found
        for value in values:
            self._at += _HOP
            if value:
                self._loud += _HOP
                self._end = self._at
                if not self.speaking and self._loud >= ONSET:
                    self.speaking = True
                    found.append(SpeechStarted(self._at - self._loud))
            elif not self.speaking:
                self._loud = 0
            elif self._at - self._end >= HANGOVER:
                self.speaking, self._loud = False, 0
                found.append(SpeechEnded(self._end))
        return found
