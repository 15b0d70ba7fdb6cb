"""Tests that are coroutines, as plain functions."""

import asyncio
from pathlib import Path

from agent.testing import synchronous


def test_an_asynchronous_test_becomes_a_plain_one() -> None:
    @synchronous
    async def test_something(tmp_path: Path, *, flag: bool = False) -> None:
        """What it is."""
        await asyncio.sleep(0)
        seen.append((tmp_path, flag))

    seen: list[tuple[Path, bool]] = []
    test_something(Path("x"), flag=True)
    assert seen == [(Path("x"), True)]
    assert (test_something.__name__, test_something.__doc__) == ("test_something", "What it is.")
