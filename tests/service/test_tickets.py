"""The media socket asks for the ticket that the webhook gave out."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from xml.etree.ElementTree import fromstring

import aiohttp
import pytest

from agent.telephony.twilio.ticket import LIFETIME_S
from tests.service.house import CALLER, NUMBER, House, house
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


async def ticket_for(home: House, call_id: str) -> str:
    """What the webhook gives out for this call."""
    form = {"CallSid": call_id, "From": CALLER, "To": NUMBER}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{home.origin}/twilio/voice", data=form) as response,
    ):
        [given] = [
            parameter.get("value")
            for parameter in fromstring(await response.text()).iter("Parameter")
            if parameter.get("name") == "ticket"
        ]
    assert given is not None
    return given


def media(home: House) -> str:
    return home.local.replace("/local", "/1")


def with_house(folder: Path, test: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        async with fake_model(polite) as model, house(folder, model.url) as home:
            await test(home)

    run_on_loopback(main())


async def refused(home: House, number: int, **parameters: str) -> str:
    """Why a stream that starts so is not taken."""
    async with phone_side(media(home), number=number) as phone:
        await phone.open(**parameters)
        assert await phone.closed == 1008
    return str(home.lines("call.refused")[-1]["reason"])


def test_a_ticket_opens_one_media_socket(tmp_path: Path) -> None:
    async def test(home: House) -> None:
        async with phone_side(media(home), number=1, media_every_s=0.02) as phone:
            ticket = await ticket_for(home, phone.call_id)
            await phone.open(ticket=ticket)
            await phone.until("media")
            await phone.hang_up()
        await home.quiet(within_s=1)
        assert home.ended()["outcome"] == "caller_hung_up"
        assert await refused(home, 1, ticket=ticket) == "ticket_used"
        assert home.service.counters["refused_ticket_used"] == 1

    with_house(tmp_path, test)


def test_without_the_ticket_of_its_call_a_media_socket_is_not_taken(tmp_path: Path) -> None:
    async def test(home: House) -> None:
        async with phone_side(home.local, number=1) as phone:
            ticket = await ticket_for(home, phone.call_id)
        assert await refused(home, 1) == "ticket_missing"
        assert await refused(home, 2, ticket=ticket) == "ticket_wrong"
        assert await refused(home, 1, ticket=ticket, tenant="office") == "ticket_wrong"

    with_house(tmp_path, test)


def test_a_ticket_that_is_too_old_opens_nothing(tmp_path: Path) -> None:
    async def test(home: House) -> None:
        async with phone_side(media(home), number=1) as phone:
            ticket = await ticket_for(home, phone.call_id)
        await asyncio.sleep(LIFETIME_S + 0.1)
        assert await refused(home, 1, ticket=ticket) == "ticket_expired"

    with_house(tmp_path, test)
