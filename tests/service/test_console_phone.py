"""The browser's telephone: dialling, the media socket, and writing in place of speaking."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.call.effects import Outcome
from agent.service.auth import SESSION_COOKIE, open_session
from tests.service.house import CALLER, NUMBER, House, house
from tests.service.model_side import ModelSide, fake_model, polite, text_in
from tests.service.phone_side import MULAW, phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

TOKEN = "a-token-of-some-length"
type Test = Callable[[House, aiohttp.ClientSession], Awaitable[None]]


def with_phone(folder: Path, test: Test, model: Any = polite, **changes: Any) -> None:
    async def main() -> None:
        async with (
            fake_model(model) as served,
            house(folder, served.url, **changes) as home,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            await test(home, session)

    run_on_loopback(main())


async def post(
    home: House, session: aiohttp.ClientSession, path: str, **body: Any
) -> tuple[int, Any]:
    async with session.post(home.origin + path, json=body) as response:
        text = await response.text()
        return response.status, json.loads(text) if response.status == 200 else text


class Browser:
    """What the page does on its media socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, dialled: dict[str, Any]) -> None:
        self.ws = ws
        self.dialled = dialled
        self.sequence = 0

    async def send(self, event: str, **fields: Any) -> None:
        self.sequence += 1
        message = {"event": event, "sequenceNumber": str(self.sequence), **fields}
        await self.ws.send_str(json.dumps({**message, "streamSid": self.dialled["stream"]}))

    async def start(self, **changes: Any) -> None:
        start = {
            "streamSid": self.dialled["stream"],
            "callSid": self.dialled["call"],
            "accountSid": self.dialled["account"],
            "tracks": ["inbound"],
            "mediaFormat": MULAW,
            "customParameters": self.dialled["parameters"],
            **changes,
        }
        await self.ws.send_str('{"event": "connected", "protocol": "Call", "version": "1.0.0"}')
        await self.send("start", start=start)

    async def until(self, event: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self.ws.receive_json()
            if message["event"] == event:
                return message

    async def stop(self) -> None:
        await self.send(
            "stop", stop={"accountSid": self.dialled["account"], "callSid": self.dialled["call"]}
        )
        await self.ws.close()


def dialled_by(home: House, session: aiohttp.ClientSession) -> Any:
    return session.ws_connect(f"{home.origin}/phone/media")


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


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tenant": "nobody"}, 404),
        ({"tenant": ""}, 404),
        ({"to": "+15550100999"}, 404),
        ({"to": "9" * 10_000}, 404),
        ({}, 404),
        ({"tenant": "shop", "from": "a person"}, 400),
        ({"tenant": "shop", "from": "9" * 500}, 400),
        ({"tenant": 5}, 400),
    ],
)
def test_what_cannot_be_dialled_is_said(body: Any, status: int, tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        found, text = await post(home, session, "/phone/calls", **body)
        assert found == status
        assert len(text) < 100

    with_phone(tmp_path, test)


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


def test_a_call_outside_the_opening_hours_is_held_and_told_of(tmp_path: Path) -> None:
    today = f"{datetime.now(UTC):%m-%d}"
    (tmp_path / "cafe.yaml").write_text(
        "tenant: cafe\nnumbers: [+15550100102]\nagent: {instructions: Be kind.}\n"
        "hours: {open: {mon-sun: 0:00-24:00}, closed: {say: We sleep.}}\n"
    )
    (tmp_path / "bar.yaml").write_text(
        "tenant: bar\nnumbers: [+15550100103]\nagent: {instructions: Be kind.}\n"
        f"hours: {{holidays: [{today}], closed: {{say: We sleep.}}}}\n"
    )

    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for tenant, closed in (("cafe", None), ("bar", "We sleep.")):
            status, dialled = await post(home, session, "/phone/calls", tenant=tenant)
            assert (status, dialled["closed"]) == (200, closed)

    with_phone(tmp_path, test)


def test_when_all_lines_are_taken_the_caller_is_told(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        home.service.draining = True
        status, text = await post(home, session, "/phone/calls", tenant="shop")
        assert (status, text) == (503, "The service is being stopped.\n")
        assert home.service.counters["refused_draining"] == 1
        home.service.draining = False

    with_phone(tmp_path, test)


def test_a_ticket_opens_one_socket_for_one_call(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="shop")
        ticket = dialled["parameters"]["ticket"]
        for change in (
            {"callSid": "CA0"},
            {"customParameters": {"tenant": "office", "ticket": ticket}},
            {"customParameters": {"tenant": "shop"}},
        ):
            async with dialled_by(home, session) as ws:
                await Browser(ws, dialled).start(**change)
                await ws.receive()
                assert ws.close_code == 1008
        assert home.service.counters["answered"] == 0
        async with dialled_by(home, session) as first, dialled_by(home, session) as second:
            await Browser(first, dialled).start()
            await Browser(first, dialled).until("media")
            await Browser(second, dialled).start()
            await second.receive()
            assert second.close_code == 1008
            await Browser(first, dialled).stop()
        await home.quiet(30)

    with_phone(tmp_path, test)


def test_every_route_asks_who_it_is(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        for path in (
            "/phone/calls",
            "/phone/calls/CA1/text",
            "/api/calls/CA1/hangup",
            "/api/calls/CA1/transfer",
        ):
            assert (await post(home, session, path))[0] == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await dialled_by(home, session)
        assert caught.value.status == 401
        response = aiohttp.web.Response()
        open_session(response, TOKEN, secure=False, now=datetime.now(UTC).timestamp())
        session.headers["Cookie"] = f"{SESSION_COOKIE}={response.cookies[SESSION_COOKIE].value}"
        assert (await post(home, session, "/phone/calls", tenant="shop"))[0] == 200
        session.headers["Origin"] = "https://elsewhere.example"
        assert (await post(home, session, "/phone/calls", tenant="shop"))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await dialled_by(home, session)
        assert caught.value.status == 403

    with_phone(tmp_path, test, api_token=TOKEN)


def test_a_page_that_vanishes_does_not_leave_its_call(tmp_path: Path) -> None:
    async def test(home: House, session: aiohttp.ClientSession) -> None:
        _, dialled = await post(home, session, "/phone/calls", tenant="shop")
        async with dialled_by(home, session) as ws:
            await Browser(ws, dialled).start()
            await Browser(ws, dialled).until("media")
        await asyncio.sleep(0)
        await home.quiet(90)

    with_phone(tmp_path, test)
