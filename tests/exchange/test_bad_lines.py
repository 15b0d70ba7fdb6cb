"""Bad lines, pings and streams of one way on real sockets, against a service made of paper."""

import asyncio
import json
import socket
from itertools import pairwise

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from agent.sim.exchange.network import Network, transport_of
from agent.sim.exchange.plan import CallOptions, Hold, StreamHold
from agent.sim.exchange.signals import OpenSocket
from agent.sim.exchange.switchboard import Switchboard
from agent.sim.mouth import Loss
from agent.sim.script import Leave, Pause
from tests.exchange.paper import CALLER, NUMBER, STREAM, Paper, codes, on_paper

pytestmark = pytest.mark.socket

STALL, DEAF = Hold.STALL, Hold.DEAF


def listening(came: list[tuple[float, dict[str, object]]]) -> Paper:
    """A service that writes down what comes, and when."""

    async def hold(ws: web.WebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        async for message in ws:
            came.append((loop.time(), json.loads(message.data)))
            if '"stop"' in message.data[:20]:
                await ws.close()

    return Paper({"/voice": STREAM}, holds=hold)


def stamps(came: list[tuple[float, dict[str, object]]]) -> list[int]:
    media = [message["media"] for _, message in came if "media" in message]
    return [int(one["timestamp"]) for one in media if isinstance(one, dict)]


def test_a_stalled_stream_gets_everything_at_once_afterwards() -> None:
    came: list[tuple[float, dict[str, object]]] = []

    async def test(board: Switchboard) -> None:
        options = CallOptions(holds=(StreamHold(STALL, 1.0, 1.5),))
        leg = board.begin(CALLER, NUMBER, [Pause(4.0), Leave()], options)
        await board.over(leg)
        times = [at - leg.created_at for at, _ in came]
        assert [at for at in times if 1.1 < at < 2.4] == []
        assert sum(2.4 < at < 2.6 for at in times) > 70
        assert codes(board) == []
        assert board.report(leg).failure is None

    on_paper(listening(came), test)
    numbers = [message["sequenceNumber"] for _, message in came[1:]]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert max(later - earlier for earlier, later in pairwise(stamps(came))) < 40


def test_of_a_long_stall_the_carrier_discards_what_it_does_not_hold_and_warns() -> None:
    came: list[tuple[float, dict[str, object]]] = []

    async def test(board: Switchboard) -> None:
        options = CallOptions(holds=(StreamHold(STALL, 1.0, 2.0, keeps_s=0.5),))
        leg = board.begin(CALLER, NUMBER, [Pause(5.0), Leave()], options)
        await board.over(leg)
        assert codes(board) == [31930]
        assert leg.report().counters["31930"] == pytest.approx(75, abs=3)

    on_paper(listening(came), test)
    times = stamps(came)
    assert max(b - a for a, b in pairwise(times)) == pytest.approx(1520, abs=60)


def test_a_service_that_does_not_read_loses_audio_before_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dials = Network.dial

    async def dial(
        self: Network, wanted: OpenSocket, *, autoping: bool = False
    ) -> aiohttp.ClientWebSocketResponse:
        ws = await dials(self, wanted, autoping=autoping)
        narrow(transport_of(ws), socket.SO_SNDBUF)
        return ws

    async def hold(ws: web.WebSocketResponse) -> None:
        transport = ws._req.transport if ws._req is not None else None
        assert transport is not None
        narrow(transport, socket.SO_RCVBUF)
        transport.pause_reading()
        await asyncio.Event().wait()

    monkeypatch.setattr(Network, "dial", dial)

    async def test(board: Switchboard) -> None:
        leg = board.begin(CALLER, NUMBER, [Pause(300.0), Leave()])
        await board.over(leg)
        assert codes(board)[0] == 31930
        counters = leg.report().counters
        assert counters["31930"] > 100
        assert counters["send_timeout"] == 1

    on_paper(Paper({"/voice": STREAM}, holds=hold), test)


def narrow(transport: asyncio.Transport | None, which: int) -> None:
    """Let little lie between the two: loopback holds minutes of sound otherwise."""
    assert transport is not None
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, which, 4096)


