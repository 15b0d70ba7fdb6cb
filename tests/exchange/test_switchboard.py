"""The exchange on real sockets of loopback, in jumping time, against a service made of paper."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from agent.sim.exchange.plan import Break, CallOptions, StreamBreak
from agent.sim.exchange.switchboard import Switchboard, switchboard
from agent.sim.script import Leave, Pause, Script
from agent.telephony.twilio import signature
from tests.exchange.paper import (
    ACCOUNT,
    CALLER,
    NUMBER,
    PUBLIC,
    STAYS,
    STREAM,
    Paper,
    codes,
    on_paper,
    served,
)
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket


def test_the_whole_way_of_a_call_under_the_services_public_name() -> None:
    paper = Paper({"/voice": STREAM})

    async def test(board: Switchboard) -> None:
        report = await board.call(CALLER, NUMBER, [Pause(1.0), Leave()])
        assert report.failure is None
        assert report.seconds == pytest.approx(1.0, abs=0.1)
        assert abs(report.started_at_utc - 1.8e9) < 3e9

    on_paper(paper, test)
    [request], [form] = paper.requests, paper.forms
    assert request.headers["Host"] == "voice.example.com"
    assert request.headers["X-Twilio-Signature"] == signature.sign(
        ACCOUNT.token, f"{PUBLIC}/voice", form.items()
    )
    assert "Accept-Encoding" not in request.headers


def test_an_upgrade_has_the_carriers_headers_and_no_others() -> None:
    paper = Paper({"/voice": STREAM})

    async def test(board: Switchboard) -> None:
        await board.call(CALLER, NUMBER, [Pause(0.5), Leave()])

    on_paper(paper, test)
    [headers] = paper.upgrades
    assert sorted(headers) == [
        "Connection", "Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade",
        "User-Agent", "X-Twilio-Signature",
    ]  # fmt: skip
    assert headers["Host"] == "voice.example.com"
    assert headers["User-Agent"] == "Twilio.TmeWs/1.0"
    assert headers["X-Twilio-Signature"] == signature.sign(
        ACCOUNT.token, "wss://voice.example.com/media"
    )


@pytest.mark.parametrize("how", [Break.FIN, Break.RST])
def test_a_broken_connection_is_seen_by_both_sides_and_the_call_comes_back(how: Break) -> None:
    paper = Paper({"/voice": f"{STREAM}<Redirect>/continue</Redirect>", "/continue": STREAM})

    async def test(board: Switchboard) -> None:
        script: Script = [Pause(3.0), Leave()]
        options = CallOptions(breaks=(StreamBreak(how, 1.0),))
        leg = board.begin(CALLER, NUMBER, script, options)
        await board.over(leg)
        assert leg.n_streams == 2
        assert codes(board) == [31903]
        assert paper.ends[0][0] - leg.created_at == pytest.approx(1.0, abs=0.3)
        assert paper.ends[1][0] - leg.created_at == pytest.approx(3.0, abs=0.3)

    on_paper(paper, test)
    assert paper.ends[0][1] in {None, 1006}


def test_in_a_black_hole_nothing_arrives_and_the_carrier_notices_late() -> None:
    paper = Paper({"/voice": f"{STREAM}<Redirect>/continue</Redirect>", "/continue": STREAM})
    received: list[float] = []

    async def hold(ws: web.WebSocketResponse) -> None:
        time = asyncio.get_running_loop().time
        received.extend([time() async for _ in ws])

    paper.holds = hold

    async def test(board: Switchboard) -> None:
        options = CallOptions(breaks=(StreamBreak(Break.BLACK_HOLE, 1.0, detected_s=6.0),))
        leg = board.begin(CALLER, NUMBER, [Pause(9.0), Leave()], options)
        await board.over(leg)
        since = [at - leg.created_at for at in received]
        assert [at for at in since if 1.1 < at < 6.9] == []
        assert max(since) > 8.5
        assert codes(board) == [31903]

    on_paper(paper, test)
    assert len(paper.upgrades) == 2


@pytest.mark.parametrize(("status", "code"), [(403, 31920), (500, 31920), (404, 31920)])
def test_an_upgrade_that_is_refused_goes_on(status: int, code: int) -> None:
    paper = Paper({"/voice": f"{STREAM}<Hangup/>"}, status=status)

    async def test(board: Switchboard) -> None:
        report = await board.call(CALLER, NUMBER, STAYS)
        assert report.failure is None
        assert codes(board) == [code]

    on_paper(paper, test)


def test_an_upgrade_that_is_not_answered_goes_on_after_its_time() -> None:
    paper = Paper({"/voice": f"{STREAM}<Hangup/>"}, hangs={"/media"})

    async def test(board: Switchboard) -> None:
        leg = board.begin(CALLER, NUMBER, STAYS)
        await board.over(leg)
        assert codes(board) == [31901]
        assert leg.ended_at is not None
        assert leg.ended_at - leg.created_at == pytest.approx(10.0, abs=0.5)

    on_paper(paper, test)


def test_a_caller_may_hang_up_while_the_upgrade_is_under_way() -> None:
    paper = Paper({"/voice": f"{STREAM}<Redirect>/continue</Redirect>"}, hangs={"/media"})

    async def test(board: Switchboard) -> None:
        await board.call(CALLER, NUMBER, [Pause(2.0), Leave()])

    on_paper(paper, test)
    assert [request.path for request in paper.requests] == ["/voice"]


def test_a_webhook_that_is_not_answered_fails_after_fifteen_seconds_or_as_its_url_says() -> None:
    paper = Paper({}, hangs={"/voice"})

    async def test(board: Switchboard) -> None:
        for url, seconds in ((f"{PUBLIC}/voice", 15.0), (f"{PUBLIC}/voice#tt=2000", 2.0)):
            number = board.exchange.number(NUMBER)
            assert number is not None
            number.voice_url = url
            leg = board.begin(CALLER, NUMBER, [Pause(60.0)])
            await board.over(leg)
            assert leg.ended_at is not None
            assert leg.ended_at - leg.created_at == pytest.approx(seconds, abs=0.2)
            assert board.report(leg).failure is not None
            assert "11200" in (board.report(leg).failure or "")

    on_paper(paper, test)


def test_nobody_at_the_other_end_is_a_connection_that_fails() -> None:
    async def main() -> None:
        async with switchboard(ACCOUNT) as board:
            board.exchange.add_number(NUMBER, "http://127.0.0.1:9/voice")
            report = await board.call(CALLER, NUMBER, STAYS)
            assert codes(board) == [11205]
            assert report.failure is None  # who waits for the end has it
            board.exchange.add_number("+15550100101", "http://127.0.0.1:9/voice")

    run_on_loopback(main())


def test_a_media_socket_that_nobody_listens_on_is_31902() -> None:
    paper = Paper({"/voice": "<Connect><Stream url='ws://127.0.0.1:9/media'/></Connect>"})

    async def test(board: Switchboard) -> None:
        await board.call(CALLER, NUMBER, STAYS)
        assert codes(board) == [31902]

    on_paper(paper, test)


def test_a_second_socket_gets_its_own_start_and_what_became_of_it_is_noted() -> None:
    paper = Paper({"/voice": STREAM})
    starts: list[str] = []

    async def hold(ws: web.WebSocketResponse) -> None:
        number = len(paper.upgrades)
        async for message in ws:
            if '"start"' in message.data[:20]:
                starts.append(message.json()["streamSid"])
                if number == 2:
                    await ws.close(code=1008)

    paper.holds = hold

    async def test(board: Switchboard) -> None:
        options = CallOptions(second_socket_after_s=1.0)
        await board.call(CALLER, NUMBER, [Pause(3.0), Leave()], options)
        [note] = [note for note in board.exchange.notes if note.name == "second_socket"]
        assert note.values["code"] == 1008

    on_paper(paper, test)
    assert len(starts) == 2
    assert starts[0] == starts[1]


def test_a_second_socket_that_is_refused_is_noted_as_well() -> None:
    paper = Paper({"/voice": STREAM})

    async def test(board: Switchboard) -> None:
        leg = board.begin(
            CALLER, NUMBER, [Pause(3.0), Leave()], CallOptions(second_socket_after_s=1.0)
        )
        await asyncio.sleep(0.9)
        paper.status = 403
        await board.over(leg)
        [note] = [note for note in board.exchange.notes if note.name == "second_socket"]
        assert note.values["code"] == 31920

    on_paper(paper, test)


def test_closing_the_exchange_ends_its_calls() -> None:
    paper = Paper({"/voice": STREAM})

    async def main() -> None:
        async with served(paper) as origin:
            async with switchboard(ACCOUNT, reach={PUBLIC: origin}) as board:
                board.exchange.add_number(NUMBER, f"{PUBLIC}/voice")
                leg = board.begin(CALLER, NUMBER, STAYS)
                await asyncio.sleep(1.0)
            assert leg.status == "completed"

    run_on_loopback(main())
    assert len(paper.ends) == 1


def test_what_goes_wrong_inside_comes_out_as_it_is() -> None:
    async def main() -> None:
        with pytest.raises(aiohttp.ClientError, match="mine"):
            async with switchboard(ACCOUNT):
                raise aiohttp.ClientError("mine")

    run_on_loopback(main())
