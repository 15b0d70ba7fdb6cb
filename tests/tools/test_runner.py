import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from agent.errors import ToolError
from agent.tools import CallContext
from agent.tools.registry import ToolSet, read_function
from agent.tools.runner import ToolRunner
from tests.support.virtual_loop import run_virtually

CONTEXT = CallContext("x", "CA1", "+15550100199", Path("/nowhere"))


async def double(number: int, context: CallContext) -> dict[str, object]:
    """Double it."""
    return {"twice": number * 2, "call": context.call_id}


async def slow() -> str:
    """Take ten seconds."""
    await asyncio.sleep(10)
    return "done"


async def refuse() -> None:
    """Refuse."""
    raise ToolError("We are full: offer another day.", retryable=True)


async def crash() -> None:
    """Crash."""
    raise ValueError("Anna's number is 555")


async def own_timeout() -> None:
    """Run into a limit of its own."""
    raise TimeoutError("Anna")


async def own_cancellation() -> None:
    """Be let down by another task."""
    raise asyncio.CancelledError


async def leave() -> None:
    """Try to stop the service."""
    raise SystemExit(3)


async def odd() -> object:
    """Return what cannot be told."""
    return object()


def runner(*functions: Callable[..., Any], max_concurrent: int = 8) -> ToolRunner:
    read = [read_function(function) for function in functions]
    return ToolRunner(
        ToolSet({function.declaration.name: function for function in read}),
        max_concurrent=max_concurrent,
    )


def answer(function: Callable[..., Any], **args: object) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        return await runner(function).run("1", function.__name__, args, "k", CONTEXT)

    return run_virtually(main())


def test_a_function_is_run_with_what_the_model_sent() -> None:
    assert answer(double, number="4") == {"output": {"twice": 8, "call": "CA1"}}


def test_wrong_arguments_are_answered_and_nothing_runs() -> None:
    result = answer(double, number="four")
    assert result["retryable"] is True
    assert "double was not run: number: Input should be a valid integer" in result["error"]


def test_a_function_may_refuse_in_its_own_words() -> None:
    assert answer(refuse) == {"error": "We are full: offer another day.", "retryable": True}


@pytest.mark.parametrize("function", [crash, own_timeout, own_cancellation, leave])
def test_a_failure_is_answered_without_its_inside(function: Callable[..., Any]) -> None:
    name = function.__name__
    assert answer(function) == {
        "error": f"{name} failed on our side. Tell the caller that it did not work.",
        "retryable": False,
    }


def test_a_result_that_cannot_be_told_is_answered() -> None:
    assert answer(odd)["error"] == "The function ran, but its result cannot be told."


def test_a_slow_function_is_cancelled_and_answered_in_time() -> None:
    async def main() -> tuple[dict[str, Any], float]:
        result = await runner(slow).run("1", "slow", {}, "k", CONTEXT)
        return result, asyncio.get_running_loop().time()

    result, took = run_virtually(main())
    assert took == pytest.approx(7.0)
    assert result["retryable"] is False
    assert "It is not known whether it took effect" in result["error"]


def test_an_unknown_function_is_answered_with_the_known_ones() -> None:
    async def main() -> list[dict[str, Any]]:
        return [
            await runner(double).run("1", "duble", {}, "k", CONTEXT),
            await runner().run("1", "duble", {}, "k", CONTEXT),
        ]

    known, none = run_virtually(main())
    assert known["error"] == "There is no function of that name; known: double."
    assert none["error"].endswith("known: none.")


def test_fifty_at_once_wait_for_their_places_or_are_told() -> None:
    running = most = 0

    async def three_seconds() -> str:
        """Take three seconds."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(3)
        running -= 1
        return "done"

    async def main() -> list[dict[str, Any]]:
        tools = runner(three_seconds, max_concurrent=4)
        calls = (tools.run(str(n), "three_seconds", {}, str(n), CONTEXT) for n in range(50))
        return await asyncio.gather(*calls)

    answers = run_virtually(main())
    assert most == 4
    assert sum(answer == {"output": "done"} for answer in answers) == 8
    waited = {"error": "three_seconds was not run: too many at once.", "retryable": True}
    assert sum(answer == waited for answer in answers) == 38


def test_a_plain_function_runs_in_a_thread() -> None:
    def where() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    async def main() -> dict[str, Any]:
        return await runner(where).run("1", "where", {}, "k", CONTEXT)

    assert asyncio.run(main())["output"] != threading.main_thread().name


def test_the_log_holds_words_and_arguments_as_personal_data_only() -> None:
    with structlog.testing.capture_logs() as lines:
        answer(crash)
        answer(double, number="4")
    failed, _, finished = lines
    assert failed["event"] == "tool.failed"
    assert isinstance(failed.pop("exc_info"), ValueError)
    assert finished == {
        "event": "tool.finished",
        "log_level": "info",
        "tool": "double",
        "tool_call": "1",
        "seconds": 0.0,
        "ok": True,
        "pii.args": {"number": "4"},
        "pii.answer": {"output": {"twice": 8, "call": "CA1"}},
    }


def test_an_unknown_name_is_not_logged() -> None:
    async def main() -> None:
        await runner().run("1", "anna_miller", {}, "k", CONTEXT)

    with structlog.testing.capture_logs() as lines:
        run_virtually(main())
    assert lines[0]["tool"] == "(unknown)"
