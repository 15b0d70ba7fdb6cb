"""A gate that is shut for a while."""

import asyncio

import pytest

from agent.sim.phone_gate import Gate
from tests.support.virtual_loop import run_virtually


async def passes_at(gate: Gate) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await gate.passed()
    return loop.time() - began


def test_it_is_open_until_it_is_shut_and_then_for_as_long_as_was_said() -> None:
    async def main() -> None:
        gate = Gate()
        assert not gate.is_shut
        assert await passes_at(gate) == 0.0
        gate.shut(3.0)
        assert gate.is_shut
        assert await passes_at(gate) == pytest.approx(3.0)
        assert not gate.is_shut

    run_virtually(main())


def test_what_was_said_last_counts() -> None:
    async def main() -> None:
        gate = Gate()
        gate.shut(3.0)
        gate.shut(5.0)
        assert await passes_at(gate) == pytest.approx(5.0)
        gate.shut(5.0)
        gate.open()
        assert await passes_at(gate) == 0.0
        gate.shut(5.0)
        await asyncio.sleep(1.0)
        assert await passes_at(gate) == pytest.approx(4.0)

    run_virtually(main())
