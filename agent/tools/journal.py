"""What has begun to take effect, and what came of it: so that nothing takes effect twice.

A request goes through four states: requested, executing, committed with its result, answered. The
first and the last are the telephone call's own (`agent.call.requests`): the model asks, the model
gets the result. The two between are the journal's. Whoever wants to execute begins an entry; one
gets it, everybody else learns what is known. An entry that is neither committed nor abandoned when
its lease is over belonged to a run that died: whether it took effect is not known, and nobody runs
it again.

Source: docs/protocols/gemini-live.md C-15.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

MOST_KEPT = 2_000
"""Results in memory, of at most 8 KiB each; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Mine:
    """Nothing is known: the entry is yours. Execute, then `commit` or `abandon`."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else executes it: wait and ask again.

    Attributes:
        left_s: at the latest after this time it is committed, or given up for dead.
    """

    left_s: float


@dataclass(frozen=True, slots=True)
class Committed:
    """It has happened: this is the answer."""

    response: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unknown:
    """It began, and nobody knows whether it happened."""


type Known = Mine | Busy | Committed | Unknown


class Journal(Protocol):
    """Keeps entries by effect key. No method raises for a journal that is broken."""

    async def open(self) -> None:
        """Make ready; optional.

        Raises:
            ConfigError: the journal cannot be used, and why.
        """
        ...

    async def begin(self, key: str, lease_s: float) -> Known:
        """Ask for an entry; `Mine` makes it executing, for `lease_s` at most."""
        ...

    async def commit(self, key: str, response: Mapping[str, Any]) -> None:
        """Keep the result."""
        ...

    async def abandon(self, key: str) -> None:
        """Forget an entry: it did not take effect, and may be begun again."""
        ...

    async def close(self) -> None:
        """Let go of what is open; entries stay."""
        ...


class MemoryJournal:
    """A journal that lasts as long as the process.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._executing: dict[str, float] = {}  # until when
        self._committed: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._executing or key in self._committed

    async def open(self) -> None:
        """Nothing to do."""

    async def begin(self, key: str, lease_s: float) -> Known:
        """See `Journal.begin`."""
        now = self._clock()
        if (response := self._committed.get(key)) is not None:
            return Committed(response)
        if (until := self._executing.get(key)) is not None:
            return Busy(until - now) if now < until else Unknown()
        self._executing[key] = now + lease_s
        return Mine()

    async def commit(self, key: str, response: Mapping[str, Any]) -> None:
        """See `Journal.commit`."""
        self._executing.pop(key, None)
        self._committed[key] = dict(response)
        while len(self._committed) > MOST_KEPT:
            self._committed.popitem(last=False)

    async def abandon(self, key: str) -> None:
        """See `Journal.abandon`."""
        self._executing.pop(key, None)

    async def close(self) -> None:
        """Nothing to do."""


class Starts:
    """Counts what has really begun, where it begins: the proof that no gate before it leaks.

    Attributes:
        doubled: effects that began twice, by telephone call: the figure `tool_effects_doubled`.
    """

    def __init__(self) -> None:
        self.doubled: Counter[str] = Counter()
        self._begun: OrderedDict[str, None] = OrderedDict()

    def began(self, key: str, call_id: str) -> None:
        """A function that must not be repeated begins, now."""
        if key in self._begun:
            self.doubled[call_id] += 1
        self._begun[key] = None
        while len(self._begun) > MOST_KEPT:
            self._begun.popitem(last=False)

    def undone(self, key: str) -> None:
        """It said that it did not take effect and may be tried again."""
        self._begun.pop(key, None)
