"""Times that may be absent, without I/O."""

from __future__ import annotations


def earlier(one: float | None, other: float | None) -> float | None:
    """The earlier of two times; None is never."""
    if one is None:
        return other
    return one if other is None or one <= other else other
