"""A call from a test: what the caller can do, and what he hears."""

import asyncio

import pytest

from agent.testing import Line, synchronous
from tests.testing.shop import ASK, GREETING, shop


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
    line = Line(1.5, "agent", "Hello.")
    assert (line.at_s, line.who, line.text) == (1.5, "agent", "Hello.")
