"""Tests that are coroutines, for a test runner that knows only functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any


def synchronous[**P](test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test that is `async` a plain function, for pytest without any plugin.

    What the test asks for by its parameters, it gets as before.
    """

    @wraps(test)
    def plain(*args: P.args, **keywords: P.kwargs) -> None:
        asyncio.run(test(*args, **keywords))

    return plain
