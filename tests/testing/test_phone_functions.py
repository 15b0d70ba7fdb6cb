"""Functions of a call from a test: waited for, replaced, and in the call's time, with a folder."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.testing import ToolError, phone_call, synchronous
from agent.tools.context import CallContext
from tests.testing.shop import ASK, CONFIG, shop


@synchronous
async def test_a_function_is_waited_for_until_it_is_at_work() -> None:
    async with shop(slow={"order_status": 2}) as call:
        with pytest.raises(AssertionError, match="order_status was not called within 1 s"):
            await call.runs("order_status", within_s=1)
        await call.say(ASK, wait=False)
        running = await call.runs("order_status")
        assert running.took_s is None
        await call.hears("on its way")
        assert running.took_s == pytest.approx(2)
        await call.say("where is order one zero four two", wait=False)
        assert await call.runs("order_status") is not running  # though it equals it
        assert call.tool_calls[0] == call.tool_calls[1]


@synchronous
async def test_a_function_is_replaced_by_what_the_test_says() -> None:
    asked: list[tuple[str, str | None]] = []

    def order_status(order_id: str, context: CallContext) -> dict[str, str]:
        asked.append((order_id, context.caller))
        return {"status": "not_found"}

    async with shop(tools={"order_status": order_status}, caller="+15550199") as call:
        await call.say(ASK)
        assert "I cannot find an order" in call.heard
        assert asked == [("1042", "+15550199")]
        assert call.tool_calls[0].result == {"status": "not_found"}


@synchronous
async def test_a_function_that_fails_is_part_of_the_story() -> None:
    async with shop(tools={"order_status": ToolError("out of reach")}) as call:
        await call.say(ASK)
        assert "I cannot look that up at the moment." in call.heard
        assert "raises  ToolError('out of reach')" in str(call)


@synchronous
async def test_the_time_of_the_call_is_the_functions_too() -> None:
    seen: list[datetime] = []

    def order_status(context: CallContext) -> dict[str, str]:
        seen.append(context.now())
        return {"status": "not_found"}

    begins = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
    async with phone_call(
        "corner-shop", config=CONFIG, at=begins, tools={"order_status": order_status}
    ) as call:
        assert "It is now Saturday, 2031-03-01, 03:00." in call.prompt  # in Chicago
        await call.silence(5)
        await call.say(ASK)
        [at] = seen
        assert (at - begins).total_seconds() == pytest.approx(call.tool_calls[0].began_s, abs=0.01)


@synchronous
async def test_by_default_it_is_now() -> None:
    there = ZoneInfo("America/Chicago")
    days = {f"It is now {datetime.now(there):%A, %Y-%m-%d}, "}
    async with phone_call("corner-shop", config=CONFIG) as call:
        days.add(f"It is now {datetime.now(there):%A, %Y-%m-%d}, ")  # midnight may have passed
        assert any(day in call.prompt for day in days)


@synchronous
async def test_data_are_kept_where_the_test_wants_them_or_nowhere(tmp_path: Path) -> None:
    async with shop(data_dir=tmp_path / "kept") as call:
        await call.say(ASK)
    with closing(sqlite3.connect(tmp_path / "kept" / "corner-shop.sqlite3")) as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (4,)
    places: list[Path] = []
    async with shop(
        tools={"order_status": lambda context: places.append(context.data_dir)}
    ) as call:
        await call.say(ASK)
        assert places[0].is_dir()
    assert not places[0].exists()


@synchronous
async def test_a_look_up_that_nobody_waits_for_any_more_ends_with_the_call() -> None:
    done: list[str] = []

    async def order_status(order_id: str) -> dict[str, str]:
        await asyncio.sleep(6)
        done.append(order_id)
        return {"status": "not_found"}

    async with shop(tools={"order_status": order_status}) as call:
        await call.say(ASK, wait=False)
        await call.runs("order_status")
    assert done == []
