"""The sound of a key, as a telephone makes it while the key is down; without I/O.

Source: docs/protocols/twilio.md 9 (E14).
"""

from functools import cache

from agent.audio.tones import dtmf
from agent.sim.clips import Clip


@cache
def key_tone(digit: str) -> Clip:
    """A tenth of a second of a key and as much of silence, in frames of 20 ms.

    Raises:
        ValueError: there is no such key.
    """
    return Clip.of(dtmf(digit))
