"""What the service says it has taken in, by the numbers of one connection; without I/O.

Source: docs/protocols/gemini-live.md 3.7, C-24.
"""

from __future__ import annotations

from collections import Counter


class TakenIn:
    """Of what was sent on the present connection, what the resumable state includes.

    Attributes:
        up_to: the number of the last message that it does.
        exact: that was said, and what it does not include is all kept.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self.up_to = 0
        self.exact = False
        self._last = 0  # the number of the last one sent
        self._said = 0  # the highest number named
        self._hole = 0  # the number of the last one that was forgotten before its time

    def sent(self, index: int) -> None:
        """A message was sent under that number."""
        self._last = index

    def said(self, index: int) -> None:
        """The service names a number: the state is good up to there.

        One that is less than the last is counted and says nothing new; one beyond what was sent
        means all that was.
        """
        if index < self._said:
            self._counters["acknowledgements_backwards"] += 1
        self._said = max(index, self._said)
        self.exact = self.exact or index >= self._hole
        self.up_to = max(self.up_to, min(index, self._last))

    def forgot(self, index: int) -> None:
        """A message is not kept any more: without it, the rest is not all that is missing."""
        if index > self.up_to:
            self.exact, self._hole = False, max(self._hole, index)

    def begin(self, *, exact: bool) -> None:
        """A new connection, of which nothing was said yet.

        Args:
            exact: it is being sent all that its state lacks.
        """
        self.up_to = self._last = self._said = self._hole = 0
        self.exact = exact
