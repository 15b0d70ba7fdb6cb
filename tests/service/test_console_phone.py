"""The browser's telephone: a call on its media socket, and writing in place of speaking."""

from pathlib import Path

import aiohttp
import pytest

from tests.service.browser_phone import Browser, dialled_by, post, with_phone
from tests.service.house import CALLER, NUMBER, House
from tests.service.model_side import ModelSide, text_in

pytestmark = pytest.mark.socket


@pytest.mark.parametrize("to", [{"tenant": "shop"}, {"to": NUMBER}])
def test_a_browser_holds_a_call(to: dict[str, str], tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        status, dialled = await post(home, session, "/phone/calls", **to, **{"from": CALLER})
        assert (status, dialled["closed"]) == (200, None)
        async with dialled_by(home, session) as ws:
            browser = Browser(ws, dialled)
            await browser.start()
            media = await browser.until("media")
            assert media["streamSid"] == dialled["stream"]
            [running] = home.service.running.values()
            assert (running.id, running.tenant) == (dialled["call"], "shop")
            assert running.caller.number == CALLER
            await browser.until("mark")
            await browser.stop()
        await home.quiet(5)
        assert home.ended()["outcome"] == "caller_hung_up"

    with_phone(tmp_path, test)


def test_what_is_written_reaches_the_model(tmp_path: Path) -> None:
    heard: list[str | None] = []

    async def answers(side: ModelSide) -> None:
        await side.greet()
        heard.append(text_in(await side.until(lambda m: text_in(m) is not None)))
        await side.say(0.4)
        await side.until_closed()

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="shop")
        path = f"/phone/calls/{dialled['call']}/text"
        assert (await post(home, session, path, text="Early"))[0] == 404
        async with dialled_by(home, session) as ws:
            browser = Browser(ws, dialled)
            await browser.start()
            await browser.until("mark")
            for text in ("", "   ", "x" * 1001):
                assert (await post(home, session, path, text=text))[0] == 400
            assert (await post(home, session, path, text=" A table for two. "))[0] == 200
            await browser.until("mark")
            await post(home, session, f"/api/calls/{dialled['call']}/hangup")
            assert (await post(home, session, path, text="Late"))[0] == 409
            await browser.stop()
        await home.quiet(10)

    with_phone(tmp_path, test, answers)
    assert heard == ["A table for two."]


def test_no_number_is_a_withheld_one(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        status, dialled = await post(home, session, "/phone/calls", tenant="shop", **{"from": " "})
        assert status == 200
        async with dialled_by(home, session) as ws:
            browser = Browser(ws, dialled)
            await browser.start()
            await browser.until("media")
            [running] = home.service.running.values()
            assert running.caller.number is None
            await browser.stop()
        await home.quiet(5)

    with_phone(tmp_path, test)


def test_a_page_that_vanishes_does_not_leave_its_call(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="shop")
        async with dialled_by(home, session) as ws:
            await Browser(ws, dialled).start()
            await Browser(ws, dialled).until("media")
        await home.quiet(90)
        assert home.ended()["outcome"] == "phone_lost"

    with_phone(tmp_path, test)
