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
        outbox, wire = Outbox(), Wire()
        outbox.put(b"a")
        draining = asyncio.create_task(outbox.drain(wire.send))
        await asyncio.sleep(1)
        outbox.put(b"b")
        outbox.put(b"c")
        outbox.close(1007)
        outbox.close(1000)  # the first word counts
        outbox.put(b"too late")
        await draining
        assert wire.sent == [(0, b"a"), (1, b"b"), (1, b"c")]
        assert outbox.close_code == 1007

    run_virtually(main())


def test_an_outbox_closed_while_it_waits_ends() -> None:
    async def main() -> None:
        outbox = Outbox()
        draining = asyncio.create_task(outbox.drain(Wire().send))
        await asyncio.sleep(1)
        outbox.close()
        await draining

    run_virtually(main())


def test_a_slow_peer_that_takes_every_frame_is_not_dead() -> None:
    async def main() -> None:
        outbox, wire = Outbox(), Wire(every_s=SEND_TIMEOUT_S - 1)
        for number in range(10):
            outbox.put(b"%d" % number)
        outbox.close()
        await outbox.drain(wire.send)
        assert wire.frames == [b"%d" % number for number in range(10)]

    run_virtually(main())


def test_a_write_that_takes_too_long_is_a_dead_peer() -> None:
    async def main() -> None:
        outbox, wire = Outbox(), Wire(every_s=SEND_TIMEOUT_S + 1)
        outbox.put(b"a")
        with pytest.raises(PeerStalled, match="a write took more than 5 s"):
            await outbox.drain(wire.send)
        assert asyncio.get_running_loop().time() == SEND_TIMEOUT_S

    run_virtually(main())


def test_a_full_outbox_is_a_dead_peer() -> None:
    async def main() -> None:
        outbox, wire = Outbox(limit=3), Wire(every_s=1)
        draining = asyncio.create_task(outbox.drain(wire.send))
        for number in range(5):
            outbox.put(b"%d" % number)
        with pytest.raises(PeerStalled, match="3 frames wait"):
            await draining

    run_virtually(main())


def test_more_than_a_minute_of_frames_finds_room() -> None:
    assert FRAMES_LIMIT * 0.02 > 60


def test_a_broken_connection_is_passed_on() -> None:
    async def main() -> None:
        outbox, wire = Outbox(), Wire(breaks_after=1)
        outbox.put(b"a")
        outbox.put(b"b")
        with pytest.raises(ConnectionError):
            await outbox.drain(wire.send)
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
