"""The REST API over HTTP, asked by the service's own client; and calls placed from outside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from agent.service.twilio_http import Account as ClientAccount
from agent.service.twilio_http import CarrierError, TwilioHttp
from agent.service.twilio_rest import TwilioRest
from agent.sim.exchange.plan import Account, Party, World
from agent.sim.exchange.rest_faults import Fault, RestFault
from agent.sim.exchange.switchboard import Switchboard, switchboard
from agent.sim.script import Leave, Pause
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

ACCOUNT = Account("AC" + "a" * 32, "t0ken")
NUMBER, DESK = "+15550100100", "+15550100199"
QUIET = "<Response><Pause length='5'/></Response>"


@asynccontextmanager
async def asked(world: World | None = None) -> AsyncIterator[tuple[Switchboard, TwilioRest]]:
    async with (
        switchboard(ACCOUNT, world, port=0) as board,
        aiohttp.ClientSession() as session,
    ):
        board.exchange.add_number(NUMBER)
        account = ClientAccount(ACCOUNT.sid, ACCOUNT.sid, ACCOUNT.token, board.url)
        yield board, TwilioRest(TwilioHttp(account, session, random=lambda: 0.5))


def asking(
    test: Callable[[Switchboard, TwilioRest], Awaitable[None]], world: World | None = None
) -> None:
    async def main() -> None:
        async with asked(world) as (board, rest):
            await test(board, rest)

    run_on_loopback(main())


async def create(rest: TwilioRest) -> str:
    call = await rest.create_call(DESK, NUMBER, twiml=QUIET, time_limit_s=60)
    return call.sid


def test_the_services_client_makes_looks_up_and_ends_a_call() -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        sid = await create(rest)
        leg = board.exchange.legs[sid]
        assert (await rest.fetch_call(sid)).status == "ringing"
        assert leg.time_limit_s == 60
        ended = await rest.hang_up(sid)
        assert ended is not None
        assert ended.status == "canceled"
        assert await rest.hang_up(sid) is None

    asking(test)


def test_it_records_sends_and_gathers_people() -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        sid = await create(rest)
        leg = board.exchange.legs[sid]
        while leg.answered_at is None:
            await _wait()
        recording = await rest.record(sid)
        assert recording.sid is not None
        paused = await rest.set_recording(sid, recording.sid, "paused")
        assert paused.status == "paused"
        assert (await rest.send_message(DESK, NUMBER, "Hello")).status == "queued"
        joined = await rest.add_participant("room", DESK, NUMBER, EndConferenceOnExit=True)
        assert joined.call_sid is not None
        person = board.exchange.legs[joined.call_sid]
        while person.answered_at is None:
            await _wait()
        held = await rest.hold("room", joined.call_sid, on=True)
        assert held.conference_sid is not None
        await rest.remove_participant("room", joined.call_sid)
        await board.over(person)
        await rest.remove_participant("room", joined.call_sid)

    asking(test, World({DESK: Party(script=[Pause(30.0), Leave()])}))


async def _wait() -> None:

    await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("fault", "made", "unclear"),
    [
        (Fault.UNAVAILABLE, 0, True),
        (Fault.LOST, 1, True),
        (Fault.GARBAGE, 1, True),
        (Fault.RESET, 1, True),
        (Fault.HANG, 1, True),
    ],
)
def test_after_a_fault_the_client_does_not_make_a_second_call(
    fault: Fault, made: int, unclear: bool
) -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        board.faults.planned.append(RestFault(fault, "Calls"))
        with pytest.raises(CarrierError) as failed:
            await create(rest)
        assert failed.value.unclear is unclear
        assert len(board.exchange.legs) == made

    asking(test)


def test_a_429_is_waited_out() -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        board.faults.planned.append(RestFault(Fault.TOO_MANY, "Calls", times=3, retry_after_s=1))
        await create(rest)
        assert len(board.exchange.legs) == 1

    asking(test)


def test_answers_can_be_slow() -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        board.faults.latency_s = 2.0
        sid = await create(rest)
        assert board.exchange.legs[sid].status == "in-progress"

    asking(test)


def test_somebody_calls_from_outside_and_what_happened_is_told() -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        async with aiohttp.ClientSession(board.url) as outside:
            async with outside.post("/stand-in/calls", data={"To": NUMBER}) as response:
                assert response.status == 201
                sid = (await response.json())["sid"]
            async with outside.get(f"/stand-in/calls/{sid}") as response:
                story: Any = await response.json()
            assert (story["status"], story["over"]) == ("failed", True)
            assert [one["name"] for one in story["happened"]] == ["status", "unassigned", "status"]
            async with outside.get(f"/stand-in/calls/{sid}/heard.wav") as response:
                assert (await response.read()).startswith(b"RIFF")
            async with outside.get("/stand-in/calls/CA0") as response:
                assert response.status == 404
            for form in ({}, {"To": NUMBER, "Seconds": "0"}, {"To": NUMBER, "Seconds": "x"}):
                async with outside.post("/stand-in/calls", data=form) as response:
                    assert response.status == 400
            ringing = await create(rest)
            async with outside.get(f"/stand-in/calls/{ringing}/heard.wav") as response:
                assert response.status == 404

    asking(test)
