"""Whatever a function or the model does is answered and counted."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from tests.support.virtual_loop import run_virtually
from tests.tools.functions import (
    CONTEXT,
    crash,
    double,
    interrupt,
    leave,
    odd,
    refuse,
    runner,
    slow,
)


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
