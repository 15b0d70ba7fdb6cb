"""What is known of a caller in time, and what happens when it is not."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ToolError
from agent.service.lookups import Lookups
from agent.tenants.lookup import Lookup
from agent.tools import CallContext
from agent.tools.function import ToolFunction
from agent.tools.python_function import read_function
from agent.tools.registry import ToolSet
from agent.tools.repeatable import repeatable
from agent.tools.runner import ToolRunner
from tests.service.house import CALLER, captured_log
from tests.support.virtual_loop import run_virtually

CONTEXT = CallContext("shop", "CA1", CALLER, Path("/nowhere"))
BY_NUMBER = {"phone": "{caller.number}"}


@pytest.fixture
def log() -> Iterator[StringIO]:
    with captured_log() as stream:
        yield stream


class Seen(list[dict[str, Any]]):
    """What a function was given."""


def tools(seen: Seen) -> ToolSet:
    async def find(context: CallContext, phone: str = "") -> dict[str, object]:
        """Find a customer."""
        seen.append({"phone": phone, "caller": context.caller, "key": context.idempotency_key})
        return {"name": "Anna\nMiller", "orders": 3}

    async def nobody() -> str:
        """Find nobody."""
        return "unknown"

    async def refuse() -> None:
        """Refuse."""
        raise ToolError("The customers are asleep.")

    async def crash() -> None:
        """Crash."""
        raise ValueError(CALLER)

    async def slow() -> dict[str, str]:
        """Take three seconds."""
        await asyncio.sleep(3)
        return {"name": "too late"}

    @repeatable
    async def insist() -> dict[str, str]:
        """Work for half a second after it was told to stop."""
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3)
        await asyncio.sleep(0.5)
        return {"name": "too late"}

    functions: list[Callable[..., Awaitable[object]]] = [find, nobody, refuse, crash, slow, insist]
    made: dict[str, ToolFunction] = {f.__name__: read_function(f, 7.0) for f in functions}
    return ToolSet(made)


def look_up(
    tool: str, context: CallContext = CONTEXT, **keys: Any
) -> tuple[Mapping[str, str], Counter[str], float, Seen]:
    """The facts, the counters, how long it took, and what `find` was given."""
    seen, counters = Seen(), Counter[str]()

    async def main() -> tuple[Mapping[str, str], float]:
        clock = asyncio.get_running_loop().time
        began = clock()
        runner, lookups = ToolRunner(tools(seen)), Lookups(counters)
        facts = await lookups.look_up(Lookup(tool=tool, **keys), runner.run, context)
        took_s = clock() - began
        await runner.close()
        await lookups.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return facts, took_s

    facts, took_s = run_virtually(main())
    return facts, counters, took_s, seen


def test_the_tool_is_run_once_with_the_caller_s_number() -> None:
    facts, counters, _, seen = look_up("find", arguments=BY_NUMBER)
    assert facts == {"name": "Anna Miller", "orders": "3"}
    assert counters == {"lookup_found": 1}
    [given] = seen
    assert (given["phone"], given["caller"]) == (CALLER, CALLER)
    assert len(given["key"]) == 32


def test_a_tool_may_know_the_number_from_the_call() -> None:
    assert look_up("find")[3][0]["caller"] == CALLER


def test_a_withheld_number_is_not_looked_up() -> None:
    for caller in (None, "anonymous"):
        context = CallContext("shop", "CA1", caller, Path("/nowhere"))
        facts, counters, _, seen = look_up("find", context, arguments=BY_NUMBER)
        assert (facts, counters, seen) == ({}, {"lookup_withheld": 1}, [])


@pytest.mark.parametrize(
    ("tool", "outcome"),
    [("nobody", "nothing"), ("refuse", "failed"), ("crash", "failed"), ("gone", "failed")],
)
def test_a_failure_leaves_the_defaults(tool: str, outcome: str) -> None:
    facts, counters, took_s, _ = look_up(tool)
    assert (facts, counters) == ({}, {f"lookup_{outcome}": 1})
    assert took_s < 0.1


@pytest.mark.parametrize("tool", ["slow", "insist"])
def test_the_caller_waits_no_longer_than_the_time_limit(tool: str) -> None:
    facts, counters, took_s, _ = look_up(tool, timeout=0.5)
    assert (facts, counters) == ({}, {"lookup_timed_out": 1})
    assert took_s == pytest.approx(0.5)


def test_the_same_call_is_looked_up_once_however_often_it_is_announced() -> None:
    seen, lookup = Seen(), Lookup(tool="find", arguments=BY_NUMBER)

    async def main() -> list[Mapping[str, str]]:
        runner, lookups = ToolRunner(tools(seen)), Lookups(Counter())
        return [await lookups.look_up(lookup, runner.run, CONTEXT) for _ in range(2)]

    first, second = run_virtually(main())
    assert first == second
    assert len(seen) == 1


def test_a_cancelled_look_up_lets_go_of_its_tool() -> None:
    async def main() -> None:
        runner, lookups = ToolRunner(tools(Seen())), Lookups(Counter())
        task = asyncio.create_task(lookups.look_up(Lookup(tool="insist"), runner.run, CONTEXT))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await lookups.close()
        await runner.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(main())


def test_the_log_tells_what_came_of_it_and_nothing_of_the_caller(log: StringIO) -> None:
    look_up("find", arguments=BY_NUMBER)
    look_up("crash")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [line for line in lines if line["event"] == "lookup.finished"]
    assert [(line["tool"], line["outcome"], line["fields"]) for line in told] == [
        ("find", "found", 2),
        ("crash", "failed", 0),
    ]
    assert told[0]["call_id"] == "CA1"
    assert "Anna" not in log.getvalue()
    assert CALLER not in log.getvalue()
