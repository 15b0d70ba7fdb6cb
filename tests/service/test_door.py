"""Strangers are turned away at the door; everybody else meets aiohttp as if there were none."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from agent.cli.runtime import loop_factory
from agent.service.door import LONGEST, Door, upgrade_signatures
from agent.telephony.twilio.signature import sign, upgrade_candidates
from tests.service.house import House, house
from tests.support.patient_loop import run_on_loopback

PUBLIC, TOKEN = "https://voice.example.com", "token"
MEDIA = "wss://voice.example.com/twilio/media/1"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\n"


def request(signature: str | None, path: str = "/twilio/media/1", more: bytes = b"") -> bytes:
    """An upgrade as the carrier makes it."""
    named = b"" if signature is None else b"X-TWILIO-signature:  %b \r\n" % signature.encode()
    return (
        b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b%b\r\n"
        % (path.encode(), more, named)
    )


GOOD, BAD = request(sign(TOKEN, MEDIA)), request(sign("wrong", MEDIA))


class Transport:
    def __init__(self) -> None:
        self.written = b""
        self.aborted = False
        self.protocol: object = None

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def set_protocol(self, protocol: object) -> None:
        self.protocol = protocol


class Inner(asyncio.Protocol):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")


class Visit:
    """One connection."""

    def __init__(self) -> None:
        self.inner, self.transport, self.refused = Inner(), Transport(), 0
        signatures = upgrade_signatures(["", TOKEN], MEDIA)
        self.door = Door(self.inner, b"/twilio/media/", signatures, self._refused)
        self.door.connection_made(cast(asyncio.Transport, self.transport))

    def _refused(self) -> None:
        self.refused += 1


@pytest.mark.parametrize(
    "asked",
    [
        BAD,
        request(None),
        request(""),
        request("\u00fc" * 10),
        request(sign(TOKEN, MEDIA + "x")),
        request(sign(TOKEN, MEDIA.replace("wss", "https"))),
        request(sign("wrong", MEDIA), "/twilio/media/other?x=1"),
        request(sign("", MEDIA)),
    ],
)
def test_an_upgrade_that_the_carrier_did_not_sign_is_turned_away(asked: bytes) -> None:
    visit = Visit()
    for n in (1, 2):
        visit.door.data_received(asked)
        assert visit.refused == n
    assert visit.inner.told == ["made"]
    assert visit.transport.written.count(REFUSAL) == 2
    assert visit.transport.protocol is None


@pytest.mark.parametrize(
    "asked",
    [
        GOOD,
        *(request(sign(TOKEN, url)) for url in upgrade_candidates(MEDIA)),
        b"POST /twilio/voice HTTP/1.1\r\n\r\n",
        BAD[:-1],
        BAD + b"x",
        BAD + GOOD,
        request(sign("wrong", MEDIA), more=b"X: " + b"x" * LONGEST + b"\r\n"),
    ],
)
def test_everything_else_is_aiohttp_s_from_then_on(asked: bytes) -> None:
    visit = Visit()
    visit.door.data_received(asked)
    assert visit.inner.told == ["made", asked]
    assert visit.transport.protocol is visit.inner
    assert (visit.refused, visit.transport.written) == (0, b"")


def test_what_happens_to_the_connection_is_told_to_aiohttp() -> None:
    visit = Visit()
    visit.door.data_received(BAD)
    assert visit.door.eof_received()
    visit.door.connection_lost(None)
    assert visit.inner.told == ["made", "eof", "lost"]


def test_a_stranger_who_does_not_read_his_refusals_is_cut_off() -> None:
    visit = Visit()
    visit.door.data_received(BAD)
    assert not visit.transport.aborted
    visit.door.pause_writing()
    assert visit.transport.aborted


type Test = Callable[[House, int], Awaitable[None]]


async def with_house(folder: Path, test: Test) -> None:
    signed: dict[str, Any] = {
        "insecure_local": False,
        "carrier_tokens": (TOKEN,),
        "public_url": PUBLIC,
    }
    async with house(folder, "ws://127.0.0.1:1", **signed) as home:
        await test(home, int(home.origin.rpartition(":")[2]))


async def answers(port: int, *requests: bytes) -> list[bytes]:
    """The status line of the answer to each, on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = []
    for asked in requests:
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        lines.append(head[: head.index(b"\r\n") + 2])
        if lines[-1] == REFUSAL:
            await reader.readline()
    writer.close()
    await writer.wait_closed()
    return lines


async def strangers_and_the_carrier(home: House, port: int) -> None:
    switched = b"HTTP/1.1 101 Switching Protocols\r\n"
    assert await answers(port, BAD, BAD, GOOD) == [REFUSAL, REFUSAL, switched]
    pieces = await answers(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert pieces == [b"HTTP/1.1 200 OK\r\n"]
    assert home.service.counters["refused_signature"] == 2
    _, idle = await asyncio.open_connection("127.0.0.1", port)  # and says nothing
    idle.close()
    await idle.wait_closed()
    await home.quiet(1)


@pytest.mark.socket
def test_the_door_of_a_service(tmp_path: Path) -> None:
    run_on_loopback(with_house(tmp_path, strangers_and_the_carrier))


@pytest.mark.socket
def test_the_door_on_the_loop_that_the_command_uses(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(with_house(tmp_path, strangers_and_the_carrier))


@pytest.mark.socket
def test_an_upgrade_that_comes_in_pieces_is_refused_by_its_route(tmp_path: Path) -> None:
    async def test(home: House, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(BAD[:30])
        await asyncio.sleep(0.1)
        writer.write(BAD[30:])
        assert await reader.readline() == REFUSAL
        writer.close()
        await writer.wait_closed()
        assert home.service.counters["refused_signature"] == 1

    run_on_loopback(with_house(tmp_path, test))
