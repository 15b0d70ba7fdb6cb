"""A call from a test in which something fails: it is told, or made up for, and nothing is left."""

import asyncio
import threading

import pytest

from agent.errors import ConfigError
from agent.testing import phone_call, synchronous
from agent.testing.exchange import Exchange
from agent.tools.runner import ToolRunner
from tests.support.leaks import open_sockets
from tests.testing.shop import ASK, CONFIG, GREETING, shop


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
