"""Both sides of a call on one clock, as stereo sound to be kept; without I/O.

Left is the caller, in the order of the carrier's stream, missing audio filled with silence. Right
is the agent as the caller heard it: each piece lies where the playout's clock says it was heard,
and what a barge-in took back is not in it. Only the last moments can still change, so whatever is
older than `HOLD_S` can be taken out and written, and memory stays small however long the call is.
"""

import numpy as np

from agent.audio import mulaw

RATE_HZ = 8000
HOLD_S = 0.5
"""Longer than the lead at the carrier, which is at most 0.3 s: older sound has been heard."""
EVERY_S = 1.0

_SILENCE = bytes([mulaw.SILENCE])


class _Track:
    """One side, from the first sample not yet taken."""

    def __init__(self) -> None:
        self.taken = 0
        self._audio = bytearray()

    @property
    def end(self) -> int:
        return self.taken + len(self._audio)

    def put(self, position: int, audio: bytes) -> None:
        self._audio += _SILENCE * (position - self.end)
        self._audio += audio

    def cut(self, position: int) -> None:
        del self._audio[max(0, position - self.taken) :]

    def take(self, until: int) -> bytes:
        n = until - self.taken
        audio = bytes(self._audio[:n])
        del self._audio[:n]
        self.taken = until
        return audio + _SILENCE * (n - len(audio))


class Recording:
    """The sound of one call.

    Attributes:
        due: when the next piece should be taken.
    """

    def __init__(self, began_at: float) -> None:
        self.due = began_at + HOLD_S + EVERY_S
        self._began_at = began_at
        self._caller = _Track()
        self._agent = _Track()
        self._stream_known = False
        self._paused = False

    def pause(self, now: float) -> None:
        """Put silence in the place of both sides from now on."""
        self._paused = True
        self._agent.cut(self._position(now))

    def resume(self) -> None:
        """Take the sound again that comes from now on."""
        self._paused = False

    def caller(self, audio: bytes, now: float) -> None:
        """The next piece of the caller's stream, 8 kHz mu-law; the first one ends `now`."""
        if self._paused:
            audio = _SILENCE * len(audio)
        position = self._caller.end
        if not self._stream_known:
            self._stream_known = True
            position = max(position, self._position(now) - len(audio))
        self._caller.put(position, audio)

    def agent(self, audio: bytes, at: float) -> None:
        """Agent's 8 kHz mu-law, which the caller hears from the time `at` on."""
        if self._paused:
            return
        self._agent.put(self._position(at), audio)

    def cleared(self, now: float) -> None:
        """What the caller had not heard by `now` will not be heard."""
        self._agent.cut(self._position(now))

    def stream_over(self) -> None:
        """The carrier's stream is over; where a next one lies is told by its first piece."""
        self._stream_known = False

    def take(self, now: float) -> bytes:
        """Return the sound from the last time on, up to `HOLD_S` ago.

        Returns:
            Interleaved int16, little-endian, 8 kHz: caller left, agent right.
        """
        self.due = now + EVERY_S
        return self._stereo(max(self._caller.taken, self._position(now - HOLD_S)))

    def rest(self, now: float) -> bytes:
        """Return what is left when the call is over; see `take`."""
        self._agent.cut(max(self._caller.taken, self._position(now)))
        return self._stereo(max(self._caller.end, self._agent.end))

    def _position(self, at: float) -> int:
        return max(0, round((at - self._began_at) * RATE_HZ))

    def _stereo(self, until: int) -> bytes:
        sides = [mulaw.decode(track.take(until)) for track in (self._caller, self._agent)]
        return np.column_stack(sides).astype("<i2", copy=False).tobytes()
