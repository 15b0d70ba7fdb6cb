"""Calls by the API: asked for with a token, made by the carrier, talked by the agent."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import aiohttp
import pytest
from aiohttp import web

from agent.service.twilio_http import Account
from agent.telephony.twilio.signature import sign
from tests.service.house import House, house
from tests.service.model_side import ModelSide, fake_model, text_in
from tests.service.phone_side import phone_side
from tests.service.rest_side import ACCOUNT, LIVE, Answer, Carrier, refused
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

TO = "+15550100199"
SELLER = """
tenant: seller
numbers: [+15550100105]
agent: {greeting: Thank you for calling., instructions: Be kind.}
outbound:
  number: +15550100105
  to: [+1555, +44]
  hours: {mon-sun: '0:00-24:00'}
  do_not_call: never.txt
  message: Please call us back.
  greeting: 'Hello {context_name|there}.'
  instructions: You call {context_name|somebody}.
"""
SELLER = SELLER.replace("{context_name|", "{caller.name|")
ASKED = {"tenant": "seller", "to": TO, "zone": "America/New_York", "context": {"name": "Ada"}}


@dataclass
class Desk:
    """A service, its carrier, and a client of its API."""

    home: House
    carrier: Carrier
    session: aiohttp.ClientSession

    async def ask(
        self, body: object = ASKED, key: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        given = headers if key is None else {"Idempotency-Key": key, **headers}
        async with self.session.post(
            f"{self.home.origin}/api/calls", json=body, headers=given
        ) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else {"text": text}

    async def order(self, id: str) -> dict[str, Any]:
        async with self.session.get(f"{self.home.origin}/api/orders/{id}") as response:
            assert response.status == 200
            return dict(await response.json())

    async def until(self, id: str, state: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while (order := await self.order(id))["state"] != state:  # noqa: ASYNC110  another side
                await asyncio.sleep(0.1)
        return order

    async def carrier_asks(self, url: str, **fields: str) -> str:
        async with self.session.post(url, data=fields) as response:
            assert response.status < 300, await response.text()
            return await response.text()

    def url(self, name: str) -> str:
        """What the carrier was told to ask, for the last call."""
        return dict(self.carrier.asked[-1][2])[name]


@asynccontextmanager
async def listening(carrier: Carrier) -> AsyncIterator[Account]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", carrier.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Account(ACCOUNT, ACCOUNT, "secret", f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


def at_desk(
    folder: Path,
    test: Callable[[Desk], Awaitable[None]],
    *answers: Answer,
    text: str = SELLER,
    never: str = "",
    behaviour: Callable[[ModelSide], Awaitable[None]] | None = None,
    **changes: Any,
) -> None:
    (folder / "seller.yaml").write_text(text)
    (folder / "never.txt").write_text(never)

    async def quiet(side: ModelSide) -> None:
        await side.greet()
        await side.until_closed()

    async def main() -> None:
        carrier = Carrier(*(answers or (web.json_response(LIVE, status=201),)))
        async with (
            listening(carrier) as account,
            fake_model(behaviour or quiet) as model,
            house(folder, model.url, **{"carrier": account, **changes}) as home,
            aiohttp.ClientSession() as session,
        ):
            await test(Desk(home, carrier, session))

    run_on_loopback(main())


def stream_of(document: str) -> dict[str, str]:
    """The parameters that a document gives to the stream."""
    found = {}
    for parameter in fromstring(document).iter("Parameter"):
        found[parameter.get("name", "")] = parameter.get("value", "")
    return found


def test_a_call_is_asked_for_made_and_talked(tmp_path: Path) -> None:
    told: list[str] = []

    async def greets(side: ModelSide) -> None:
        await side.set_up()
        assert "You call Ada." in json.dumps(side.frames)
        message = await side.until(lambda message: text_in(message) is not None)
        told.append(text_in(message) or "")
        await side.say(0.6)
        await side.until_closed()

    async def test(desk: Desk) -> None:
        status, order = await desk.ask(key="k1")
        assert (status, order["state"], order["to"]) == (202, "waiting", TO)
        assert (await desk.until(order["id"], "placed"))["call"] == LIVE["sid"]
        media = desk.home.local.replace("/local", "/1")
        async with phone_side(media, number=0x7, media_every_s=0.02) as phone:
            phone.call_id = LIVE["sid"]
            document = await desk.carrier_asks(desk.url("Url"), CallSid=LIVE["sid"], To=TO)
            await phone.open(**stream_of(document))
            await phone.until("mark")
            running = desk.home.service.call_of(LIVE["sid"])
            assert running is not None
            assert (running.direction, running.caller.number) == ("outbound", TO)
            await phone.hang_up()
        await desk.home.quiet(30)
        await desk.carrier_asks(
            desk.url("StatusCallback"), CallSid=LIVE["sid"], CallStatus="completed"
        )
        assert (await desk.until(order["id"], "done"))["result"] == "completed"
        again = await desk.ask(key="k1")
        assert (again[0], again[1]["id"]) == (200, order["id"])
        assert len(desk.carrier.asked) == 1
        assert TO not in desk.home.log.getvalue(), "numbers are personal"

    at_desk(tmp_path, test, behaviour=greets)
    assert told == ['Greet the caller now. Say exactly: "Hello Ada."']


def test_after_the_beep_the_message_is_left_and_the_call_is_over(tmp_path: Path) -> None:
    told: list[str] = []

    async def obeys(side: ModelSide) -> None:
        await side.set_up()
        while True:
            message = await side.until(lambda message: text_in(message) is not None)
            told.append(text_in(message) or "")
            await side.say(0.6)

    async def test(desk: Desk) -> None:
        _, order = await desk.ask()
        await desk.until(order["id"], "placed")
        media = desk.home.local.replace("/local", "/1")
        async with phone_side(media, number=0x8, media_every_s=0.02) as phone:
            phone.call_id = LIVE["sid"]
            document = await desk.carrier_asks(desk.url("Url"), CallSid=LIVE["sid"], To=TO)
            await phone.open(**stream_of(document))
            await phone.until("mark")
            await desk.carrier_asks(
                desk.url("AsyncAmdStatusCallback"),
                CallSid=LIVE["sid"],
                AnsweredBy="machine_end_beep",
            )
            assert await phone.closed == 1000
        assert desk.home.ended()["outcome"] == "machine"
        await desk.carrier_asks(
            desk.url("StatusCallback"), CallSid=LIVE["sid"], CallStatus="completed"
        )
        order = await desk.until(order["id"], "done")
        assert (order["result"], order["answered_by"]) == ("machine", "machine")

    at_desk(tmp_path, test, behaviour=obeys)
    assert told[1:] == [
        'A machine has answered, and its beep has sounded. Say exactly: "Please call us back."'
    ]


@pytest.mark.parametrize(
    ("answer", "state", "result", "asked"),
    [
        (refused(401, 20003), "done", "refused_by_carrier", 1),
        (refused(404, 20404), "done", "refused_by_carrier", 1),
        (refused(400, 21211), "done", "refused_by_carrier", 1),
        (refused(429, 20429), "waiting", None, 5),
        (refused(500), "unclear", None, 1),
        (web.Response(text="<html>gateway", status=502), "unclear", None, 1),
        (web.Response(text="not json", status=201), "unclear", None, 1),
        (ConnectionResetError(), "unclear", None, 1),
        (1000.0, "unclear", None, 1),
    ],
)
def test_whatever_the_carrier_answers_the_call_is_made_once_at_most(
    answer: Answer, state: str, result: str | None, asked: int, tmp_path: Path
) -> None:
    async def test(desk: Desk) -> None:
        _, order = await desk.ask()
        await asyncio.sleep(25)
        found = await desk.order(order["id"])
        assert (found["state"], found["result"]) == (state, result)
        assert len(desk.carrier.asked) == asked
        if state == "unclear":
            document = await desk.carrier_asks(desk.url("Url"), CallSid=LIVE["sid"], To=TO)
            assert "<Stream" in document, "it was made after all"

    at_desk(tmp_path, test, answer)


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"tenant": "nobody"}, 404, "unknown_tenant"),
        ({"tenant": "shop"}, 422, "no_outbound"),
        ({"to": "5550100199"}, 422, "bad_number"),
        ({"to": "+4930123456"}, 422, "number_refused"),
        ({"to": "+15550100666"}, 422, "do_not_call"),
        ({"zone": None}, 422, "zone_needed"),
        ({"zone": "Mars"}, 422, "unknown_zone"),
        ({"context": {"no word": 1}}, 422, "bad_context"),
        ({"context": {"name": "x" * 81}}, 422, "bad_context"),
        ({"context": {f"f{n}": n for n in range(51)}}, 422, "bad_context"),
    ]

    async def test(desk: Desk) -> None:
        for change, status, code in cases:
            found, answer = await desk.ask({**ASKED, **change})
            assert (found, answer["error"]) == (status, code)
            assert answer["message"]
        bodies: tuple[object, ...] = ([], {}, {"tenant": "seller"}, {**ASKED, "urgent": True})
        for body in bodies:
            assert (await desk.ask(body))[0] == 400
        assert (await desk.ask({**ASKED, "context": [1]}))[0] == 400
        assert desk.carrier.asked == []

    at_desk(tmp_path, test, never="+15550100666\n")


def test_a_list_that_cannot_be_read_calls_nobody(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (503, "no_list")
        assert desk.home.lines("outbound.no_list")

    at_desk(tmp_path, test, never="somebody\n")


def test_outside_the_hours_it_is_said_from_when_on(tmp_path: Path) -> None:
    text = SELLER.replace("{mon-sun: '0:00-24:00'}", "{mon: '0:00-0:01'}")

    async def test(desk: Desk) -> None:
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (422, "outside_hours")
        assert answer["until"].endswith("Z")

    at_desk(tmp_path, test, text=text)


def test_a_key_is_for_one_call(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask(key="k"))[0] == 202
        assert (await desk.ask(key="k"))[0] == 200
        status, answer = await desk.ask({**ASKED, "to": "+15550100198"}, key="k")
        assert (status, answer["error"]) == (409, "key_reused")
        status, answer = await desk.ask(key="k" * 201)
        assert (status, answer["error"]) == (422, "bad_key")

    at_desk(tmp_path, test)


def test_without_an_account_there_are_no_calls(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (503, "no_account")
        async with desk.session.get(f"{desk.home.origin}/api/orders/x") as response:
            assert response.status == 404
        document = await desk.carrier_asks(f"{desk.home.origin}/twilio/outbound", CallSid="CA1")
        assert "<Hangup" in document

    at_desk(tmp_path, test, carrier=None)


def test_a_service_that_goes_down_takes_no_order(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        desk.home.service.draining = True
        status, answer = await desk.ask()
        assert (status, answer["error"]) == (503, "draining")

    at_desk(tmp_path, test)


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask())[0] == 401
        assert (await desk.ask(Authorization="Bearer wrong"))[0] == 401
        assert (await desk.ask(Authorization="Bearer right"))[0] == 202
        async with desk.session.get(f"{desk.home.origin}/api/orders/x") as response:
            assert response.status == 401

    at_desk(tmp_path, test, api_token="right")


def test_a_call_of_no_order_is_hung_up_and_its_end_is_nobody_s(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        _, order = await desk.ask()
        id, origin = order["id"], desk.home.origin
        await desk.until(id, "placed")
        asked = {"CallSid": LIVE["sid"]}
        for which in ("", "?order=x&try=1", f"?order={id}", f"?order={id}&try=x",
                      f"?order={id}&try=9999", f"?order={id}&try=2"):  # fmt: skip
            assert "<Hangup" in await desk.carrier_asks(f"{origin}/twilio/outbound{which}", **asked)
            for path, fields in (
                ("outbound-status", {"CallStatus": "completed"}),
                ("amd", {"AnsweredBy": "fax"}),
            ):
                await desk.carrier_asks(f"{origin}/twilio/{path}{which}", **asked, **fields)
        found = await desk.order(id)
        assert (found["state"], found["answered_by"]) == ("placed", None)

    at_desk(tmp_path, test)


@pytest.mark.parametrize("path", ["outbound", "outbound-status", "amd"])
def test_only_the_carrier_tells_of_calls(path: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        url = f"/twilio/{path}?order=x&try=1"
        fields = {"CallSid": LIVE["sid"]}
        signed = sign("token", f"https://voice.example.com{url}", list(fields.items()))
        for signature, allowed in (("", {403}), ("bm8=", {403}), (signed, {200, 204})):
            async with desk.session.post(
                desk.home.origin + url, data=fields, headers={"X-Twilio-Signature": signature}
            ) as response:
                assert response.status in allowed

    origin = "https://voice.example.com"
    at_desk(tmp_path, test, carrier_tokens=("token",), public_url=origin, insecure_local=False)
