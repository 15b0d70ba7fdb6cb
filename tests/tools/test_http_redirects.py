from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from agent.tools.http_client import (
    MOST_REDIRECTS,
)
from agent.tools.http_request import Signer
from agent.tools.http_sign import signature
from tests.support.patient_loop import run_on_loopback
from tests.tools.http_desk import (
    BOUNDS,
    NOW,
    SECRET,
    Names,
    client_of,
    outgoing,
    reason,
    redirecting,
    served,
)

pytestmark = pytest.mark.socket


def case(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_on_loopback(main())


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(302, "GET", "GET"), (303, "POST", "GET"), (302, "POST", "GET"), (301, "PUT", "PUT"),
     (307, "POST", "POST"), (308, "DELETE", "DELETE")],
)  # fmt: skip
def test_a_redirect_on_the_same_host_is_followed(status: int, method: str, then: str) -> None:
    async def main() -> None:
        async with served(redirecting("/b?x=1", status=status)) as port, client_of() as client:
            made = outgoing(port, method=method, body=b"" if method == "GET" else b"hello")
            answer = await client.send(made, BOUNDS, None)
            assert f'"method": "{then}", "path": "/b?x=1"'.encode() in answer.content
            assert (b"hello" in answer.content) == (then != "GET")
            assert client.counters == {"requests": 2, "redirected": 1}

    case(main)


@pytest.mark.parametrize(
    "there",
    ["http://169.254.169.254/latest", "//10.0.0.1/x", "https://127.0.0.1:{port}/", "http://[::1]/",
     "http://127.0.0.1:1/", "http://127.0.0.2:{port}/", "file:///etc/passwd", "http://[", "http://a:99999/"],
)  # fmt: skip
def test_a_redirect_elsewhere_is_not_followed(there: str) -> None:
    async def main() -> None:
        left: list[str] = []

        async def handler(request: web.Request) -> web.StreamResponse:
            left.append(request.path)
            location = there.replace("{port}", str(request.url.port))
            return web.Response(status=302, headers={"Location": location})

        async with served(handler) as port, client_of() as client:
            answer = client.send(outgoing(port), BOUNDS, None)
            assert await reason(answer) == ("redirected", True)
            assert len(left) == 1

    case(main)


def test_each_hop_is_looked_up_and_checked() -> None:
    async def main() -> None:
        names = Names(shop_example=[["127.0.0.1"], ["169.254.169.254"]])
        async with served(redirecting("/b")) as port, client_of(look_up=names) as client:
            answer = client.send(outgoing(port, "shop.example"), BOUNDS, None)
            assert await reason(answer) == ("forbidden_address", False)
            assert names.asked == ["shop.example", "shop.example"]

    case(main)


def test_redirects_come_to_an_end() -> None:
    async def main() -> None:
        async with served(redirecting(*["/b"] * 99)) as port, client_of() as client:
            answer = client.send(outgoing(port), BOUNDS, None)
            assert await reason(answer) == ("redirects", True)
            assert client.counters["requests"] == MOST_REDIRECTS + 1

    case(main)


def test_a_redirect_that_leads_nowhere_is_an_answer() -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302)

    async def main() -> None:
        async with served(handler) as port, client_of() as client:
            answer = await client.send(outgoing(port), BOUNDS, None)
            assert (answer.status, answer.content_type) == (302, "")

    case(main)


def test_each_hop_is_signed_for_where_it_goes() -> None:
    async def main() -> None:
        async with served(redirecting("/b", status=307)) as port, client_of() as client:
            made = outgoing(port, method="POST", body=b"hello")
            answer = await client.send(made, BOUNDS, Signer(SECRET, "X-Sign"))
            host = f"127.0.0.1:{port}"
            signed = signature(SECRET, NOW, "POST", host, "/b", b"hello")
            assert f'"x-sign": "{signed}"'.encode() in answer.content

    case(main)
