"""What the operator does to a running call: hangs it up, or passes its caller on."""

import re
from pathlib import Path

import aiohttp
import pytest

from agent.call.effects import Outcome
from tests.service.browser_phone import Browser, dialled_by, post, with_phone
from tests.service.house import CALLER, House
from tests.service.model_side import ModelSide, text_in
from tests.service.phone_side import phone_side

pytestmark = pytest.mark.socket


def test_a_running_call_is_hung_up_politely(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="shop")
        async with dialled_by(home, session) as ws:
            browser = Browser(ws, dialled)
            await browser.start()
            await browser.until("media")
            path = f"/api/calls/{dialled['call']}/hangup"
            assert await post(home, session, path) == (200, {})
            while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert ws.close_code == 1000
        await home.quiet(10)
        assert home.ended()["outcome"] == "operator"
        assert (await post(home, session, path))[0] == 404

    with_phone(tmp_path, test)


DESK = """
tenant: desk
numbers: [+15550100105]
agent: {greeting: Good day., instructions: Be kind.}
transfers: {people: {to: +15550100199, say: One moment.}}
tools: [builtin: transfer]
"""


def test_the_operator_passes_a_caller_on(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(DESK)
    told: list[str | None] = []

    async def answers(side: ModelSide) -> None:
        await side.greet()
        told.append(text_in(await side.until(lambda m: text_in(m) is not None)))
        await side.say(0.4)
        await side.until_closed()

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        media = f"{home.origin.replace('http', 'ws')}/twilio/media/1"
        async with phone_side(media, media_every_s=0.02) as phone:
            form = {"CallSid": phone.call_id, "From": CALLER, "To": "+15550100105"}
            async with session.post(f"{home.origin}/twilio/voice", data=form) as response:
                found = re.findall(r'name="(\w+)" value="([^"]+)"', await response.text())
            await phone.open(**dict(found))
            await phone.until("mark")
            path = f"/api/calls/{phone.call_id}/transfer"
            assert (await post(home, session, path, to="nobody"))[0] == 404
            assert (await post(home, session, path, to="people", summary="x" * 601))[0] == 400
            assert (await post(home, session, path, to="people"))[0] == 200
            assert (await post(home, session, path, to="people"))[0] == 409
            await phone.closed
            assert "+15550100199" in home.service.after_stream[phone.call_id]
            home.service.transfers.finish(phone.call_id, Outcome.TRANSFERRED)
        await home.quiet(30)

    with_phone(tmp_path, test, answers)
    [words] = told
    assert words is not None
    assert words.startswith("The operator is passing the caller on now.")
    assert '"One moment."' in words


def test_a_call_on_no_line_cannot_be_passed_on(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(DESK)

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="desk")
        path = f"/api/calls/{dialled['call']}/transfer"
        async with dialled_by(home, session) as ws:
            browser = Browser(ws, dialled)
            await browser.start()
            await browser.until("mark")
            status, text = await post(home, session, path, to="people")
            assert (status, "no telephone line" in text) == (409, True)
            await browser.stop()
        await home.quiet(10)

    with_phone(tmp_path, test)
