"""What comes of one function that the model calls, and what the log has of it."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from tests.support.virtual_loop import run_virtually
from tests.tools.functions import (
    CONTEXT,
    answer,
    crash,
    double,
    leave,
    odd,
    own_cancellation,
    own_timeout,
    refuse,
    runner,
    slow,
)


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


def test_one_with_few_places_of_its_own_leaves_the_others_to_the_rest() -> None:
    order: list[str] = []

    async def slow() -> None:
        """Take three seconds."""
        order.append("slow")
        await asyncio.sleep(3)

    async def quick() -> None:
        """Take none."""
        order.append("quick")

    async def main() -> list[dict[str, Any]]:
        tools = runner(slow, quick, max_concurrent=4, at_once={"slow": 1})
        names = ["slow"] * 4 + ["quick"] * 4
        calls = (tools.run(str(n), name, {}, str(n), CONTEXT) for n, name in enumerate(names))
        return await asyncio.gather(*calls)

    answers = run_virtually(main())
    assert order == ["slow", *["quick"] * 4, "slow", "slow"]
    waited = {"error": "slow was not run: too many at once.", "retryable": True}
    assert [answer == waited for answer in answers] == [False] * 3 + [True] + [False] * 4


def test_a_plain_function_runs_in_a_thread() -> None:
    def where() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    async def main() -> dict[str, Any]:
        return await runner(where).run("1", "where", {}, "k", CONTEXT)

    assert asyncio.run(main())["output"] != threading.main_thread().name


def test_what_is_said_in_private_is_not_in_the_log_at_all() -> None:
    asked = iter([False, True])  # the pause began while the function ran

    async def main() -> None:
        context = replace(CONTEXT, private=lambda: next(asked))
        await runner(double).run("1", "double", {"number": "4929"}, "k", context)

    with structlog.testing.capture_logs() as lines:
        run_virtually(main())
    [line] = lines
    assert line["tool"] == "double"
    assert not any(key.startswith("pii.") for key in line)


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
        "outcome": "done",
        "pii.args": {"number": "4"},
        "pii.answer": {"output": {"twice": 8, "call": "CA1"}},
    }


def test_an_unknown_name_is_not_logged() -> None:
    async def main() -> None:
        await runner().run("1", "anna_miller", {}, "k", CONTEXT)

    with structlog.testing.capture_logs() as lines:
        run_virtually(main())
    assert lines[0]["tool"] == "(unknown)"


# Whatever happens: an answer, and a counter.
