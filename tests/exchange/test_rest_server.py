"""The REST API over HTTP, asked by the service's own client; and calls placed from outside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.service.twilio_http import Account as ClientAccount
from agent.service.twilio_http import CarrierError, TwilioHttp
from agent.service.twilio_rest import CURRENT, TwilioRest
from agent.sim.exchange.plan import Account, CallOptions, Hold, Party, StreamHold, World
from agent.sim.exchange.rest_faults import Fault, RestFault
from agent.sim.exchange.switchboard import Switchboard, switchboard
from agent.sim.mouth import Loss
from agent.sim.script import Leave, Pause
from tests.exchange.paper import PUBLIC, STREAM, Paper, served, until_stop
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
        stopped = await rest.set_recording(sid, CURRENT, "stopped")
        assert (stopped.sid, stopped.status) == (recording.sid, "stopped")
        with pytest.raises(CarrierError, match="HTTP 404"):
            await rest.set_recording(sid, CURRENT, "stopped")
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


def test_a_call_from_outside_says_what_goes_wrong_and_what_is_pressed() -> None:
    async def test(board: Switchboard, rest: TwilioRest) -> None:
        board.exchange.world.options = CallOptions(tones=True, seed=9)
        form = [("To", NUMBER), ("Press", "1.5:12#"), ("Seconds", "5")]
        troubles = [("Trouble", "stall=2:1"), ("Trouble", "lost=3")]
        async with aiohttp.ClientSession(board.url) as outside:
            async with outside.post("/stand-in/calls", data=[*form, *troubles]) as response:
                assert response.status == 201
                sid = (await response.json())["sid"]
            leg = board.exchange.legs[sid]
            assert leg.options == CallOptions(
                holds=(StreamHold(Hold.STALL, 2.0, 1.0),), loss=Loss(0.03), tones=True, seed=9
            )
            for wrong in (("Trouble", "rain"), ("Press", "12"), ("Press", "1:x")):
                async with outside.post("/stand-in/calls", data=[*form[:1], wrong]) as response:
                    assert response.status == 400
                    assert repr(wrong[1]) in await response.text()
        assert len(board.exchange.legs) == 1

    asking(test)


def test_the_story_of_a_call_has_its_wall_clock_its_pings_and_what_was_counted() -> None:
    paper = Paper({"/voice": STREAM})

    async def rude(ws: web.WebSocketResponse) -> None:
        await ws.send_str("{")
        await until_stop(ws)

    paper.holds = rude

    async def main() -> None:
        async with (
            served(paper) as origin,
            switchboard(ACCOUNT, reach={PUBLIC: origin}, port=0) as board,
            aiohttp.ClientSession(board.url) as outside,
        ):
            board.exchange.add_number(NUMBER, f"{PUBLIC}/voice#e=dublin")
            fields = {"To": NUMBER, "Press": "1:12", "Seconds": "3", "Trouble": "pings=1"}
            async with outside.post("/stand-in/calls", data=fields) as response:
                sid = (await response.json())["sid"]
            await board.over(board.exchange.legs[sid])
            async with outside.get(f"/stand-in/calls/{sid}") as response:
                story: Any = await response.json()
        began = datetime.fromisoformat(story["began_at_utc"]).timestamp()
        leg = board.exchange.legs[sid]
        assert began == pytest.approx(board.exchange.desk.epoch + leg.created_at, abs=0.001)
        assert story["pings"]["sent"] == len(story["pings"]["answered_after_s"]) >= 3
        assert story["counters"]["31951"] == 1
        named = {one["name"]: one for one in story["happened"]}
        assert named["request"]["edges"] == ["dublin"]
        assert named["error"]["code"] in {31951, 31921}

    run_on_loopback(main())
