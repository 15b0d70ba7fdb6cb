"""A call from a test: what the caller can do, what is known of it, and how it fails."""

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.testing import Line, PhoneCall, ToolError, phone_call, synchronous
from agent.testing.exchange import Exchange
from agent.tools.context import CallContext
from agent.tools.runner import ToolRunner
from tests.support.leaks import open_sockets

CONFIG = Path(__file__).parents[2] / "config"
TUESDAY = datetime(2026, 11, 24, 12, 0)
GREETING = "Corner Shop, hello. Do you have your order number at hand?"
ASK = "my order number is one zero four two"


def shop(
    *,
    data_dir: Path | None = None,
    caller: str | None = "+15550100",
    tools: Mapping[str, object] | None = None,
    slow: Mapping[str, float] | None = None,
) -> AbstractAsyncContextManager[PhoneCall]:
    return phone_call(
        "corner-shop", config=CONFIG, at=TUESDAY,
        data_dir=data_dir, caller=caller, tools=tools, slow=slow,
    )  # fmt: skip


@synchronous
async def test_the_block_begins_when_the_greeting_has_been_heard() -> None:
    async with shop() as call:
        assert call.heard == GREETING
        assert call.outcome is None
        assert call.tool_calls == []


@synchronous
async def test_saying_something_waits_for_the_answer() -> None:
    async with shop() as call:
        await call.say("where is my order")
        assert call.heard == f"{GREETING} What is your order number, please?"
        assert [(line.who, line.text) for line in call.transcript] == [
            ("agent", GREETING),
            ("caller", "where is my order"),
            ("agent", "What is your order number, please?"),
        ]
        times = [line.at_s for line in call.transcript]
        assert times == sorted(times)


@synchronous
async def test_without_waiting_only_the_words_are_spoken() -> None:
    async with shop() as call:
        before_s = call.summary.duration_s
        await call.say("one two three", wait=False)
        assert call.summary.duration_s - before_s == pytest.approx(0.55, abs=0.1)
        assert call.heard == GREETING


@synchronous
async def test_silence_takes_no_time_but_the_calls() -> None:
    async with shop() as call:
        before_s = call.summary.duration_s
        await call.silence(5)
        assert call.summary.duration_s - before_s == pytest.approx(5)


@synchronous
async def test_keys_are_part_of_the_transcript() -> None:
    async with shop() as call:
        await call.say("where is my order")
        await call.press("10", wait=False)
        await call.press("43")
        assert call.tool_calls == [("order_status", {"order_id": "1043"})]
        assert [line.text for line in call.transcript if line.text[0] == "["] == ["[10]", "[43]"]


@synchronous
async def test_the_caller_hears_only_what_was_said_after_he_began_to_listen() -> None:
    async with shop() as call:
        with pytest.raises(AssertionError, match='"order number" was not heard within 1 s'):
            await call.hears("order number", within_s=1)
        await call.say("where is my order", wait=False)
        await call.hears("What is your order")
        assert not call.heard.endswith("please?")


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
async def test_an_agent_that_hangs_up_has_answered() -> None:
    async with shop() as call:
        await call.say("goodbye")
        assert call.outcome == "agent_ended"
        assert call.heard.endswith("Thank you for calling. Goodbye!")


@synchronous
async def test_hanging_up_ends_the_call() -> None:
    async with shop() as call:
        await call.hang_up()
        assert call.outcome == "caller_hung_up"
        await call.silence(60)
        await call.hang_up()
        assert call.summary.outcome == "caller_hung_up"
        assert call.summary.duration_s < 10


@synchronous
async def test_after_the_end_nothing_can_be_said() -> None:
    async with shop() as call:
        await call.hang_up()
        with pytest.raises(AssertionError) as said:
            await call.say("hello")
        assert str(said.value) == 'the call is over (caller_hung_up): the caller cannot say "hello"'
        with pytest.raises(AssertionError, match="cannot press 1"):
            await call.press("1")


@synchronous
async def test_an_answer_that_does_not_come_is_an_error() -> None:
    async with shop() as call:
        await call.lose_model(for_s=60)
        with pytest.raises(AssertionError, match='did not answer "hello" within 2 s'):
            await call.say("hello", patience_s=2)


