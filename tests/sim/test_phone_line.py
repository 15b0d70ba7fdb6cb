"""The phone's line on a socket that only pretends, in virtual time."""

import asyncio
import json
from collections import Counter
from typing import cast

import aiohttp
import pytest

from agent.sim import phone_line
from agent.sim.caller import Caller
from agent.sim.carrier import CarrierStream
from agent.sim.phone_line import PhoneLine
from agent.sim.script import Pause, Script
from agent.sim.wheel import TimerWheel
from tests.sim.lines import opened
from tests.support.virtual_loop import run_virtually


class Socket:
    """Takes frames until it is blocked or broken."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
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
            raise aiohttp.ClientConnectionResetError
        self.sent.append(message)

    async def close(self, *, code: int) -> None:
        self.closed_with = code
        self.gone.set()

    def __aiter__(self) -> "Socket":
        return self

    async def __anext__(self) -> aiohttp.WSMessage:
        await self.gone.wait()
        raise StopAsyncIteration


async def hold(script: Script, act: dict[float, str]) -> tuple[Socket, PhoneLine, float]:
    """Run a call; at each time of `act` the socket blocks, opens or breaks."""
    loop = asyncio.get_running_loop()
    socket, wheel = Socket(), TimerWheel()
    line: CarrierStream = opened()
    line.origin = loop.time()
    held = PhoneLine(cast(aiohttp.ClientWebSocketResponse, socket), Caller(script, line), wheel)

    async def misbehave() -> None:
        for at, what in act.items():
            await asyncio.sleep(at - loop.time())
            socket.broken |= what == "break"
            if what == "block":
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
    lost = held.caller.line.counters["31930"]
    assert 20 < lost < 35
    assert numbers == sorted(numbers)
    assert len(numbers) == numbers[-1] - lost
    assert json.loads(socket.sent[-1])["event"] == "stop"
    assert failure_of(held) is None


def test_a_reader_that_takes_nothing_for_long_ends_the_call() -> None:
    socket, held, ended = run_virtually(hold([Pause(60.0)], {1.01: "block"}))

    assert held.caller.line.counters["send_timeout"] == 1
    assert failure_of(held) == "step 1 of 2, Pause: the service closed the connection"
    assert ended == pytest.approx(1.02 + phone_line.SEND_TIMEOUT_S)
    assert socket.closed_with is None


def test_a_broken_connection_ends_the_call() -> None:
    _, held, ended = run_virtually(hold([Pause(60.0)], {1.01: "break"}))

    assert failure_of(held) is not None
    assert ended == pytest.approx(1.02)
