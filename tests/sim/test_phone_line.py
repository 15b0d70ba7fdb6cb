"""The phone's line on a socket that only pretends, in virtual time."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest

from agent.sim import phone_line
from agent.sim.caller import Caller
from agent.sim.carrier import CarrierStream
from agent.sim.phone_line import PhoneLine
from agent.sim.phone_pings import Pings
from agent.sim.script import Pause, Script
from agent.sim.wheel import TimerWheel
from tests.sim.lines import mark, opened
from tests.support.virtual_loop import run_virtually

type Act = str | Callable[["Socket", PhoneLine], None]


class Socket:
    """Takes frames until it is blocked or broken.

    Attributes:
        sent, sent_at: texts, and when each was taken. pongs, pings: their payloads.
    """

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.sent_at: list[float] = []
        self.pongs: list[bytes] = []
        self.pings: list[bytes] = []
        self.incoming: list[aiohttp.WSMessage] = []
        self.came = asyncio.Event()
        self.closed_with: int | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False
        self.gone = asyncio.Event()

    async def send_frame(self, message: bytes, opcode: aiohttp.WSMsgType) -> None:
        assert opcode is aiohttp.WSMsgType.TEXT
        await self.open.wait()
        if self.broken:
            self.gone.set()
            self.came.set()
            raise aiohttp.ClientConnectionResetError
        self.sent.append(message)
        self.sent_at.append(asyncio.get_running_loop().time())

    async def ping(self, payload: bytes) -> None:
        await self.open.wait()
        if self.broken:
            raise aiohttp.ClientConnectionResetError
        self.pings.append(payload)

    async def pong(self, payload: bytes) -> None:
        if self.broken:
            raise aiohttp.ClientConnectionResetError
        self.pongs.append(payload)

    def bring(self, kind: aiohttp.WSMsgType, data: str | bytes) -> None:
        """The service sends something."""
        self.incoming.append(cast(aiohttp.WSMessage, SimpleNamespace(type=kind, data=data)))
        self.came.set()

    async def close(self, *, code: int) -> None:
        self.closed_with = code
        self.gone.set()
        self.came.set()

    def __aiter__(self) -> "Socket":
        return self

    async def __anext__(self) -> aiohttp.WSMessage:
        while not self.incoming and not self.gone.is_set():
            self.came.clear()
            await self.came.wait()
        if not self.incoming:
            raise StopAsyncIteration
        return self.incoming.pop(0)


async def hold(
    script: Script, act: dict[float, Act], pings: Pings | None = None
) -> tuple[Socket, PhoneLine, float]:
    """Run a call; at each time of `act` the socket blocks, opens or breaks, or what is given."""
    loop = asyncio.get_running_loop()
    socket, wheel = Socket(), TimerWheel()
    line: CarrierStream = opened()
    line.origin = loop.time()
    ws = cast(aiohttp.ClientWebSocketResponse, socket)
    held = PhoneLine(ws, Caller(script, line), wheel, pings=pings)

    async def misbehave() -> None:
        for at, what in act.items():
            await asyncio.sleep(at - loop.time())
            socket.broken |= what == "break"
            if callable(what):
                what(socket, held)
            elif what == "block":
                socket.open.clear()
            else:
                socket.open.set()

    async with asyncio.TaskGroup() as tasks:
        turning = tasks.create_task(wheel.turn())
        acting = tasks.create_task(misbehave())
        await held.run()
        turning.cancel()
        acting.cancel()
    return socket, held, loop.time()


def failure_of(held: PhoneLine) -> str | None:
    assert isinstance(held.caller, Caller)
    return held.caller.failure


def test_everything_is_sent_in_order_and_the_socket_closed() -> None:
    socket, held, ended = run_virtually(hold([Pause(1.0)], {}))

    events = [json.loads(text)["event"] for text in socket.sent]
    assert Counter(events) == {"connected": 1, "start": 1, "media": 51, "stop": 1}
    assert socket.closed_with == 1000
    assert failure_of(held) is None
    assert held.spoke.lateness_s == pytest.approx([0.0] * len(held.spoke.lateness_s), abs=1e-9)
    assert ended == pytest.approx(1.02)


def test_a_slow_reader_loses_the_callers_audio_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phone_line, "OUTBOX", 20)
    socket, held, _ = run_virtually(hold([Pause(2.0)], {0.5: "block", 1.5: "open"}))

    numbers = [int(json.loads(text)["sequenceNumber"]) for text in socket.sent[1:]]
    lost = held.caller.counters["31930"]
    assert 20 < lost < 35
    assert numbers == sorted(numbers)
    assert len(numbers) == numbers[-1] - lost
    assert json.loads(socket.sent[-1])["event"] == "stop"
    assert failure_of(held) is None


def test_a_reader_that_takes_nothing_for_long_ends_the_call() -> None:
    socket, held, ended = run_virtually(hold([Pause(60.0)], {1.01: "block"}))

    assert held.caller.counters["send_timeout"] == 1
    assert failure_of(held) == "step 1 of 2, Pause: the service closed the connection"
    assert ended == pytest.approx(1.02 + phone_line.SEND_TIMEOUT_S)
    assert socket.closed_with is None


def test_a_broken_connection_ends_the_call() -> None:
    _, held, ended = run_virtually(hold([Pause(60.0)], {1.01: "break"}))

    assert failure_of(held) is not None
    assert ended == pytest.approx(1.02)


def test_a_slow_reader_is_borne_with_as_long_as_it_takes_anything() -> None:
    acts: dict[float, Act] = {}
    for second in range(1, 40):
        acts |= {second + 0.0: "block", second + 0.9: "open"}
    _, held, _ = run_virtually(hold([Pause(40.0)], acts))

    assert failure_of(held) is None
    assert held.caller.counters["send_timeout"] == 0


def leave(socket: Socket, _: PhoneLine) -> None:
    """The service is gone."""
    socket.gone.set()
    socket.came.set()


def stall(for_s: float, keeps_s: float = 10.0) -> Act:
    return lambda _, held: held.stall(for_s, keeps_s)


def test_a_stall_lets_nothing_out_and_then_all_of_it_at_once() -> None:
    socket, held, ended = run_virtually(hold([Pause(3.0)], {1.01: stall(1.0)}))

    during = [at for at in socket.sent_at if 1.015 < at < 2.005]
    assert during == []
    assert len([at for at in socket.sent_at if at == pytest.approx(2.01)]) == 50
    numbers = [int(json.loads(text)["sequenceNumber"]) for text in socket.sent[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert held.caller.counters["31930"] == 0
    assert ended == pytest.approx(3.02)


def test_of_a_long_stall_the_callers_audio_is_kept_in_part() -> None:
    socket, held, _ = run_virtually(hold([Pause(4.0)], {1.01: stall(2.0, 0.5)}))

    assert held.caller.counters["31930"] == pytest.approx(75, abs=2)
    assert len([at for at in socket.sent_at if at == pytest.approx(3.01)]) == 25
    times = [int(m["media"]["timestamp"]) for m in map(json.loads, socket.sent) if "media" in m]
    [jump] = [later - earlier for earlier, later in pairwise(times) if later - earlier > 60]
    assert jump == pytest.approx(1520, abs=30)


def test_who_hangs_up_in_a_stall_is_gone_when_it_is_over() -> None:
    socket, held, ended = run_virtually(hold([Pause(1.5)], {1.01: stall(1.0)}))

    assert json.loads(socket.sent[-1])["event"] == "stop"
    assert ended == pytest.approx(2.01)
    assert failure_of(held) is None


def test_a_connection_that_breaks_in_a_stall_is_over_at_once() -> None:
    _, held, ended = run_virtually(hold([Pause(60.0)], {1.01: stall(30.0), 2.0: leave}))

    assert ended == pytest.approx(2.0)
    assert failure_of(held) is not None


def test_one_who_is_deaf_reads_nothing_and_then_all_of_it() -> None:
    def deaf(_: Socket, held: PhoneLine) -> None:
        held.turn_deaf(1.0)

    def speak(socket: Socket, _: PhoneLine) -> None:
        for name in ("a", "b"):
            socket.bring(aiohttp.WSMsgType.TEXT, mark(name))

    socket, _, _ = run_virtually(hold([Pause(3.0)], {1.0: deaf, 1.2: speak}))

    echoed = [
        (round(at, 3), json.loads(text)["mark"]["name"])
        for at, text in zip(socket.sent_at, socket.sent, strict=True)
        if b'"mark"' in text
    ]
    assert echoed == [(2.0, "a"), (2.0, "b")]


def test_one_who_is_deaf_hears_again_when_told_to_and_when_hanging_up() -> None:
    acts: dict[float, Act] = {
        1.0: lambda _, held: held.turn_deaf(30.0),
        1.2: lambda socket, _: socket.bring(aiohttp.WSMsgType.TEXT, mark("a")),
        1.5: lambda _, held: held.listen(),
        2.0: lambda _, held: held.turn_deaf(30.0),
    }
    socket, _, ended = run_virtually(hold([Pause(3.0)], acts))

    assert sum(b'"mark"' in text for text in socket.sent) == 1
    assert ended == pytest.approx(3.02)


@pytest.mark.parametrize("answers", [True, False])
def test_the_services_pings_are_answered_unless_told_otherwise(answers: bool) -> None:
    acts: dict[float, Act] = {1.0: lambda socket, _: socket.bring(aiohttp.WSMsgType.PING, b"x")}
    socket, _, _ = run_virtually(hold([Pause(2.0)], acts, Pings(answers=answers)))

    assert socket.pongs == ([b"x"] if answers else [])


def test_a_ping_that_cannot_be_answered_is_no_harm() -> None:
    def act(socket: Socket, _: PhoneLine) -> None:
        socket.broken = True
        socket.bring(aiohttp.WSMsgType.PING, b"x")

    _, held, ended = run_virtually(hold([Pause(60.0)], {1.01: act}))

    assert failure_of(held) is not None
    assert ended == pytest.approx(1.02)


def test_pings_are_sent_when_asked_for_and_their_answers_timed() -> None:
    pings = Pings(0.5)

    def answer(socket: Socket, _: PhoneLine) -> None:
        socket.bring(aiohttp.WSMsgType.PONG, socket.pings[0])

    socket, held, _ = run_virtually(hold([Pause(1.9)], {0.8: answer}, pings))

    assert len(socket.pings) == pings.n_sent == 3
    assert pings.waits_s == pytest.approx([0.3])
    assert failure_of(held) is None


def test_no_ping_overtakes_a_stall_or_goes_to_a_connection_that_is_gone() -> None:
    pings = Pings(0.5)
    acts: dict[float, Act] = {
        0.9: stall(0.5),
        1.95: lambda _, held: held.freeze(),
        2.6: leave,
    }
    socket, _, _ = run_virtually(hold([Pause(3.0)], acts, pings))

    assert len(socket.pings) == 3  # at 0.5, 1.4 and 1.9: not at 1.0, and not at 2.4

    socket, _, _ = run_virtually(hold([Pause(3.0)], {0.7: "break"}, Pings(0.5)))
    assert len(socket.pings) == 1