@synchronous
async def test_a_call_that_goes_on_is_not_over() -> None:
    async with shop() as call:
        with pytest.raises(AssertionError, match="the call is not over after 1 s"):
            await call.ended(within_s=1)


@synchronous
async def test_a_model_that_is_away_for_a_while_answers_when_it_is_back() -> None:
    async with shop() as call:
        await call.lose_model(for_s=3)
        await call.say(ASK)
        assert "One moment, please." in call.heard
        assert "Your order of a teapot is on its way" in call.heard
        assert call.summary.continuity.drops == 1


@synchronous
async def test_losing_a_model_that_is_gone_already_changes_nothing() -> None:
    async with shop() as call:
        await call.lose_model(for_s=2)
        await call.lose_model(for_s=2)
        await call.go_away()
        await call.say(ASK)
        assert "a teapot" in call.heard


@synchronous
async def test_an_error_that_leaves_the_block_tells_the_story() -> None:
    async def test() -> None:
        async with shop() as call:
            await call.say(ASK)
            assert call.heard == "nothing"

    with pytest.raises(AssertionError) as caught:
        await test()
    [note] = caught.value.__notes__
    assert f"agent   {GREETING}" in note
    assert f"caller  {ASK}" in note
    assert "runs    order_status(order_id='1042')" in note
    assert "returns Shipped(" in note
    assert "the call is over" not in note  # it was not, when the test failed


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
    async with phone_call("corner-shop", config=CONFIG) as call:
        assert f"{datetime.now(UTC):%Y-%m}" in call.prompt or datetime.now(UTC).day == 1


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


@synchronous
async def test_what_our_own_side_lets_out_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ToolRunner, "run", crash)
    with pytest.raises(RuntimeError, match="a bug"):
        async with shop() as call:
            await call.say(ASK)


@synchronous
async def test_time_that_does_not_pass_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shop() as call:
        with monkeypatch.context() as patched:
            patched.setattr(Exchange, "_next_at", lambda exchange: exchange.now)
            with pytest.raises(RuntimeError, match="time does not pass any more"):
                await call.silence(1)


@synchronous
async def test_nothing_of_a_call_is_left() -> None:
    tasks, threads, sockets = asyncio.all_tasks(), threading.active_count(), open_sockets()

    async def fail() -> None:
        async with shop() as call:
            await call.say(ASK, wait=False)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    with pytest.raises(ConfigError):
        await phone_call("nobody", config=CONFIG).__aenter__()
    assert (asyncio.all_tasks(), threading.active_count()) == (tasks, threads)
    assert open_sockets() <= sockets


@synchronous
async def test_two_calls_at_one_time_do_not_meet() -> None:
    async def ask(number: str) -> str:
        async with shop() as call:
            await call.say(f"my order number is {number}")
            return call.heard

    first, second = await asyncio.gather(ask("one zero four two"), ask("two two zero five"))
    assert "a teapot" in first
    assert "a wool blanket" in second


@synchronous
async def test_the_same_call_is_the_same_each_time() -> None:
    stories = []
    for _ in range(2):
        async with shop(slow={"order_status": 1}) as call:
            await call.say(ASK, wait=False)
            await call.runs("order_status")
            await call.lose_model()
            await call.hears("on its way")
            stories.append(str(call))
    assert stories[0] == stories[1]


def test_a_line_says_who_when_and_what() -> None:
    assert Line(1.5, "agent", "Hello.") == Line(1.5, "agent", "Hello.")


def test_an_asynchronous_test_becomes_a_plain_one() -> None:
    @synchronous
    async def test_something(tmp_path: Path, *, flag: bool = False) -> None:
        """What it is."""
        await asyncio.sleep(0)
        seen.append((tmp_path, flag))

    seen: list[tuple[Path, bool]] = []
    test_something(Path("x"), flag=True)
    assert seen == [(Path("x"), True)]
    assert (test_something.__name__, test_something.__doc__) == ("test_something", "What it is.")
