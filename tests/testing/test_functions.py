"""A tenant's functions in a test: watched, slow, or with something else in their place."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError, ToolError
from agent.testing.functions import Diary, ToolCall, watched
from agent.tools.context import CallContext
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet
from tests.support.virtual_loop import run_virtually

CONTEXT = CallContext("t", "CA1", None, Path("data"), idempotency_key="k1")


async def book(day: date, people: int, context: CallContext) -> str:
    """Book a table."""
    return f"{people} on {day:%A} by {context.tenant}"


async def fail() -> None:
    """Fail."""
    raise ToolError("it is broken")


TOOLS = ToolSet({"book": read_function(book), "fail": read_function(fail, 3.0)})
GIVEN = {"day": "2026-11-27", "people": 4}


class Stirred:
    times = 0

    def __call__(self) -> None:
        self.times += 1


def diary(stirred: Stirred | None = None) -> Diary:
    loop = asyncio.get_running_loop()
    return Diary(loop.time, stirred or Stirred())


async def run(
    of: Diary,
    name: str = "book",
    given: Mapping[str, Any] = GIVEN,
    fakes: Mapping[str, object] | None = None,
    delays: Mapping[str, float] | None = None,
) -> object:
    function = watched(TOOLS, of, fakes or {}, delays or {}).functions[name]
    return await function.run(function.arguments(given, CONTEXT))


def test_a_call_equals_its_name_and_arguments() -> None:
    call = ToolCall.of("book", GIVEN, 2.5, "k")
    assert call == ("book", GIVEN)
    assert [call] == [("book", {"people": 4, "day": "2026-11-27"})]
    assert call != ("book", {})
    assert (call.name, call.arguments, call.began_s, call.key) == ("book", GIVEN, 2.5, "k")


def test_what_runs_is_noted_with_what_came_of_it() -> None:
    async def main() -> None:
        stirred = Stirred()
        noted = diary(stirred)
        assert await run(noted, delays={"book": 2.0}) == "4 on Friday by t"
        [call] = noted.calls
        assert call == ("book", GIVEN)
        assert (call.took_s, call.result, call.error, call.key) == (
            2.0,
            "4 on Friday by t",
            None,
            "k1",
        )
        assert not noted.running
        assert stirred.times == 2

    run_virtually(main())


def test_a_function_that_is_at_work_is_noted_as_running() -> None:
    async def main() -> None:
        noted = diary()
        task = asyncio.create_task(run(noted, delays={"book": 2.0}))
        await asyncio.sleep(1)
        assert noted.running
        assert noted.calls[0].took_s is None
        task.cancel()
        await asyncio.wait([task])
        assert not noted.running
        assert isinstance(noted.calls[0].error, asyncio.CancelledError)

    run_virtually(main())


def test_what_a_function_raises_is_noted_and_raised() -> None:
    async def main() -> None:
        noted = diary()
        with pytest.raises(ToolError, match="it is broken"):
            await run(noted, "fail", {})
        assert str(noted.calls[0].error) == "it is broken"

    run_virtually(main())


def test_a_watched_function_is_declared_and_limited_as_itself() -> None:
    async def main() -> None:
        for fakes in ({}, {"book": "x", "fail": "x"}):
            tools = watched(TOOLS, diary(), fakes, {})
            assert tools.declarations() == TOOLS.declarations()
            assert tools.functions["fail"].timeout_s == 3.0
            assert not tools.functions["fail"].repeatable

    run_virtually(main())


def test_arguments_that_do_not_fit_are_refused_and_nothing_ran() -> None:
    async def main() -> None:
        noted = diary()
        for fakes in ({}, {"book": "x"}):
            with pytest.raises(ToolError, match="people"):
                await run(noted, given={"day": "2026-11-27", "people": "many"}, fakes=fakes)
        assert noted.calls == []

    run_virtually(main())


def by_day(day: date) -> str:
    return f"{day:%A}"


async def by_day_later(day: date) -> str:
    await asyncio.sleep(1)
    return f"{day:%A}, later"


@pytest.mark.parametrize(
    ("fake", "result"),
    [
        ({"status": "booked"}, {"status": "booked"}),
        (None, None),
        (by_day, "Friday"),
        (by_day_later, "Friday, later"),
        (lambda **all_: sorted(all_), ["context", "day", "people"]),
        (lambda: "nothing asked", "nothing asked"),
    ],
)
def test_what_a_test_puts_in_its_place_answers(fake: object, result: object) -> None:
    async def main() -> None:
        noted = diary()
        assert await run(noted, fakes={"book": fake}) == result
        assert noted.calls == [("book", GIVEN)]

    run_virtually(main())


def test_an_exception_in_its_place_is_raised() -> None:
    async def main() -> None:
        with pytest.raises(ToolError, match="locked"):
            await run(diary(), fakes={"book": ToolError("locked")})

    run_virtually(main())


class Remote:
    """A function that is not made of Python."""

    declaration = TOOLS.functions["book"].declaration
    timeout_s = 1.0
    repeatable = True

    def arguments(self, given: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        return {"request": object()}

    async def run(self, keywords: Mapping[str, Any]) -> object:
        raise NotImplementedError


def test_in_place_of_a_remote_function_stands_one_that_gets_what_the_model_sent() -> None:
    async def main() -> None:
        tools = watched(ToolSet({"book": Remote()}), diary(), {"book": lambda day: day}, {})
        function = tools.functions["book"]
        assert function.repeatable
        assert await function.run(function.arguments(GIVEN, CONTEXT)) == "2026-11-27"

    run_virtually(main())


def test_a_name_that_the_tenant_does_not_have_is_a_problem() -> None:
    async def main() -> None:
        with pytest.raises(ConfigError) as caught:
            watched(TOOLS, diary(), {"bok": 1}, {"fial": 1.0})
        assert caught.value.problems == (
            'the tenant has no function "bok"; it has: book, fail',
            'the tenant has no function "fial"; it has: book, fail',
        )
        with pytest.raises(ConfigError, match="it has: none"):
            watched(ToolSet({}), diary(), {"book": 1}, {})

    run_virtually(main())
