"""How often something may happen: token buckets by name, in bounded memory; without I/O."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

MOST_BUCKETS = 50_000
"""A bucket is some 200 bytes; the one that was used longest ago goes first."""


@dataclass(slots=True)
class Bucket:
    """Fills evenly, up to its size; what happens takes one out.

    Attributes:
        size: so many at once.
        per_s: so many more with each second.
        left: in it at `at`.
    """

    size: float
    per_s: float
    left: float
    at: float

    def level(self, now: float) -> float:
        """How many are in it."""
        return min(self.size, self.left + max(0.0, now - self.at) * self.per_s)

    def take(self, now: float) -> bool:
        """Take one out, if there is one."""
        level = self.level(now)
        self.at = max(self.at, now)
        self.left = level - 1 if level >= 1 else level
        return level >= 1

    def wait_s(self, now: float) -> float:
        """How long until there is one."""
        return max(0.0, 1 - self.level(now)) / self.per_s


class Buckets:
    """One bucket for each name.

    Args:
        most: that are remembered. A name that is forgotten begins with a full bucket, so that many
            names make room for one; what all of them may do together is limited elsewhere.
    """

    def __init__(self, most: int = MOST_BUCKETS) -> None:
        self._most = most
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: Hashable, n: float, per_s: float, now: float) -> bool:
        """Take one from this name's bucket, if there is one.

        Args:
            n: the bucket's size; it may have changed since the last time.
            per_s: how fast it fills.
        """
        return self.of(name, n, per_s, now).take(now)

    def of(self, name: Hashable, n: float, per_s: float, now: float) -> Bucket:
        """This name's bucket; it is full when there was none."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(n, per_s, n, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        elif (bucket.size, bucket.per_s) != (n, per_s):
            bucket.left, bucket.at = min(n, bucket.level(now)), now
            bucket.size, bucket.per_s = n, per_s
        self._buckets.move_to_end(name)
        return bucket
