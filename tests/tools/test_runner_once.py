"""For one key, one effect: whoever asks, whenever, and whatever becomes of them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from agent.errors import ToolError
from agent.tools import CallContext, repeatable
from agent.tools.journal import MemoryJournal
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet
from agent.tools.runner import LEASE_MARGIN_S, ToolRunner
from tests.support.virtual_loop import run_virtually

CONTEXT = CallContext("x", "CA1", "+15550100199", Path("/nowhere"))
UNKNOWN = "It is not known whether it took effect"


class Business:
    """Functions that note when they begin and when they are done.

    Attributes:
        began, done: how often.
    """

    def __init__(self, *, max_concurrent: int = 8) -> None:
        self.began = 0
        self.done = 0
        self.keys: list[str] = []
        self.refusals: list[ToolError] = []

        async def book(context: CallContext, people: int = 2) -> dict[str, int]:
            """Take a second."""
            self.began += 1
            self.keys.append(context.idempotency_key)
            if self.refusals:
                raise self.refusals.pop()
            await asyncio.sleep(1)
            self.done += 1
            return {"number": self.done, "people": people}

        async def dawdle() -> None:
            """Take too long."""
            self.began += 1
            await asyncio.sleep(60)

        @repeatable
        async def look() -> int:
            """Look."""
            self.began += 1
            await asyncio.sleep(1)
            self.done += 1
            return self.done

        functions = [read_function(book), read_function(dawdle), read_function(look, 3.0)]
        self.tools = ToolSet({f.declaration.name: f for f in functions})
        self.now = asyncio.get_running_loop().time
        self.journal = MemoryJournal(lambda: self.now())
        self.runner = self.open_runner(max_concurrent)

    def open_runner(self, max_concurrent: int = 8) -> ToolRunner:
        return ToolRunner(self.tools, self.journal, max_concurrent=max_concurrent)

    def start(self, key: str, name: str = "book", **args: object) -> asyncio.Task[dict[str, Any]]:
        return asyncio.create_task(self.runner.run("1", name, args, key, CONTEXT))


async def cancelled(task: asyncio.Task[dict[str, Any]]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def case(main: Callable[[Business], Awaitable[None]]) -> None:
    async def run() -> None:
        business = Business()
        await main(business)
        await business.runner.close(60)
        assert not business.runner.starts.doubled

    run_virtually(run())


def test_two_runs_of_one_key_are_one_effect_with_one_answer() -> None:
    async def main(b: Business) -> None:
        answers = await asyncio.gather(b.start("k"), b.start("k"))
        assert list(answers) == [{"output": {"number": 1, "people": 2}}] * 2
        assert await b.start("k") == answers[0]
        assert b.began == 1
        assert (await b.start("other"))["output"]["number"] == 2

    case(main)


def test_a_function_is_told_a_key_to_hand_on() -> None:
    async def main(b: Business) -> None:
        await b.start("k")
        assert b.keys == ["k"]

    case(main)


def test_a_function_that_has_begun_is_finished_though_its_call_is_over() -> None:
    async def main(b: Business) -> None:
        first = b.start("k")
        await asyncio.sleep(0.5)
        await cancelled(first)
        assert await b.start("k") == {"output": {"number": 1, "people": 2}}
        assert (b.began, b.done) == (1, 1)

    case(main)


def test_one_of_two_that_wait_may_leave() -> None:
    async def main(b: Business) -> None:
        first, second = b.start("k"), b.start("k")
        await asyncio.sleep(0)
        await cancelled(first)
        assert (await second)["output"]["number"] == 1

    case(main)


def test_a_function_that_has_not_begun_does_not_begin_once_it_is_cancelled() -> None:
    async def main() -> None:
        b = Business(max_concurrent=1)
        first, second = b.start("one"), b.start("two")
        await asyncio.sleep(0.5)
        await cancelled(second)
        await first
        assert b.began == 1
        assert (await b.start("two"))["output"]["number"] == 2

    run_virtually(main())


def test_a_request_made_again_does_not_get_into_the_one_that_is_being_cancelled() -> None:
    async def main() -> None:
        b = Business(max_concurrent=1)
        first, second = b.start("one"), b.start("two")
        await asyncio.sleep(0.5)
        second.cancel()
        again = b.start("two")
        assert (await again)["output"]["number"] == 2
        assert (await first)["output"]["number"] == 1
        assert second.cancelled()

    run_virtually(main())


def test_a_refusal_stands_unless_it_may_be_tried_again() -> None:
    async def main(b: Business) -> None:
        b.refusals = [ToolError("never"), ToolError("later", retryable=True)]
        assert await b.start("k") == {"error": "later", "retryable": True}
        assert await b.start("k") == {"error": "never", "retryable": False}
        assert await b.start("k") == {"error": "never", "retryable": False}
        assert b.began == 2

    case(main)


def test_arguments_that_do_not_fit_are_no_effect() -> None:
    async def main(b: Business) -> None:
        assert (await b.start("k", people="many"))["retryable"] is True
        assert (await b.start("k", people=3))["output"]["people"] == 3

    case(main)


def test_a_function_whose_time_is_up_is_not_run_again() -> None:
    async def main(b: Business) -> None:
        answer = await b.start("k", "dawdle")
        assert UNKNOWN in answer["error"]
        assert await b.start("k", "dawdle") == answer
        assert b.began == 1

    case(main)


def test_what_only_looks_something_up_runs_again_and_stops_when_it_is_cancelled() -> None:
    async def main(b: Business) -> None:
        assert await b.start("k", "look") == {"output": 1}
        assert await b.start("k", "look") == {"output": 2}
        third = b.start("k", "look")
        await asyncio.sleep(0.5)
        await cancelled(third)
        assert (b.began, b.done) == (3, 2)
        assert "k" not in b.journal

    case(main)


def test_a_look_up_waits_for_its_place_too() -> None:
    async def main() -> None:
        b = Business(max_concurrent=1)
        slow = b.start("one", "dawdle")
        await asyncio.sleep(0.5)
        answer = await b.start("two", "look")
        assert answer == {"error": "look was not run: too many at once.", "retryable": True}
        assert UNKNOWN in (await slow)["error"]

    run_virtually(main())


def test_what_another_process_executes_is_waited_for() -> None:
    async def main(b: Business) -> None:
        await b.journal.begin("k", 30.0)
        asking = b.start("k")
        await asyncio.sleep(2)
        assert not asking.done()
        await b.journal.commit("k", {"output": "theirs"})
        assert await asking == {"output": "theirs"}
        assert b.began == 0

    case(main)


def test_what_a_run_that_died_had_begun_is_unknown_and_not_run_again() -> None:
    async def main(b: Business) -> None:
        await b.journal.begin("k", 5.0)
        with structlog.testing.capture_logs() as lines:
            answer = await b.start("k")
        assert b.now() == pytest.approx(5.0)
        assert answer["retryable"] is False
        assert UNKNOWN in answer["error"]
        assert b.began == 0
        assert lines[0]["event"] == "tool.outcome_unknown"

    case(main)


def test_closing_waits_a_while_and_leaves_the_outcome_unknown() -> None:
    async def main() -> None:
        b = Business()
        quick, slow = b.start("quick"), b.start("slow", "dawdle")
        await asyncio.sleep(0.5)
        await b.runner.close(1.0)
        assert (await quick)["output"]["number"] == 1
        with pytest.raises(asyncio.CancelledError):
            await slow
        await asyncio.sleep(7 + LEASE_MARGIN_S)
        b.runner = b.open_runner()
        assert UNKNOWN in (await b.start("slow", "dawdle"))["error"]
        await b.runner.close()

    run_virtually(main())


def test_a_journal_that_leaks_is_found_out() -> None:
    """The figure is counted where functions begin, not where they are held back."""

    async def main() -> None:
        b = Business()
        await b.start("k")
        b.journal._committed.clear()
        await b.start("k")
        assert b.runner.starts.doubled == {"CA1": 1}

    run_virtually(main())
