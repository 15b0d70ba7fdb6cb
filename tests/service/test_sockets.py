"""Outboxes and the reading and closing of sockets, in virtual time."""

import asyncio
from collections import deque
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from agent.gemini.session import Loss
from agent.service.sockets import (
    CLOSE_TIMEOUT_S,
    FRAMES_LIMIT,
    SEND_TIMEOUT_S,
    Outbox,
    PeerStalled,
    PhoneSocket,
    close,
    read,
)
from tests.support.virtual_loop import run_virtually


class Wire:
    """Takes frames at a given pace.

    Attributes:
        sent: with the time at which each was taken.
    """

    def __init__(self, every_s: float = 0.0, breaks_after: int = 1_000_000) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self._every_s = every_s
        self._breaks_after = breaks_after

    async def send(self, frame: bytes, kind: WSMsgType) -> None:
        assert kind is WSMsgType.TEXT
        if len(self.sent) == self._breaks_after:
            raise ConnectionResetError
        if self._every_s:
            await asyncio.sleep(self._every_s)
        self.sent.append((asyncio.get_running_loop().time(), frame))

    @property
    def frames(self) -> list[bytes]:
        return [frame for _, frame in self.sent]


def test_frames_leave_in_order_and_the_last_ones_before_the_end() -> None:
    async def main() -> None:
        wire = Wire()
        outbox = Outbox(wire.send)
        outbox.put(b"a")
        draining = asyncio.create_task(outbox.drain())
        await asyncio.sleep(1)
        outbox.put(b"b")
        outbox.put(b"c")
        outbox.close()
        outbox.put(b"too late")
        await draining
        assert wire.sent == [(0, b"a"), (1, b"b"), (1, b"c")]

    run_virtually(main())


def test_a_write_that_need_not_wait_is_done_before_put_returns() -> None:
    async def main() -> None:
        wire = Wire()
        outbox = Outbox(wire.send)
        outbox.put(b"a")
        outbox.put(b"b")
        assert wire.frames == [b"a", b"b"]

    run_virtually(main())


def test_what_comes_while_a_write_waits_leaves_after_it() -> None:
    async def main() -> None:
        wire = Wire(every_s=1)
        outbox = Outbox(wire.send)
        outbox.put(b"a")
        draining = asyncio.create_task(outbox.drain())
        for at in (0.5, 1.5, 3.5):
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            outbox.put(b"%g" % at)
        outbox.close()
        await draining
        assert wire.sent == [(1, b"a"), (2, b"0.5"), (3, b"1.5"), (4.5, b"3.5")]

    run_virtually(main())


def test_a_drain_that_is_cancelled_takes_the_waiting_write_with_it() -> None:
    async def main() -> None:
        wire = Wire(every_s=1)
        outbox = Outbox(wire.send)
        draining = asyncio.create_task(outbox.drain())
        await asyncio.sleep(1)
        outbox.put(b"a")  # and the drain has not seen it yet
        draining.cancel()
        await asyncio.wait([draining])
        outbox.put(b"b")
        await asyncio.sleep(9)
        assert wire.sent == []

    run_virtually(main())


def test_an_outbox_closed_while_it_waits_ends() -> None:
    async def main() -> None:
        outbox = Outbox(Wire().send)
        draining = asyncio.create_task(outbox.drain())
        await asyncio.sleep(1)
        outbox.close()
        await draining

    run_virtually(main())


def test_a_slow_peer_that_takes_every_frame_is_not_dead() -> None:
    async def main() -> None:
        wire = Wire(every_s=SEND_TIMEOUT_S - 1)
        outbox = Outbox(wire.send)
        for number in range(10):
            outbox.put(b"%d" % number)
        outbox.close()
        await outbox.drain()
        assert wire.frames == [b"%d" % number for number in range(10)]

    run_virtually(main())


def test_a_write_that_takes_too_long_is_a_dead_peer() -> None:
    async def main() -> None:
        wire = Wire(every_s=SEND_TIMEOUT_S + 1)
        outbox = Outbox(wire.send)
        outbox.put(b"a")
        with pytest.raises(PeerStalled, match="a write took more than 5 s"):
            await outbox.drain()
        assert asyncio.get_running_loop().time() == SEND_TIMEOUT_S

    run_virtually(main())


def test_a_full_outbox_is_a_dead_peer() -> None:
    async def main() -> None:
        wire = Wire(every_s=1)
        outbox = Outbox(wire.send, limit=3)
        draining = asyncio.create_task(outbox.drain())
        for number in range(5):
            outbox.put(b"%d" % number)
        with pytest.raises(PeerStalled, match="3 frames wait"):
            await draining

    run_virtually(main())


def test_more_than_a_minute_of_frames_finds_room() -> None:
    assert FRAMES_LIMIT * 0.02 > 60


def test_a_broken_connection_is_passed_on() -> None:
    async def main() -> None:
        wire = Wire(breaks_after=1)
        outbox = Outbox(wire.send)
        outbox.put(b"a")
        outbox.put(b"b")
        with pytest.raises(ConnectionError):
            await outbox.drain()
        assert wire.frames == [b"a"]

    run_virtually(main())


class Scripted:
    """A socket that receives what it is told to."""

    def __init__(self, *messages: tuple[WSMsgType, Any], close_code: int | None = None) -> None:
        self._messages = deque(messages)
        self.close_code = close_code
        self.closed_with: int | None = None
        self.close_takes_s = 0.0

    async def receive(self) -> WSMessage:
        kind, data = self._messages.popleft()
        return WSMessage(kind, data, "a reason" if kind is WSMsgType.CLOSE else None)

    async def close(self, code: int) -> None:
        await asyncio.sleep(self.close_takes_s)
        self.closed_with = code


@pytest.mark.parametrize(
    ("message", "close_code", "loss"),
    [
        ((WSMsgType.CLOSE, 1011), 1011, Loss(1011, "a reason")),
        ((WSMsgType.CLOSE, 0), 0, Loss(1005, "a reason")),
        ((WSMsgType.ERROR, ValueError("too large")), 1009, Loss(1009, "too large")),
        ((WSMsgType.ERROR, None), None, Loss(1006, "None")),
        (
            (WSMsgType.CLOSED, None),
            None,
            Loss(1006, "the connection ended without a close frame"),
        ),
        (
            (WSMsgType.CLOSING, None),
            1000,
            Loss(1006, "the connection ended without a close frame"),
        ),
    ],
)
def test_every_frame_is_handed_on_until_the_socket_is_over(
    message: tuple[WSMsgType, Any], close_code: int | None, loss: Loss
) -> None:
    async def main() -> None:
        received: list[bytes] = []
        socket = Scripted(
            (WSMsgType.TEXT, b"a"), (WSMsgType.BINARY, b"b"), message, close_code=close_code
        )
        assert await read(cast(PhoneSocket, socket), received.append) == loss
        assert received == [b"a", b"b"]

    run_virtually(main())


def test_a_close_that_is_not_answered_takes_no_longer_than_its_limit() -> None:
    async def main() -> None:
        socket = Scripted()
        await close(cast(PhoneSocket, socket), 1000)
        assert socket.closed_with == 1000
        socket.close_takes_s = 60
        await close(cast(PhoneSocket, socket), 1001)
        assert socket.closed_with == 1000
        assert asyncio.get_running_loop().time() == CLOSE_TIMEOUT_S

    run_virtually(main())
