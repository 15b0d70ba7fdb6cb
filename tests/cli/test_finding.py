"""One check of `seamline doctor`: it may neither hang nor raise."""

import asyncio
import threading

import pytest

from agent.cli.finding import Finding, in_daemon, looked_at
from agent.errors import ConfigError
from tests.support.patient_loop import run_on_loopback


def test_a_check_that_hangs_has_failed() -> None:
    async def hangs() -> Finding:
        await asyncio.sleep(60)
        raise AssertionError

    found = run_on_loopback(looked_at("x", hangs, 10.0))
    assert (found.name, found.state, found.text) == ("x", "failed", "no end within 10 s")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("a: wrong", "b: wrong"), "a: wrong\nb: wrong"),
        (ZeroDivisionError("secret"), "ZeroDivisionError: the check itself went wrong"),
    ],
)
def test_a_check_that_raises_has_failed(error: Exception, text: str) -> None:
    async def fails() -> Finding:
        raise error

    found = run_on_loopback(looked_at("x", fails))
    assert (found.state, found.text) == ("failed", text)


def test_what_may_hang_is_done_aside_and_not_waited_for() -> None:
    never = threading.Event()

    async def main() -> None:
        assert await in_daemon(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await in_daemon(lambda: 1 // 0)
        waits = asyncio.ensure_future(in_daemon(never.wait))
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits

    run_on_loopback(main())
    never.set()  # its result comes after all, and is nobody's


def test_a_thread_that_outlives_the_loop_harms_nobody() -> None:
    never = threading.Event()

    async def leaves() -> None:
        task = asyncio.ensure_future(in_daemon(never.wait))
        await asyncio.sleep(0)
        assert not task.done()

    asyncio.run(leaves())
    never.set()
