"""The shortcut for everyday frames, in pairs and beside aiohttp."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from hypothesis import given
from hypothesis import strategies as st

from agent.gemini.session import Loss
from agent.service.shortcut import (
    LONGEST,
    QuickClientWebSocketResponse,
    QuickWebSocketResponse,
    Shortcut,
    shortcut_of,
)
from agent.service.sockets import Outbox, read
from tests.support.patient_loop import run_on_loopback

PING = b"\x89\x02hi"
FRAGMENT = b"\x01\x02ab"
EXTENDED = b"\xc1\x02ab"
CLOSE = b"\x88\x02\x03\xe8"
TOO_LONG = b"\x82\x7f" + (LONGEST + 1).to_bytes(8) + bytes(LONGEST + 1)


class Aiohttp(asyncio.Protocol):
    """What lies behind the shortcut; notes what it is told."""

    def __init__(self) -> None:
        self.data = b""
        self.told: list[object] = []

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(exc)

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")


class Line(asyncio.Transport):
    """A transport whose bytes are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closing = False
        self.aiohttp = Aiohttp()
        self.protocol: asyncio.BaseProtocol = self.aiohttp

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


def fail(error: Exception) -> None:
    raise error


def opened(masks: bool = False) -> tuple[Line, Shortcut, list[bytes]]:
    """A shortcut that hands on to a list."""
    line = Line()
    shortcut = Shortcut(line, masks=masks)
    received: list[bytes] = []
    shortcut.open(received.append, fail)
    return line, shortcut, received


def written(*messages: bytes, masks: bool = False) -> bytes:
    """The frames of these messages, as the other side's shortcut writes them."""
    line, shortcut, _ = opened(masks)
    for message in messages:
        assert shortcut.write(message)
    return line.written


messages_of_any_size = st.lists(
    st.one_of(st.binary(max_size=300), st.integers(0, LONGEST).map(bytes)), min_size=1, max_size=6
)


@given(messages_of_any_size, st.booleans(), st.data())
def test_what_one_side_writes_the_other_reads_however_it_is_cut(
    messages: list[bytes], masks: bool, data: st.DataObject
) -> None:
    stream = written(*messages, masks=masks)
    edges = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    line, shortcut, received = opened()
    for start, end in pairwise([0, *edges, len(stream)]):
        shortcut.data_received(stream[start:end])
    assert received == messages
    assert line.aiohttp.data == b""


def test_every_byte_may_come_by_itself() -> None:
    messages = [b"a", b"", bytes(200)]
    _, shortcut, received = opened()
    for byte in written(*messages, masks=True):
        shortcut.data_received(bytes([byte]))
    assert received == messages


def test_a_client_masks_each_message_anew() -> None:
    assert len({written(bytes(8), masks=True) for _ in range(8)}) > 1


def test_what_is_read_before_it_is_opened_goes_to_aiohttp_and_is_counted() -> None:
    line = Line()
    shortcut = Shortcut(line, masks=False)
    stream = written(b"one") + PING + written(b"two")
    shortcut.data_received(stream[:-1])
    assert line.aiohttp.data == stream[:-5]
    shortcut.data_received(stream[-1:])
    assert line.aiohttp.data == stream
    assert shortcut.passed == 2


def test_a_ping_goes_to_aiohttp_and_the_messages_around_it_do_not() -> None:
    line, shortcut, received = opened()
    shortcut.data_received(written(b"one") + PING + written(b"two"))
    assert received == [b"one", b"two"]
    assert line.aiohttp.data == PING
    assert shortcut.passed == 0


@pytest.mark.parametrize("odd", [FRAGMENT, EXTENDED, CLOSE, TOO_LONG, b"\x83\x00"])
def test_from_the_first_odd_frame_on_all_is_aiohttps(odd: bytes) -> None:
    line, shortcut, received = opened()
    rest = odd + written(b"two")
    shortcut.data_received(written(b"one") + rest)
    shortcut.data_received(PING)
    assert received == [b"one"]
    assert line.aiohttp.data == rest + PING
    assert not shortcut.write(b"too late")


def test_a_message_that_cannot_be_taken_is_told_and_the_next_ones_are_left_alone() -> None:
    line = Line()
    shortcut = Shortcut(line, masks=False)
    failures: list[Exception] = []

    def received(message: bytes) -> None:
        raise ValueError(message)

    shortcut.open(received, failures.append)
    shortcut.data_received(written(b"one", b"two"))
    assert [str(error) for error in failures] == ["b'one'"]
    assert line.aiohttp.data == written(b"two")


