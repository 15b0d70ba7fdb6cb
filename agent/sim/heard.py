"""What the caller hears, apart from what was received for them; without I/O.

The carrier queues audio and plays it in order at 8,000 bytes a second:

    start = max(now, end);  end = start + bytes / 8000

A mark is due at the `end` in force when it came. Before `start` the caller hears silence. So the
record below is a list of pieces, each with the sample it starts at; a clear cuts the pieces that
were not heard yet. Positions are samples since the stream's first one: nothing is rounded twice.

Source: docs/protocols/twilio.md 3.4 and 9 (E11, E12).
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence

_SILENCE: Final = bytes([mulaw.SILENCE])


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence between two pieces because the queue ran dry.

    Attributes:
        start: position of its first sample.
        n_samples: how long it lasted.
        marked: a mark stood at the end of what came before: the sender was done with that.
    """

    start: int
    n_samples: int
    marked: bool


@dataclass(frozen=True, slots=True)
class PendingMark:
    """A mark in the queue: its name, when it came and when it is due, as positions."""

    name: str
    at: int
    due: int


class _Piece(Struct):
    start: int
    mulaw: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.mulaw)


class HeardLine:
    """The carrier's queue towards one caller and the record of what came out of it.

    Args:
        keep: hold everything for `pcm`; else only what was not listened to yet.

    Attributes:
        end: position at which the queue runs dry.
        marks: not echoed yet, in order.
        gaps: where it ran dry between two pieces; what a clear left silent is not counted.
        n_received: bytes queued. n_cut: bytes queued and never heard.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.end = 0
        self.marks: deque[PendingMark] = deque()
        self.gaps: list[Gap] = []
        self.n_received = 0
        self.n_cut = 0
        self._keep = keep
        self._kept: list[_Piece] = []
        self._ahead: deque[_Piece] = deque()  # not listened to in full
        self._last_mark_at = -1
        self._fresh = True  # nothing was queued since the start or the last clear

    @property
    def pieces(self) -> list[tuple[int, bytes]]:
        """What was heard or will be, as mu-law by the position of its first sample, in order.

        Silence lies between them. Only where everything is held.
        """
        return [(piece.start, piece.mulaw) for piece in self._kept]

    def play(self, audio: bytes, at: int) -> None:
        """Queue mu-law that arrived at position `at`."""
        start = max(at, self.end)
        if start > self.end and not self._fresh:
            self.gaps.append(Gap(self.end, start - self.end, self._last_mark_at == self.end))
        piece = _Piece(start, audio)
        self._ahead.append(piece)
        if self._keep:
            self._kept.append(piece)
        self.end = piece.end
        self.n_received += len(audio)
        self._fresh = False

    def mark(self, name: str, at: int) -> None:
        """Put a mark at the end of the queue: due at once when that is empty."""
        self._last_mark_at = self.end
        self.marks.append(PendingMark(name, at, max(self.end, at)))

    def reached(self, at: int) -> list[PendingMark]:
        """Take out the marks that are due at position `at`, in order."""
        reached = []
        while self.marks and self.marks[0].due <= at:
            reached.append(self.marks.popleft())
        return reached

    def cut(self, at: int) -> list[PendingMark]:
        """Empty the queue at position `at`; returns every mark that was in it, in order."""
        for piece in self._ahead:
            if piece.end > at:
                heard = max(at - piece.start, 0)
                self.n_cut += len(piece.mulaw) - heard
                piece.mulaw = piece.mulaw[:heard]
        # What is empty now lies where new audio will: it must not stand before it in the queue.
        self._ahead = deque(piece for piece in self._ahead if piece.mulaw)
        self.end = min(self.end, at)
        self._fresh = True
        cut = list(self.marks)
        self.marks.clear()
        return cut

    def is_silent(self, stop: int) -> bool:
        """Whether nothing plays before `stop` that was not listened to."""
        return not self._ahead or self._ahead[0].start >= stop

    def listen(self, start: int, stop: int) -> bytes:
        """What the caller hears from `start` to `stop`; calls go forward and do not overlap.

        `stop` must not lie in the future: only the past is certain.
        """
        parts = []
        position = start
        while self._ahead and self._ahead[0].start < stop:
            piece = self._ahead[0]
            begin, end = max(piece.start, start), min(piece.end, stop)
            if begin < end:
                parts.append(_SILENCE * (begin - position))
                parts.append(piece.mulaw[begin - piece.start : end - piece.start])
                position = end
            if piece.end > stop:
                break
            self._ahead.popleft()
        parts.append(_SILENCE * (stop - position))
        return b"".join(parts)

    def pcm(self, n_samples: int) -> Pcm16:
        """The first `n_samples` as heard: int16, 8 kHz, silence where nothing played."""
        heard = silence(n_samples)
        for piece in self._kept:
            samples = mulaw.decode(piece.mulaw)[: max(n_samples - piece.start, 0)]
            heard[piece.start : piece.start + len(samples)] = samples
        return heard
