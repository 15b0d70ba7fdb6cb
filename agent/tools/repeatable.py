"""The mark of functions that may run again for the same request."""

from collections.abc import Callable
from typing import Any

_MARK = "__seamline_repeatable__"


def repeatable[F: Callable[..., Any]](function: F) -> F:
    """Mark a function that changes nothing: it only looks something up.

    When the model asks again, for instance because its connection was lost, such a function simply
    runs again; nothing is written down about it. Any other takes effect once for a request.
    """
    setattr(function, _MARK, True)
    return function


def is_repeatable(function: Callable[..., Any]) -> bool:
    """Whether a function bears the mark."""
    return getattr(function, _MARK, False) is True