def test_nothing_is_written_where_it_would_have_to_wait_or_is_too_long() -> None:
    line, shortcut, _ = opened()
    assert not shortcut.write(bytes(LONGEST + 1))
    shortcut.pause_writing()
    assert not shortcut.write(b"a")
    shortcut.resume_writing()
    assert shortcut.write(b"b")
    line.closing = True
    assert not shortcut.write(b"c")
    assert line.written == b"\x81\x01b"
    assert line.aiohttp.told == ["pause", "resume"]


def test_aiohttp_learns_of_the_end() -> None:
    line, shortcut, _ = opened()
    error = ConnectionResetError()
    assert shortcut.eof_received()
    shortcut.connection_lost(error)
    assert line.aiohttp.told == ["eof", error]
    assert not shortcut.write(b"too late")


def test_a_socket_without_a_shortcut_has_none() -> None:
    assert shortcut_of(object()) is None


# Beside aiohttp, on real sockets.

type Side = aiohttp.ClientWebSocketResponse[bool] | web.WebSocketResponse[bool]


def joined(server_does: Callable[[Side], Any], client_does: Callable[[Side], Any]) -> None:
    """Run both sides of one websocket, each with a shortcut."""

    async def accept(request: web.Request) -> web.WebSocketResponse[bool]:
        side = QuickWebSocketResponse(compress=False, decode_text=False, max_msg_size=100_000)
        await side.prepare(request)
        await server_does(side)
        await side.close()
        return side

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/", accept)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with (
            aiohttp.ClientSession(ws_response_class=QuickClientWebSocketResponse) as session,
            session.ws_connect(f"ws://{host}:{port}/", decode_text=False) as side,
        ):
            await client_does(side)
        await runner.cleanup()

    run_on_loopback(main())


async def close_after_first_message(side: Side) -> None:
    await side.receive()
    await side.close(code=1011, message=b"had enough")


@pytest.mark.socket
def test_messages_pings_fragments_and_the_close_come_in_order() -> None:
    heard: list[bytes] = []
    told: list[Loss] = []

    async def server(side: Side) -> None:
        heard.append((await side.receive()).data)  # by aiohttp, as the opening of a call is
        told.append(await read(side, heard.append, taken=1))

    async def client(side: Side) -> None:
        outbox = Outbox.of(side)
        outbox.put(b"the first")
        await asyncio.sleep(0.1)
        outbox.put(b"the second")
        await side.ping(b"are you there?")
        outbox.put(bytes(LONGEST + 1))
        await side.send_frame(b"the ", WSMsgType.TEXT)
        outbox.put(b"end")
        await side.close(code=4001, message=b"done")

    joined(server, client)
    assert heard == [b"the first", b"the second", bytes(LONGEST + 1), b"the ", b"end"]
    assert told == [Loss(4001, "done")]


@pytest.mark.socket
def test_messages_that_came_before_reading_began_are_read_first() -> None:
    heard: list[bytes] = []

    async def server(side: Side) -> None:
        await side.receive()
        await asyncio.sleep(1)  # three more have come meanwhile
        await read(side, heard.append, taken=1)

    async def client(side: Side) -> None:
        outbox = Outbox.of(side)
        for number in range(4):
            outbox.put(b"%d" % number)
        await asyncio.sleep(2)
        outbox.put(b"4")
        await side.close()

    joined(server, client)
    assert heard == [b"1", b"2", b"3", b"4"]


@pytest.mark.socket
def test_the_close_code_of_the_service_is_told() -> None:
    told: list[Loss] = []

    async def client(side: Side) -> None:
        Outbox.of(side).put(b"hello")
        told.append(await read(side, lambda _: None))

    joined(close_after_first_message, client)
    assert told == [Loss(1011, "had enough")]


@pytest.mark.socket
def test_what_a_message_brings_about_fails_the_reader() -> None:
    raised: list[str] = []

    async def server(side: Side) -> None:
        try:
            await read(side, lambda message: fail(ValueError(message.decode())))
        except ValueError as error:
            raised.append(str(error))

    async def client(side: Side) -> None:
        Outbox.of(side).put(b"poison")
        await side.receive()

    joined(server, client)
    assert raised == ["poison"]
