"""Where the caller's utterances came to lie in what the model's stand-in received.

The stand-in knows samples by the connection they came on. What they are is found out by comparing
them with what the caller said: no word of the service between the two is taken for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.audio.pcm import Pcm16
from agent.audio.resample import Resampler
from agent.sim.included import Included, Placed, Range, Span, account
from agent.sim.recording import Recording

RATE_HZ = 16_000
BLOCK = 320  # 20 ms
LOUD = 400.0  # RMS
FOLLOWS = 0.9  # likeness of a block to the place where it is expected
FOUND = 0.8  # ... to the place that fits best of all
EDGE = 640
"""Samples at each end of an utterance that do not count: whole frames are lost or they are not."""

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Uplink:
    """What became of the caller's utterances, in ms.

    Attributes:
        lost_ms: of what has been answered, what never arrived; of the rest, what no session's
            present state includes: a resume may have left it behind.
        repeated_ms: had more than once by the same state.
    """

    lost_ms: float
    repeated_ms: float


def measure(
    said: Pcm16, utterances: Sequence[tuple[int, int, bool]], recording: Recording
) -> Uplink:
    """Compare what was said with what the sessions of one stand-in include.

    Args:
        said: what the caller said, at 8 kHz.
        utterances: start and end of each in it, and whether its answer was heard; in order.
    """
    reference = Resampler(8_000, RATE_HZ).process(said).astype(np.float64)
    within = [(2 * start, 2 * end) for start, end, _ in utterances]
    tapes = {name: record.tape or [] for name, record in recording.connections.items()}
    placed = [note for name, tape in tapes.items() for note in place(name, tape, reference, within)]
    inner = [(start + EDGE, end - EDGE) for start, end in within]
    answered = [span for span, (*_, yes) in zip(inner, utterances, strict=True) if yes]
    open_ = [span for span, (*_, yes) in zip(inner, utterances, strict=True) if not yes]
    sessions = list(recording.sessions.values())
    arrived = [Span(name, 0, sum(map(len, tape))) for name, tape in tapes.items()]
    present = [span for session in sessions for span in session.spans]
    lost = account(Included(arrived), placed, answered).n_missing
    lost += account(Included(present), placed, open_).n_missing
    repeated = max((account(one, placed, inner).n_repeated for one in sessions), default=0)
    return Uplink(1000 * lost / RATE_HZ, 1000 * repeated / RATE_HZ)


def place(
    connection: str, tape: Sequence[Pcm16], reference: Floats, within: Sequence[Range]
) -> Iterator[Placed]:
    """Find the loud blocks of one connection's audio in the caller's utterances.

    A run of blocks that follow one another is one note, widened by a block at each end: there the
    caller's sound begins or ends within a block.
    """
    search = _Search(reference, within)
    start = at = 0
    position = 0
    for message in tape:
        for begin in range(0, message.size - BLOCK + 1, BLOCK):
            block = message[begin : begin + BLOCK].astype(np.float64)
            here = position + begin
            expected = at + here - start if at else None
            found = search.find(block, expected)
            if found is None or found != expected:
                if at:
                    yield _note(connection, start, here, at)
                start, at = here, found or 0
        position += message.size
    if at:
        yield _note(connection, start, position, at)


def _note(connection: str, start: int, end: int, at: int) -> Placed:
    widened = min(BLOCK, start, at)
    return Placed(connection, start - widened, end - start + widened + BLOCK, at - widened)


class _Search:
    """Finds blocks in the utterances."""

    def __init__(self, reference: Floats, within: Sequence[Range]) -> None:
        self._reference = reference
        self._windows = [(start, reference[start:end]) for start, end in within]

    def find(self, block: Floats, expected: int | None) -> int | None:
        """Where a block stands in the caller's samples; None for a quiet one or a strange one."""
        power = float(block @ block)
        if power < BLOCK * LOUD**2:
            return None
        if expected is not None:
            there = self._reference[expected : expected + BLOCK]
            if there.size == BLOCK and _likeness(block, there, power) > FOLLOWS:
                return expected
        best, likeness = 0, FOUND
        for start, window in self._windows:
            if window.size < BLOCK:
                continue
            size = 1 << (window.size + BLOCK).bit_length()
            spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(block, size))
            products = np.fft.irfft(spectrum, size)[: window.size - BLOCK + 1]
            sums = np.cumsum(np.concatenate([[0.0], window**2]))
            powers = np.maximum(sums[BLOCK:] - sums[:-BLOCK], 1.0)
            likenesses = products / np.sqrt(powers * power)
            at = int(likenesses.argmax())
            if likenesses[at] > likeness:
                best, likeness = start + at, float(likenesses[at])
        return best or None


def _likeness(block: Floats, there: Floats, power: float) -> float:
    return float(block @ there) / float(np.sqrt(max(power * float(there @ there), 1.0)))
