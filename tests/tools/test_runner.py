import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import structlog

from agent.errors import ToolError
from agent.tools import CallContext
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet
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


async def interrupt() -> None:
    """Try to stop it in another way."""
    raise KeyboardInterrupt


async def odd() -> object:
    """Return what cannot be told."""
    return object()


NO_LIMITS: Mapping[str, int] = MappingProxyType({})


def runner(
    *functions: Callable[..., Any], max_concurrent: int = 8, at_once: Mapping[str, int] = NO_LIMITS
) -> ToolRunner:
    read = [read_function(function) for function in functions]
    return ToolRunner(
        ToolSet({function.declaration.name: function for function in read}, at_once),
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


def counted(function: Callable[..., Any], name: str = "", **args: object) -> tuple[Any, Any]:
    """The answer to one call, and the counters after it."""

    async def main() -> tuple[Any, Any]:
        tools = runner(function)
        answer = await tools.run("1", name or function.__name__, args, "k", CONTEXT)
        return answer, dict(tools.counters)

    return run_virtually(main())


async def huge() -> list[str]:
    """Return fifty megabytes."""
    return ["x" * 1000] * 50_000


@pytest.mark.parametrize(
    ("function", "name", "args", "outcome"),
    [
        (double, "", {"number": 4}, "done"),
        (huge, "", {}, "truncated"),
        (refuse, "", {}, "refused"),
        (odd, "", {}, "refused"),
        (crash, "", {}, "failed"),
        (leave, "", {}, "failed"),
        (interrupt, "", {}, "failed"),
        (slow, "", {}, "timed_out"),
        (double, "drop_table", {}, "unknown_tool"),
        (double, "", {"number": "four"}, "bad_arguments"),
        (double, "", {}, "bad_arguments"),
        (double, "", {"number": 4, "context": {}}, "bad_arguments"),
        (double, "", {"number": [[[{}]]] * 1000}, "bad_arguments"),
        (double, "", {"number": [None] * 100_000}, "bad_arguments"),
        (double, "", {"number": "4" * 1_000_000}, "bad_arguments"),
    ],
)
def test_whatever_happens_is_answered_and_counted(
    function: Callable[..., Any], name: str, args: dict[str, Any], outcome: str
) -> None:
    answer, counters = counted(function, name, **args)
    assert counters == {outcome: 1}
    assert ("output" in answer) is (outcome in {"done", "truncated"})
    assert "Anna" not in str(answer)


def test_more_arguments_than_anybody_means_are_not_even_checked() -> None:
    @dataclass
    class Line:
        article: str

    def order(lines: list[Line]) -> str:
        """Take an order."""
        raise AssertionError(len(lines))

    looked_at = 1100
    sent = Costly([{"article": "x"}] * 100_000)
    with structlog.testing.capture_logs() as lines:
        answer, _ = counted(order, lines=sent)
    assert lines[-1]["pii.args"] == "(more than is taken)"
    assert answer == {
        "error": "order was not run: that is more than it takes. Call it again with less.",
        "retryable": True,
    }
    assert sent.given < looked_at


class Costly(list[dict[str, str]]):
    """A list that counts what is taken out of it.

    Attributes:
        given: so many.
    """

    given = 0

    def __iter__(self) -> Iterator[dict[str, str]]:
        for item in super().__iter__():
            self.given += 1
            yield item


def test_a_huge_result_is_cut_and_says_so() -> None:
    answer, _ = counted(huge)
    assert answer["truncated"] == "Too long: only the first 7 of 50000 items are here."


def test_a_check_of_arguments_that_breaks_is_answered() -> None:
    @dataclass
    class Touchy:
        at: str

        def __post_init__(self) -> None:
            raise KeyError("Anna")

    async def book(visit: Touchy) -> str:
        """Book."""
        return "done"

    # A type of this very function is not to be found by its name.
    book.__annotations__["visit"] = Touchy
    answer, counters = counted(book, visit={"at": "7"})
    assert counters == {"failed": 1}
    assert answer["error"].startswith("book failed on our side")


def test_the_same_call_twice_is_one_effect_and_counted_as_such() -> None:
    async def main() -> None:
        tools = runner(slow_enough)
        calls = (tools.run(id, "slow_enough", {}, "k", CONTEXT) for id in ("1", "2"))
        assert await asyncio.gather(*calls) == [{"output": "done"}] * 2
        assert await tools.run("3", "slow_enough", {}, "k", CONTEXT) == {"output": "done"}
        assert tools.counters == {"joined": 1, "done": 2, "known": 1}

    run_virtually(main())


async def slow_enough() -> str:
    """Take a second."""
    await asyncio.sleep(1)
    return "done"


def test_fifty_at_once_are_counted() -> None:
    async def a_while() -> str:
        """Take a while."""
        await asyncio.sleep(1.5)
        return "done"

    async def main() -> None:
        tools = runner(a_while, max_concurrent=4)
        calls = (tools.run(str(n), "a_while", {}, str(n), CONTEXT) for n in range(50))
        await asyncio.gather(*calls)
        assert tools.counters == {"done": 16, "timed_out": 4, "full": 30}

    run_virtually(main())


def test_a_call_that_ends_half_way_is_counted() -> None:
    async def main() -> None:
        tools = runner(slow_enough)
        task = asyncio.create_task(tools.run("1", "slow_enough", {}, "k", CONTEXT))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tools.counters == {"cancelled": 1}
        await tools.close(5)

    run_virtually(main())


def test_a_function_that_cannot_be_stopped_holds_up_neither_call_nor_close() -> None:
    async def main() -> None:
        over = asyncio.Event()

        async def stubborn() -> None:
            """Go on whatever happens."""
            while not over.is_set():
                try:
                    await over.wait()
                except asyncio.CancelledError:
                    continue

        tools = runner(stubborn, double)
        task = asyncio.create_task(tools.run("1", "stubborn", {}, "k", CONTEXT))
        await asyncio.sleep(0.5)
        await tools.close()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(tools.stuck) == 1
        assert (await tools.run("2", "double", {"number": 1}, "l", CONTEXT))["output"]["twice"] == 2
        over.set()
        await asyncio.wait(tools.stuck)

    run_virtually(main())
