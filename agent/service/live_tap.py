"""How loud both sides of a call are: what the meters of a console show."""

from collections import deque

import numpy as np

from agent.call.tap import Tap

STEPS = 24
"""Of a meter, 2 dB each: finer ones would only make the feed longer."""
MOST_FRAMES = 16


def _steps() -> bytes:
    """The step of each mu-law code: its level below the loudest, in steps of 2 dB."""
    inverted = ~np.arange(256) & 0x7F
    magnitude = (((inverted & 0x0F) << 3) + 132 << (inverted >> 4)) - 132
    level_db = 20 * np.log10(np.maximum(magnitude, 1) / 32124)
    steps: list[int] = np.clip(np.ceil(STEPS + level_db / 2), 0, STEPS).astype(int).tolist()
    return bytes(steps)


_STEP_OF = _steps()


class LevelTap:
    """Keeps what was said since it was last looked at; it listens to the sound, and forgets it.

    Attributes:
        ears: who listens as well, since a call has one tap only.
    """

    def __init__(self) -> None:
        self.ears: list[Tap] = []
        self._caller: deque[bytes] = deque(maxlen=MOST_FRAMES)
        self._agent: deque[bytes] = deque(maxlen=MOST_FRAMES)

    def caller(self, mulaw: bytes) -> None:
        """The next piece of the caller's stream."""
        self._caller.append(mulaw)
        for ear in self.ears:
            ear.caller(mulaw)

    def agent(self, mulaw: bytes, at: float) -> None:
        """Audio that the caller hears soon: within the lead, which no eye notices."""
        self._agent.append(mulaw)
        for ear in self.ears:
            ear.agent(mulaw, at)

    def cleared(self, now: float) -> None:
        """The agent was silenced."""
        self._agent.clear()
        for ear in self.ears:
            ear.cleared(now)

    def levels(self) -> tuple[int, int]:
        """The loudest of the caller and of the agent since the last time, in steps."""
        return _loudest(self._caller), _loudest(self._agent)


def _loudest(frames: deque[bytes]) -> int:
    if not frames:
        return 0
    found = b"".join(frames).translate(_STEP_OF)
    frames.clear()
    return int(np.frombuffer(found, np.uint8).max())
