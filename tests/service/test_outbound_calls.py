"""Whole calls that agents make: asked for by the API, made by the carrier, talked by the agent."""

import asyncio
import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from aiohttp import web

from tests.service.model_side import ModelSide, text_in
from tests.service.outbound_desk import SELLER, TO, Desk, at_desk
from tests.service.phone_side import phone_side
from tests.service.rest_side import LIVE, Answer, refused

pytestmark = pytest.mark.socket


def stream_of(document: str) -> dict[str, str]:
    """The parameters that a document gives to the stream."""
    found = {}
    for parameter in fromstring(document).iter("Parameter"):
        found[parameter.get("name", "")] = parameter.get("value", "")
    return found


async def greets(side: ModelSide) -> None:
    """Say something when asked to, and listen."""
    await side.set_up()
    await side.until(lambda message: text_in(message) is not None)
    await side.say(0.6)
    await side.until_closed()


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


def test_a_call_that_is_asked_about_again_is_joined_again_and_not_once_it_is_over(
    tmp_path: Path,
) -> None:
    """As after a request that failed: also where the call has its tenant's only line."""

    async def test(desk: Desk) -> None:
        _, order = await desk.ask()
        await desk.until(order["id"], "placed")
        assert dict(desk.carrier.asked[-1][2])["FallbackUrl"] == desk.url("Url")
        media = desk.home.local.replace("/local", "/1")
        asked = {"CallSid": LIVE["sid"], "To": TO}
        async with phone_side(media, number=0x7, media_every_s=0.02) as phone:
            phone.call_id = LIVE["sid"]
            document = await desk.carrier_asks(desk.url("Url"), **asked)
            await phone.open(**stream_of(document))
            await phone.until("mark")
            assert "<Stream" in await desk.carrier_asks(desk.url("FallbackUrl"), **asked)
            await phone.hang_up()
        await desk.home.quiet(30)
        document = await desk.carrier_asks(desk.url("FallbackUrl"), **asked)
        assert "<Hangup" in document
        assert "<Stream" not in document

    at_desk(tmp_path, test, text=f"{SELLER}limits: {{concurrent: 1}}\n", behaviour=greets)


def test_the_line_of_a_call_that_rings_is_given_to_nobody_else(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        voice = f"{desk.home.origin}/twilio/voice"
        asked = {"CallSid": "CA" + "9" * 32, "To": "+15550100105", "From": TO}
        _, order = await desk.ask()
        await desk.until(order["id"], "placed")
        assert "All our lines are busy" in await desk.carrier_asks(voice, **asked)
        of_ours = {"CallSid": LIVE["sid"], "To": TO}
        assert "<Stream" in await desk.carrier_asks(desk.url("Url"), **of_ours)

    at_desk(tmp_path, test, text=f"{SELLER}limits: {{concurrent: 1}}\n")


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
