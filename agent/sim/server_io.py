"""What the model's stand-in asks of its shell, and the sound it is given back, without I/O."""

from __future__ import annotations

import base64

from msgspec import Struct

from agent.audio.pcm import Pcm16, to_bytes

RATE_HZ = 24_000


class Send(Struct, frozen=True):
    """Put a frame on the socket: UTF-8 JSON."""

    frame: bytes


class Close(Struct, frozen=True):
    """Close the socket, after everything sent before; the reason fits into 123 bytes."""

    code: int
    reason: str


class Drop(Struct, frozen=True):
    """Take the socket away, without a close frame; what was sent before may be lost."""


class Hear(Struct, frozen=True):
    """Recognise an utterance; answer with `heard(utterance_id, text, now)`.

    Attributes:
        grammar: what may be said, in the Java Speech Grammar Format; "" for anything.
    """

    utterance_id: int
    pcm16k: Pcm16
    grammar: str


class Speak(Struct, frozen=True):
    """Make speech of a text; answer with `spoken(speech_id, speech, now)`."""

    speech_id: int
    text: str


type ServerOutput = Send | Close | Drop | Hear | Speak


class Chunk(Struct, frozen=True):
    """One audio part as it stands on the wire: its length and its base64."""

    seconds: float
    base64: bytes


class Speech:
    """A spoken reply: 24 kHz samples, cut and encoded once however often it is sent.

    Args:
        encoded: the base64 of all of it, where that is known already.
    """

    def __init__(self, pcm24k: Pcm16, encoded: bytes = b"") -> None:
        self.pcm24k = pcm24k
        self._encoded = encoded
        self._cut: dict[tuple[tuple[int, ...], float], tuple[Chunk, ...]] = {}

    @property
    def seconds(self) -> float:
        """How long it takes to listen to."""
        return self.pcm24k.size / RATE_HZ

    def chunks(self, chunk_ms: tuple[int, ...], whole_below_s: float) -> tuple[Chunk, ...]:
        """Parts of these lengths, taken in turn; the last one is what is left, however odd."""
        key = (chunk_ms, whole_below_s)
        if key not in self._cut:
            self._cut[key] = tuple(self._chunk(*ends) for ends in self._ends(*key))
        return self._cut[key]

    def _ends(self, chunk_ms: tuple[int, ...], whole_below_s: float) -> list[tuple[int, int]]:
        if self.seconds < whole_below_s:
            return [(0, self.pcm24k.size)] if self.pcm24k.size else []
        ends: list[tuple[int, int]] = []
        start = 0
        while start < self.pcm24k.size:
            end = min(
                start + chunk_ms[len(ends) % len(chunk_ms)] * RATE_HZ // 1000, self.pcm24k.size
            )
            ends.append((start, end))
            start = end
        return ends

    def _chunk(self, start: int, end: int) -> Chunk:
        seconds = (end - start) / RATE_HZ
        if self._encoded and start % 3 == end % 3 == 0:  # three samples are eight characters
            return Chunk(seconds, self._encoded[start // 3 * 8 : end // 3 * 8])
        return Chunk(seconds, base64.b64encode(to_bytes(self.pcm24k[start:end])))
