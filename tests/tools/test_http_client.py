from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from agent.tools.http_client import (
    HttpClient,
)
from tests.support.patient_loop import run_on_loopback
from tests.tools.http_desk import (
    BOUNDS,
    Names,
    client_of,
    echo,
    outgoing,
    raw_served,
    reason,
    served,
)

pytestmark = pytest.mark.socket


def case(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_on_loopback(main())


def test_a_request_arrives_as_it_was_made() -> None:
    async def main() -> None:
        async with served(echo) as port, client_of() as client:
            made = outgoing(port, method="POST", body=b"hello")
            answer = await client.send(made, BOUNDS, None)
            assert answer.status == 200
            assert (answer.content_type, answer.charset) == ("application/json", "utf-8")
            assert answer.retry_after is None
            assert b'"path": "/a%2Fb?c=d"' in answer.content
            assert b'"body": "hello"' in answer.content
            assert f'"host": "127.0.0.1:{port}"'.encode() in answer.content
            assert b'"accept-encoding": "identity"' in answer.content
            assert b'"x-a": "b"' in answer.content
            assert client.counters == {"requests": 1}

    case(main)


def test_a_client_may_be_closed_and_used_again() -> None:
    async def main() -> None:
        async with served(echo) as port, client_of() as client:
            await client.close()
            await client.send(outgoing(port), BOUNDS, None)
            await client.close()
            assert (await client.send(outgoing(port), BOUNDS, None)).status == 200

    case(main)


def test_no_cookie_is_kept() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.Response(text=request.headers.get("Cookie", "none"))
        answer.set_cookie("a", "b")
        return answer

    async def main() -> None:
        names = Names(shop_example=[["127.0.0.1"]])
        async with served(handler) as port, client_of(look_up=names) as client:
            for _ in range(2):
                answer = await client.send(outgoing(port, "shop.example"), BOUNDS, None)
                assert answer.content == b"none"

    case(main)


# Answers that are none.


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ((), "disconnected"),
        ((b"HTTP/1.1 2",), "disconnected"),
        ((b"nonsense\r\n\r\n",), "malformed"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",), "malformed"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",), "malformed"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore than two",), "malformed"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",), "malformed"),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,), "malformed"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",), "too_large"),
        ((b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 500] * 5), "too_large"),
        ((b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx",), "unknown_encoding"),
    ],
)
def test_what_is_no_answer_says_why(pieces: tuple[bytes, ...], why: str) -> None:
    async def main() -> None:
        async with raw_served(*pieces) as port, client_of() as client:
            assert await reason(client.send(outgoing(port), BOUNDS, None)) == (why, True)

    case(main)


def test_an_answer_without_a_type_has_none() -> None:
    async def main() -> None:
        answer = b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"
        async with raw_served(answer) as port, client_of() as client:
            received = await client.send(outgoing(port), BOUNDS, None)
            assert (received.status, received.content_type) == (429, "")
            assert received.retry_after == "3"
            assert "Received" in type(received).__name__

    case(main)


def test_a_client_that_was_never_used_closes() -> None:
    async def main() -> None:
        await HttpClient().close()

    case(main)
