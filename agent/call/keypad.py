"""Keys the caller presses: gathered into an entry, or one that does something alone; without I/O.

Whether a key is an entry of its own or the first of a longer one, only time tells: the 0 that asks
for a person may also begin an order number. So a key that does something alone waits for `pause_s`,
or for the key that ends entries. Only where the model is not told of keys no entry can begin with
it, and it acts at once; what is pressed within `pause_s` after it, in haste, does not act again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf


@dataclass(frozen=True, slots=True)
class KeyAct:
    """What a key does alone.

    Attributes:
        does: its name, for the timeline.
        text: what the model is told.
        ends_call: and whether the call then ends.
    """

    does: str
    text: str
    ends_call: bool = False


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What is made of the caller's keys.

    Attributes:
        pass_on: the model is told of entries.
        end: the key that ends one at once.
        pause_s: a pause this long ends one,
        most: and so does so long an entry.
        acts: what keys do alone.
    """

    pass_on: bool = True
    end: str = "#"
    pause_s: float = 1.5
    most: int = 32
    acts: Mapping[str, KeyAct] = field(default_factory=dict)


PLAIN = KeyPlan()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the caller pressed: personal data.

    Attributes:
        keys: all of it, with the key that ended it.
        act: what is done in place of telling the model; None: it is told.
    """

    keys: str
    act: KeyAct | None = None


class Keypad:
    """Collects the keys of one call.

    Attributes:
        deadline: when an entry is over; `inf`: none has begun.
    """

    def __init__(self, plan: KeyPlan = PLAIN) -> None:
        self.deadline = inf
        self._plan = plan
        self._keys = ""
        # Until then, a key still belongs to the entry before it, which was over already.
        self._after_until = -inf

    def press(self, key: str, now: float) -> bool:
        """Take one key; returns whether anything can come of it."""
        plan = self._plan
        after = now < self._after_until
        if not plan.pass_on:
            self._after_until = now if key == plan.end else now + plan.pause_s
            if after or key not in plan.acts:
                return False
            self._keys, self.deadline = key, now
            return True
        if after and not self._keys and key == plan.end:
            return False
        self._keys += key
        full = len(self._keys) >= plan.most
        ended = key == plan.end
        self.deadline = now if full or ended else now + plan.pause_s
        if full and not ended:
            self._after_until = now + plan.pause_s
        return True

    def due(self, now: float) -> Entry | None:
        """Return the finished entry, once; None when there is none."""
        if now < self.deadline:
            return None
        keys, self._keys = self._keys, ""
        self.deadline = inf
        return Entry(keys, self._plan.acts.get(keys.removesuffix(self._plan.end)))
