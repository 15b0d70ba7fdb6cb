"""A dictionary of the latest entries: so many, and the oldest go first."""

from collections import OrderedDict


class Latest[K, V](OrderedDict[K, V]):
    """What was set last is the latest, also under a key that was there.

    Args:
        most: entries.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)
