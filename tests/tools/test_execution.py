import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog

from agent.errors import ToolError
from agent.tools import CallContext, repeatable
from agent.tools.execution import STOP_S, Answer, Outcome, execute
from agent.tools.python_function import read_function
from tests.support.virtual_loop import run_virtually

CONTEXT = CallContext("x", "CA1", None, Path("/nowhere"))
LIMIT_S = 5.0


async def run(
    function: Callable[..., Any], stuck: set[asyncio.Task[object]] | None = None
) -> tuple[Answer, float]:
    """The answer, and when it came."""
    time = asyncio.get_running_loop().time
    answer = await execute(read_function(function), {}, LIMIT_S, set() if stuck is None else stuck)
    return answer, time()


def executed(function: Callable[..., Any]) -> tuple[Answer, float]:
    return run_virtually(run(function))


async def fine() -> Mapping[str, int]:
    """Do it."""
    return {"number": 3}


async def long() -> str:
    """Tell too much."""
    return "x" * 50_000_000


async def full() -> None:
    """Have no table."""
    raise ToolError("We are full.", retryable=True)


async def never() -> None:
    """Refuse for good."""
    raise ToolError("We never do that.")


async def unheard() -> object:
    """Return what cannot be told."""
    return object()


async def wilful() -> object:
    """Return what does as it likes."""

    class Wilful(dict[str, int]):
        def items(self) -> Any:
            raise LookupError("Anna")

    return Wilful()


async def cancels_itself() -> None:
    """Be let down by another task."""
    raise asyncio.CancelledError


async def leaves() -> None:
    """Try to stop the service."""
    raise SystemExit(3)


async def hangs() -> None:
    """Hang."""
    await asyncio.sleep(1000)


@repeatable
async def looks_long() -> None:
    """Look for ever."""
    await asyncio.sleep(1000)


async def clears_up() -> str:
    """Tell what it knows when its time is up."""
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        return "half of it"
    return "all"


async def breaks_when_stopped() -> None:
    """Fail at its clearing up."""
    try:
        await asyncio.sleep(1000)
    finally:
        raise ValueError("Anna")


@pytest.mark.parametrize(
    ("function", "outcome", "stands", "words"),
    [
        (fine, Outcome.DONE, True, "'number': 3"),
        (long, Outcome.TRUNCATED, True, "only the beginning of 50000000 characters"),
        (full, Outcome.REFUSED, False, "We are full."),
        (never, Outcome.REFUSED, True, "We never do that."),
        (unheard, Outcome.REFUSED, True, "its result cannot be told"),
        (wilful, Outcome.FAILED, True, "wilful failed on our side"),
        (cancels_itself, Outcome.FAILED, True, "cancels_itself failed on our side"),
        (leaves, Outcome.FAILED, True, "leaves failed on our side"),
        (hangs, Outcome.TIMED_OUT, True, "It is not known whether it took effect"),
        (looks_long, Outcome.TIMED_OUT, True, "did not answer in time."),
        (clears_up, Outcome.DONE, True, "half of it"),
        (breaks_when_stopped, Outcome.TIMED_OUT, True, "not known whether it took effect"),
    ],
)
def test_whatever_a_function_does_the_model_has_an_answer_in_time(
    function: Callable[..., Any], outcome: Outcome, stands: bool, words: str
) -> None:
    answer, at = executed(function)
    assert (answer.outcome, answer.stands) == (outcome, stands)
    assert words in str(answer.response)
    assert "Anna" not in str(answer.response)
    assert at <= LIMIT_S


def test_a_look_up_that_took_too_long_may_be_repeated() -> None:
    answer, _ = executed(looks_long)
    assert answer.response == {"error": "looks_long did not answer in time.", "retryable": True}


def test_a_function_that_takes_no_notice_of_its_end_is_left_behind() -> None:
    async def main() -> None:
        over = asyncio.Event()

        async def stubborn() -> None:
            """Go on whatever happens."""
            while not over.is_set():
                with suppress(asyncio.CancelledError):
                    await over.wait()

        stuck: set[asyncio.Task[object]] = set()
        with structlog.testing.capture_logs() as lines:
            answer, at = await run(stubborn, stuck)
        assert answer.outcome is Outcome.TIMED_OUT
        assert at == LIMIT_S + STOP_S
        assert [line["event"] for line in lines] == ["tool.stuck"]
        assert len(stuck) == 1
        over.set()
        await asyncio.wait(stuck)
        await asyncio.sleep(0)
        assert not stuck

    run_virtually(main())


def test_a_thread_that_hangs_is_answered_for_in_time() -> None:
    gate = threading.Event()

    def hang() -> None:
        """Hang."""
        gate.wait()

    answer, at = executed(hang)
    gate.set()
    assert answer.outcome is Outcome.TIMED_OUT
    assert at == LIMIT_S


def cancelled_after(seconds: float, function: Callable[..., Any]) -> float:
    """Cancel a run half-way; returns when it was over."""

    async def main() -> float:
        task = asyncio.create_task(run(function))
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.get_running_loop().time()

    return run_virtually(main())


@pytest.mark.parametrize("function", [hangs, clears_up, breaks_when_stopped])
def test_a_run_that_is_cancelled_takes_its_function_along(
    function: Callable[..., Awaitable[Any]],
) -> None:
    assert cancelled_after(1.0, function) == 1.0


def test_a_run_that_is_cancelled_twice_does_not_lose_its_function() -> None:
    async def main() -> None:
        over, stuck = asyncio.Event(), set[asyncio.Task[object]]()

        async def stubborn() -> None:
            """Go on whatever happens."""
            while not over.is_set():
                with suppress(asyncio.CancelledError):
                    await over.wait()

        task = asyncio.create_task(run(stubborn, stuck))
        for _ in range(2):
            await asyncio.sleep(0.1)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(stuck) == 1
        over.set()
        await asyncio.wait(stuck)

    run_virtually(main())


def test_a_failure_is_in_the_log_with_its_cause() -> None:
    with structlog.testing.capture_logs() as lines:
        executed(leaves)
    assert lines[0]["event"] == "tool.failed"
    assert isinstance(lines[0]["exc_info"].__cause__, SystemExit)
