"""Which of the caller's samples and tool results a session includes, and what that leaves out.

Without I/O. A server knows samples by the connection they came on; a test knows which of the
caller's samples it sent there. `account` brings both together.
Source: docs/protocols/gemini-live.md E-38.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """Samples `start` to `end` (exclusive) of one connection's audio, at 16 kHz."""

    connection: str
    start: int
    end: int


class Placed(NamedTuple):
    """A client's note: on this connection, samples from `start` were the caller's from `at`."""

    connection: str
    start: int
    n: int
    at: int


@dataclass(slots=True)
class Included:
    """What one state of a session includes.

    Attributes:
        spans: the caller's audio in the order in which the session had it.
        tool_results: ids of calls, in the order of their answers.
    """

    spans: list[Span] = field(default_factory=list)
    tool_results: list[str] = field(default_factory=list)

    @property
    def n_samples(self) -> int:
        """All audio in it."""
        return sum(span.end - span.start for span in self.spans)

    def add(self, connection: str, start: int, n: int) -> None:
        """The next `n` samples have been taken."""
        last = self.spans[-1] if self.spans else None
        if last is not None and (last.connection, last.end) == (connection, start):
            self.spans[-1] = Span(connection, last.start, start + n)
        elif n:
            self.spans.append(Span(connection, start, start + n))

    def copy(self, without: int = 0) -> Included:
        """The same as it stands now, but for the last `without` samples."""
        spans = list(self.spans)
        while spans and without:
            last = spans.pop()
            kept = max(last.end - last.start - without, 0)
            without -= last.end - last.start - kept
            if kept:
                spans.append(Span(last.connection, last.start, last.start + kept))
        return Included(spans, list(self.tool_results))


type Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the caller's samples.

    Attributes:
        missing: ranges of the caller's samples that are not included.
        repeated: ranges that are included more than once; twice too often is listed twice.
    """

    missing: tuple[Range, ...]
    repeated: tuple[Range, ...]

    @property
    def n_missing(self) -> int:
        """Samples lost."""
        return sum(end - start for start, end in self.missing)

    @property
    def n_repeated(self) -> int:
        """Samples had again."""
        return sum(end - start for start, end in self.repeated)


def account(included: Included, placed: Iterable[Placed], within: Sequence[Range]) -> Account:
    """Compare what a session includes with what the caller said.

    Args:
        placed: where the client put the caller's samples.
        within: the caller's samples that matter, such as his utterances; in order, apart.
    """
    notes = sorted(placed)
    had = [range_ for span in included.spans for range_ in _callers(span, notes)]
    missing: list[Range] = []
    repeated: list[Range] = []
    for wanted in within:
        left, again = _compare(wanted, had)
        missing += left
        repeated += again
    return Account(tuple(missing), tuple(repeated))


def _callers(span: Span, notes: Iterable[Placed]) -> list[Range]:
    """A span in the caller's own samples, in its order."""
    found = []
    for connection, first, n, at in notes:
        if connection != span.connection or first >= span.end or first + n <= span.start:
            continue
        start, end = max(span.start, first), min(span.end, first + n)
        if start < end:
            found.append((start + at - first, end + at - first))
    return found


def _compare(wanted: Range, had: Iterable[Range]) -> tuple[list[Range], list[Range]]:
    """What of a range is missing, and what is there again."""
    edges: list[tuple[int, int]] = []
    for start, end in had:
        if start < wanted[1] and end > wanted[0]:
            edges += [(max(start, wanted[0]), 1), (min(end, wanted[1]), -1)]
    missing: list[Range] = []
    repeated: list[Range] = []
    at, depth = wanted[0], 0
    for edge, step in sorted([*edges, (wanted[1], 0)]):
        if edge > at:
            missing += [(at, edge)] if depth == 0 else []
            repeated += [(at, edge)] * (depth - 1)
        at, depth = edge, depth + step
    return missing, repeated
