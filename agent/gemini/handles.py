"""What a session can be resumed with, and how much of the talk each handle knows; without I/O.

A handle is a secret: whoever has it has the conversation. The newest one is resumed with, unless
the owner chooses another; then what that one does not know must be told, and sent, again.
Source: docs/protocols/gemini-live.md 3.7, C-19, C-33.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

MOST_KNOWN = 64
"""Handles remembered; an older one counts as one that was never given."""


class Knows(NamedTuple):
    """How much of the talk the state behind a handle has.

    Attributes:
        number: which one of the session's handles it is, from 1; 0: none of them.
        covered: caller audio, in samples of the session.
    """

    number: int
    covered: int


class Handles:
    """Of one session.

    Attributes:
        chosen: what to resume with; None: nothing.
        decided: the owner, or a refusal, has chosen it, and no connection has carried it since.
        count: how many the service has given; the number of the newest.
    """

    def __init__(self, first: str | None) -> None:
        self.chosen = first
        self.decided = False
        self.count = 0
        self._known: OrderedDict[str, Knows] = OrderedDict()

    def choose(self, handle: str | None) -> None:
        """Resume with this one from now on."""
        self.chosen = handle
        self.decided = True

    def came(self, handle: str, covered: int) -> int:
        """The service has given a handle, perhaps again; its number."""
        self.chosen = handle
        self.count += 1
        self._known.pop(handle, None)
        self._known[handle] = Knows(self.count, covered)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return self.count

    @property
    def knows(self) -> Knows:
        """How much the state behind the chosen one has."""
        return self._known.get(self.chosen or "", Knows(0, 0))
