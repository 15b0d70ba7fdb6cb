import gzip
import os
import zlib
from typing import Any

import aiohttp
import pytest

from agent.tools.http_reading import Unread, read_bounded
from tests.support.patient_loop import run_on_loopback
from tests.tools.http_desk import raw_served

pytestmark = pytest.mark.socket

MOST = 1000


def read(*pieces: bytes, head: str = "") -> bytes:
    """What is read of an answer with this head and body."""

    async def main() -> bytes:
        first = f"HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n".encode()
        async with (
            raw_served(first, *pieces) as port,
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(f"http://127.0.0.1:{port}/") as response,
        ):
            return await read_bounded(response, MOST)

    return run_on_loopback(main())


def reason(*pieces: bytes, head: str = "") -> str:
    with pytest.raises(Unread) as caught:
        read(*pieces, head=head)
    return caught.value.reason


def encoded(how: str) -> str:
    return f"Content-Encoding: {how}\r\n"


def test_a_body_is_read_as_it_comes() -> None:
    assert read() == b""
    assert read(b"ab", b"cd") == b"abcd"
    assert read(b"x" * MOST, head=f"Content-Length: {MOST}\r\n") == b"x" * MOST
    assert read(b"2\r\nab\r\n0\r\n\r\n", head="Transfer-Encoding: chunked\r\n") == b"ab"


def test_a_body_that_admits_its_size_is_not_even_read() -> None:
    assert reason(head="Content-Length: 50000000\r\n") == "too_large"


def test_a_body_that_does_not_is_read_to_the_limit() -> None:
    assert reason(*[b"x" * 100] * 11) == "too_large"


@pytest.mark.parametrize("how", ["gzip", "x-gzip", "GZIP", "deflate"])
def test_a_packed_body_is_unpacked(how: str) -> None:
    pack: Any = zlib.compress if how == "deflate" else gzip.compress
    packed = pack(b"hello" * 100)
    assert read(packed[:5], packed[5:], head=encoded(how)) == b"hello" * 100


def test_a_bomb_is_not_unpacked() -> None:
    packed = gzip.compress(b"\0" * 50_000)
    assert len(packed) < MOST
    assert reason(packed, head=encoded("gzip")) == "too_large"


def test_what_is_packed_counts_as_well() -> None:
    assert reason(gzip.compress(os.urandom(2 * MOST)), head=encoded("gzip")) == "too_large"


def test_what_cannot_be_unpacked_is_malformed() -> None:
    assert reason(b"this is not gzip", head=encoded("gzip")) == "malformed"
    assert reason(gzip.compress(b"hello")[:-9], head=encoded("gzip")) == "malformed"
    assert read(head=encoded("gzip")) == b""


@pytest.mark.parametrize("how", ["br", "zstd", "gzip, gzip"])
def test_other_packings_are_not_known(how: str) -> None:
    assert reason(b"x", head=encoded(how)) == "unknown_encoding"