def test_a_carrier_that_does_not_read_leaves_the_service_with_what_it_says() -> None:
    waits: list[float] = []
    text = json.dumps({"event": "media", "media": {"payload": "gICA" * 20_000}})

    async def hold(ws: web.WebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        await ws.receive()
        start = await ws.receive()
        said = text.replace("{", f'{{"streamSid":"{start.json()["streamSid"]}",', 1)
        await asyncio.sleep(1.5)
        for _ in range(300):
            began = loop.time()
            await ws.send_str(said)
            waits.append(loop.time() - began)
        async for message in ws:
            if '"stop"' in message.data[:20]:
                await ws.close()

    paper = Paper({"/voice": STREAM}, holds=hold)

    async def test(board: Switchboard) -> None:
        options = CallOptions(holds=(StreamHold(DEAF, 1.0, 3.0),))
        leg = board.begin(CALLER, NUMBER, [Pause(8.0), Leave()], options)
        await board.over(leg)
        first = leg.report().first_audio_s
        assert first is not None
        assert first == pytest.approx(4.0, abs=0.1)
        assert leg.report().counters["media"] == 300
        assert codes(board) == []

    on_paper(paper, test)
    assert max(waits) == pytest.approx(2.5, abs=0.2)


@pytest.mark.parametrize("shows_as", ["jump", "silence"])
def test_what_is_lost_of_the_caller_is_lost_through_the_exchange(shows_as: str) -> None:
    came: list[tuple[float, dict[str, object]]] = []
    loss = Loss(0.2, "jump" if shows_as == "jump" else "silence")

    async def test(board: Switchboard) -> None:
        await board.call(CALLER, NUMBER, [Pause(10.0), Leave()], CallOptions(loss=loss, seed=3))

    on_paper(listening(came), test)
    times = stamps(came)
    jumps = [b - a for a, b in pairwise(times) if b - a > 32]
    if shows_as == "jump":
        assert len(times) == pytest.approx(400, abs=40)
        assert len(jumps) > 40
    else:
        assert len(times) == pytest.approx(500, abs=3)
        assert jumps == []


@pytest.mark.parametrize("answers", [True, False])
def test_the_carriers_pings_are_told_of_with_their_answers(answers: bool) -> None:
    async def hold(ws: web.WebSocketResponse) -> None:
        await asyncio.sleep(0.2)
        async for message in ws:
            if message.type is WSMsgType.PING and answers:
                await asyncio.sleep(0.25)
                await ws.pong(message.data)
            if message.type is WSMsgType.TEXT and '"stop"' in message.data[:20]:
                await ws.close()

    paper = Paper({"/voice": STREAM}, holds=hold, autoping=False)

    async def test(board: Switchboard) -> None:
        options = CallOptions(ping_every_s=1.0)
        report = await board.call(CALLER, NUMBER, [Pause(3.5), Leave()], options)
        assert report.n_pings == 3
        assert report.ping_waits_s == (
            pytest.approx([0.25, 0.25, 0.25], abs=0.05) if answers else []
        )

    on_paper(paper, test)


def test_without_a_word_of_it_no_ping_is_sent() -> None:
    kinds: list[WSMsgType] = []

    async def hold(ws: web.WebSocketResponse) -> None:
        async for message in ws:
            kinds.append(message.type)
            if message.type is WSMsgType.TEXT and '"stop"' in message.data[:20]:
                await ws.close()

    async def test(board: Switchboard) -> None:
        report = await board.call(CALLER, NUMBER, [Pause(30.0), Leave()])
        assert report.n_pings == 0

    on_paper(Paper({"/voice": STREAM}, holds=hold, autoping=False), test)
    assert set(kinds) == {WSMsgType.TEXT}


@pytest.mark.parametrize("answers", [True, False])
def test_the_services_pings_are_answered_through_the_exchange_unless_told_otherwise(
    answers: bool,
) -> None:
    ponged: list[bytes] = []

    async def hold(ws: web.WebSocketResponse) -> None:
        await ws.ping(b"there?")
        async for message in ws:
            if message.type is WSMsgType.PONG:
                ponged.append(message.data)
            if message.type is WSMsgType.TEXT and '"stop"' in message.data[:20]:
                await ws.close()

    async def test(board: Switchboard) -> None:
        options = CallOptions(answer_pings=answers)
        await board.call(CALLER, NUMBER, [Pause(1.0), Leave()], options)

    on_paper(Paper({"/voice": STREAM}, holds=hold, autoping=False), test)
    assert ponged == ([b"there?"] if answers else [])


def test_what_breaks_a_rule_is_warned_of_once_in_each_stream() -> None:
    async def hold(ws: web.WebSocketResponse) -> None:
        await ws.receive()
        await ws.receive()
        for _ in range(3):
            await ws.send_str("{")
            await ws.send_bytes(b"\xff" * 160)
        await asyncio.sleep(0.5)
        await ws.close()

    again = "<Redirect>/continue</Redirect>"
    paper = Paper({"/voice": STREAM + again, "/continue": STREAM}, holds=hold)

    async def test(board: Switchboard) -> None:
        report = await board.call(CALLER, NUMBER, [Pause(3.0), Leave()])
        assert codes(board) == [31951, 31950, 31921] * 2
        assert len(report.violations) == 12
        wrong = [detail for code, detail, _ in board.exchange.errors if code == 31951]
        assert all(detail.startswith("a message that breaks a rule: Decode") for detail in wrong)

    on_paper(paper, test)


def test_a_stream_of_one_way_is_beside_the_call_on_a_socket_of_its_own() -> None:
    fork = "<Start><Stream url='wss://voice.example.com/ear' track='both_tracks' name='e'/></Start>"
    stop = "<Redirect>/continue</Redirect>"
    paper = Paper(
        {
            "/voice": fork + STREAM + stop,
            "/continue": "<Stop><Stream name='e'/></Stop><Pause length='2'/>",
        }
    )
    events: list[list[str]] = []

    async def hold(ws: web.WebSocketResponse) -> None:
        mine: list[str] = []
        events.append(mine)
        loop = asyncio.get_running_loop()
        began = loop.time()
        async for message in ws:
            event = message.json()["event"]
            mine.append(event)
            if len(events) == 2 and mine is events[1] and loop.time() > began + 1.5:
                await ws.close()
            if event == "stop":
                await ws.close()

    paper.holds = hold

    async def test(board: Switchboard) -> None:
        leg = board.begin(CALLER, NUMBER, [Pause(10.0), Leave()])
        await board.over(leg)
        assert codes(board) == [31921]
        assert leg.n_streams == 1
        assert leg.status == "completed"
        started = [n.name for n in board.exchange.notes if n.name.startswith("fork.")]
        assert started == ["fork.started", "fork.ended"]

    on_paper(paper, test)
    ear = next(each for each in events if "stop" in each)
    assert ear[:2] == ["connected", "start"]
    assert ear[-1] == "stop"
    assert ear.count("media") == pytest.approx(150, abs=8)
    assert len(events) == 2
