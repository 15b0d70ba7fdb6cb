"""What somebody hears who listens to a call: both sides, as the caller hears them, in one sound."""

from collections.abc import Callable

import numpy as np

from agent.audio import mulaw

RATE_HZ = 8000
MOST_AHEAD = 5 * RATE_HZ
"""The agent's audio that waits until the caller hears it, which is a moment later."""

_SILENCE = bytes([mulaw.SILENCE])


class Ear:
    """A tap that mixes a call.

    The caller's frames are the clock: with each, what he heard of the agent meanwhile is heard.

    Args:
        time: the loop's.
        hear: is given what is to be heard, 8 kHz mu-law.
    """

    def __init__(self, time: Callable[[], float], hear: Callable[[bytes], None]) -> None:
        self._time = time
        self._hear = hear
        self._agent = bytearray()
        self._from = 0.0  # when the caller hears the first of it

    def caller(self, mulaw: bytes) -> None:
        """The next piece of the caller's stream: mix and pass on."""
        heard = self._heard(len(mulaw))
        self._hear(mulaw if heard is None else _mixed(mulaw, heard))

    def agent(self, mulaw: bytes, at: float) -> None:
        """Audio that the caller hears from the time `at` on."""
        if not self._agent:
            self._from = at
        gap = round((at - self._from) * RATE_HZ) - len(self._agent)
        if len(self._agent) + gap + len(mulaw) <= MOST_AHEAD:
            self._agent += _SILENCE * gap + mulaw

    def cleared(self, now: float) -> None:
        """What the caller had not heard by `now` will not be heard."""
        del self._agent[max(0, round((now - self._from) * RATE_HZ)) :]

    def _heard(self, n: int) -> bytes | None:
        """The agent's last `n` samples that the caller heard; None: silence."""
        ahead = round((self._time() - self._from) * RATE_HZ)
        if not self._agent or ahead <= 0:
            return None
        behind = max(0, ahead - n)  # what is older was due before: it is too late for it
        piece = bytes(self._agent[behind:ahead])
        del self._agent[:ahead]
        self._from += ahead / RATE_HZ
        return piece.rjust(n, _SILENCE) if ahead < n else piece.ljust(n, _SILENCE)


def _mixed(one: bytes, other: bytes) -> bytes:
    together = mulaw.decode(one).astype(np.int32) + mulaw.decode(other)
    return mulaw.encode(together.clip(-32768, 32767).astype(np.int16))
