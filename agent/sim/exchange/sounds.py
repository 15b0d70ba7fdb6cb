"""What the carrier and the people it reaches are heard to say: hums, beeps and keys; without I/O.

Nobody understands the hum; what it stands for is in the exchange's record.
"""

from functools import cache
from typing import Final

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.audio.tones import dtmf
from agent.sim.clips import RATE_HZ, Clip
from agent.sim.exchange.plan import Party
from agent.sim.script import Pause, Say, Script, WaitForEnd

CHARACTERS_PER_S: Final = 15.0
BEEP_HZ: Final = 1000
BEEP_S: Final = 0.4
STAYS_S: Final = 3_600.0
"""How long a party with no script of its own stays on the line."""

_LEVEL: Final = 3_000
_WAITS_S: Final = {"w": 0.5, "W": 1.0}


def _tone(hz: float, seconds: float) -> Pcm16:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(np.sin(2 * np.pi * hz * t) * _LEVEL).astype(np.int16)


@cache
def beep() -> bytes:
    """The tone after which one speaks, as mu-law."""
    return mulaw.encode(_tone(BEEP_HZ, BEEP_S))


def hum(text: str) -> bytes:
    """A hum about as long as the text takes to say, as mu-law."""
    return mulaw.encode(_tone(220, max(0.3, len(text) / CHARACTERS_PER_S)))


def keys(digits: str) -> bytes:
    """The sound of keys, with `w` and `W` for waits, as mu-law."""
    parts = []
    for digit in digits:
        if digit in _WAITS_S:
            parts.append(np.zeros(round(_WAITS_S[digit] * RATE_HZ), np.int16))
        else:
            parts.append(dtmf(digit))
    return mulaw.encode(np.concatenate(parts)) if parts else b""


def script_of(party: Party) -> Script:
    """What somebody does who has answered: a person says hello, a machine its greeting."""
    if party.script is not None:
        return party.script
    stays = WaitForEnd(timeout_s=STAYS_S)
    if party.answered_by in {"machine", "fax"}:
        greeting = max(party.greeting_s - BEEP_S, 0.1)
        said = Clip.of(_tone(260, greeting), "greeting")
        after = Clip.of(_tone(BEEP_HZ, BEEP_S), "beep")
        return [Say(said), Pause(0.1), Say(after), stays]
    return [Pause(0.3), Say(Clip.of(_tone(240, 0.6), "hello")), stays]
