"""What the model still says of a turn that is over, which nobody is to hear; without I/O.

Output comes late after a turn that was received whole or that the service stopped: for a moment.
After one that our side cut it goes on until the service says that it has stopped. Any sign that
the service has gone on to something else ends it, for then what comes belongs to that.

Source: docs/protocols/gemini-live.md 3.3, C-11, B28.
"""

from math import inf

LATE_S = 1.0
"""Output within this time after the end of its turn is late; after it, it is a new turn's."""


class LateOutput:
    """One call's.

    Attributes:
        dropped: chunks that came late.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._until = -inf
        self._all_came = False  # of what the model said last, as its service says

    @property
    def unended(self) -> bool:
        """A turn was cut, and the service has not said that it stopped."""
        return self._until == inf

    def expected(self, now: float) -> bool:
        """Whether what comes now is late."""
        return now < self._until

    def dropped_now(self, now: float) -> bool:
        """The same of a chunk that has come; if so it is counted."""
        late = self.expected(now)
        self.dropped += late
        return late

    def turn_begins(self) -> None:
        """Output of another turn has come."""
        self._until = -inf
        self._all_came = False

    def over(self) -> None:
        """Whatever comes now belongs to another turn."""
        self._until = -inf

    def caller_heard(self) -> None:
        """The service tells what the caller says: of a turn that had all come it sends no rest."""
        if self._all_came:
            self._until = -inf

    def answer_may_come(self) -> None:
        """The service waits to answer; only what our side cut is still dropped."""
        if not self.unended:
            self._until = -inf

    def turn_cut(self) -> None:
        """Our side cut a turn of which more will come."""
        self._until = inf

    def all_came(self, now: float, *, of_open: bool) -> None:
        """The service says that it has sent all of a turn: the open one, or one before."""
        self._all_came = True
        if of_open or self.unended:
            self._until = now + LATE_S

    def stopped(self, now: float, *, turn_open: bool) -> None:
        """The service says that it has stopped; a turn that had all come has no rest."""
        if self._all_came:
            self._until = -inf
        elif turn_open or self.unended:
            self._until = now + LATE_S
