"""What happened in a call and when, as plain data, without I/O.

Not a log: it is kept with the call and dumped on demand. Personal data stands only under keys that
start with `pii.` (docs/style.md section 10).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

CAPACITY = 5000


class Entry(NamedTuple):
    """One thing that happened, `t` seconds after the call began (to the caller's ear or ours)."""

    t: float
    name: str
    values: Mapping[str, object]


class Timeline:
    """A bounded list of entries.

    The beginning of a call matters most and its end is in the report, so a full timeline keeps
    what it has and counts what it does not take.

    Attributes:
        dropped: entries not kept.
    """

    def __init__(self, began_at: float, capacity: int = CAPACITY) -> None:
        self.began_at = began_at
        self.dropped = 0
        self._entries: list[Entry] = []
        self._capacity = capacity

    def add(self, now: float, name: str, **values: object) -> None:
        """Note that `name` happened at `now` (monotonic seconds), which may lie in the past."""
        if len(self._entries) >= self._capacity:
            self.dropped += 1
            return
        self._entries.append(Entry(round(now - self.began_at, 4), name, values))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def since(self, index: int) -> list[Entry]:
        """Return entries from `index` on: what a live view has not shown yet."""
        return self._entries[index:]
