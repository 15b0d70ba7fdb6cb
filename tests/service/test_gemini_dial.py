"""Dialling, against real sockets on loopback that answer in every way a service can."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from agent.errors import ConfigError, DialError
from agent.service.gemini_dial import Endpoint, GeminiDialler, refuse_redirects
from tests.support.virtual_loop import run_virtually

KEY = "AIza-a-key-nobody-may-see"
type Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run[T](main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(debug=True) as runner:
        return runner.run(main)


@asynccontextmanager
async def raw_server(peer: Peer) -> AsyncIterator[str]:
    """A listener that hands each connection to `peer`, then closes it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}"


async def request_of(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


async def dial(endpoint: Endpoint, timeout_s: float = 5.0) -> DialError:
    """The error of a dial that must fail."""
    async with aiohttp.ClientSession(middlewares=[refuse_redirects]) as session:
        with pytest.raises(DialError) as caught:
            await GeminiDialler(endpoint, session, timeout_s=timeout_s).dial()
    assert KEY not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None
    return caught.value


def test_each_surface_has_its_address() -> None:
    service = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    assert str(Endpoint().url) == f"wss://generativelanguage.googleapis.com/ws/{service}"
    vertex = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
    for location, host in (
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        (None, "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ):
        assert str(Endpoint("vertex", location=location).url) == f"wss://{host}{vertex}"


def test_a_base_url_replaces_scheme_host_and_port_only() -> None:
    endpoint = Endpoint(base_url="ws://127.0.0.1:9000/", api_version="v1alpha")
    service = "google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent"
    assert str(endpoint.url) == f"ws://127.0.0.1:9000/ws/{service}"


@pytest.mark.parametrize(
    "text",
    ["localhost:9000", "ftp://h", "ws://h/path", "ws://h?key=1", "ws://", "ws://h:x", "ws://u:p@h"],
)
def test_a_base_url_that_is_no_origin_is_refused_without_its_secrets(text: str) -> None:
    with pytest.raises(ConfigError, match="is no address like") as caught:
        Endpoint(base_url=text)
    assert "key=1" not in str(caught.value)
    assert "u:p" not in str(caught.value)


def test_secrets_stay_out_of_the_repr() -> None:
    async def token() -> str:
        return KEY

    assert KEY not in repr(Endpoint(key=KEY, token=token))


def test_a_token_goes_before_a_key_and_is_fetched_each_time() -> None:
    tokens = iter("ab")

    async def token() -> str:
        return next(tokens)

    async def main() -> list[dict[str, str]]:
        endpoint = Endpoint("vertex", key=KEY, token=token)
        return [await endpoint.headers(), await endpoint.headers()]

    assert run_virtually(main()) == [{"Authorization": "Bearer a"}, {"Authorization": "Bearer b"}]
    assert run_virtually(Endpoint(key=KEY).headers()) == {"x-goog-api-key": KEY}
    assert run_virtually(Endpoint().headers()) == {}


def test_a_token_that_does_not_come_is_a_dial_error() -> None:
    async def token() -> str:
        await asyncio.Event().wait()
        return ""

    with pytest.raises(DialError, match="no access token within 5 s"):
        run_virtually(Endpoint("vertex", token=token).headers())


@pytest.mark.socket
def test_the_socket_carries_the_key_in_a_header_and_gives_every_frame_as_bytes() -> None:
    seen: list[web.Request] = []

    async def serve(request: web.Request) -> web.WebSocketResponse[bool]:
        seen.append(request)
        socket = web.WebSocketResponse(decode_text=False)
        await socket.prepare(request)
        await socket.ping(b"still there?")
        await socket.send_str('{"a": "text"}')
        await socket.send_bytes(b'{"a": "binary"}')
        await socket.receive()
        return socket

    async def main() -> list[bytes]:
        app = web.Application()
        app.router.add_get("/{path:.*}", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        endpoint = Endpoint(base_url=f"ws://{host}:{port}", key=KEY)
        async with aiohttp.ClientSession(middlewares=[refuse_redirects]) as session:
            socket = await GeminiDialler(endpoint, session).dial()
            frames = [await socket.receive() for _ in range(2)]
            await socket.close()
        await runner.cleanup()
        assert [frame.type for frame in frames] == [WSMsgType.TEXT, WSMsgType.BINARY]
        return [frame.data for frame in frames]

    assert run(main()) == [b'{"a": "text"}', b'{"a": "binary"}']
    [request] = seen
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in str(request.url)
    assert "Sec-WebSocket-Extensions" not in request.headers  # no compression
    assert request.path.endswith(".v1beta.GenerativeService.BidiGenerateContent")


@pytest.mark.socket
@pytest.mark.parametrize(
    ("status", "retryable", "text"),
    [
        (400, False, "does not understand"),
        (401, False, "not accepted"),
        (403, False, "no access"),
        (404, False, "no such service"),
        (429, True, "quota"),
        (500, True, "HTTP 500"),
        (503, True, "HTTP 503"),
        (200, False, "no websocket"),
    ],
)
def test_a_refused_upgrade_says_why_and_whether_to_try_again(
    status: int, retryable: bool, text: str
) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async def main() -> DialError:
        async with raw_server(peer) as address:
            return await dial(Endpoint(base_url=f"ws://{address}", key=KEY))

    error = run(main())
    assert (error.status, error.retryable) == (status, retryable)
    assert text in str(error)


@pytest.mark.socket
def test_a_redirect_is_not_followed_with_the_key() -> None:
    asked: list[str] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await request_of(reader))

    async def main() -> DialError:
        async with raw_server(elsewhere) as target:

            async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await request_of(reader)
                place = f"Location: http://{target}/\r\nContent-Length: 0"
                writer.write(f"HTTP/1.1 302 Found\r\n{place}\r\n\r\n".encode())
                await writer.drain()

            async with raw_server(peer) as address:
                return await dial(Endpoint(base_url=f"ws://{address}", key=KEY))

    error = run(main())
    assert (error.status, error.retryable, asked) == (302, False, [])


@pytest.mark.socket
def test_a_service_that_does_not_answer_is_given_up() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def main() -> DialError:
        async with raw_server(peer) as address:
            return await dial(Endpoint(base_url=f"ws://{address}", key=KEY), timeout_s=0.05)

    error = run(main())
    assert (error.status, error.retryable) == (None, True)
    assert "no answer from 127.0.0.1:" in str(error)
    assert "within 0.05 s" in str(error)


@pytest.mark.socket
@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"", "closed the connection before it answered"),
        (b"\x15\x03 rubbish\r\n\r\n", "speak HTTP"),
    ],
)
def test_a_peer_that_answers_with_nothing_or_garbage_is_a_dial_error(
    reply: bytes, text: str
) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(reply)
        await writer.drain()

    async def main() -> DialError:
        async with raw_server(peer) as address:
            return await dial(Endpoint(base_url=f"ws://{address}", key=KEY))

    error = run(main())
    assert (error.status, error.retryable) == (None, True)
    assert text in str(error)


@pytest.mark.socket
def test_a_closed_port_is_a_dial_error() -> None:
    async def main() -> DialError:
        async with raw_server(lambda reader, writer: asyncio.sleep(0)) as address:
            pass
        return await dial(Endpoint(base_url=f"ws://{address}", key=KEY))

    error = run(main())
    assert error.retryable
    assert "does not take connections" in str(error)


@pytest.mark.socket
def test_a_peer_without_tls_is_a_dial_error() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def main() -> DialError:
        async with raw_server(peer) as address:
            return await dial(Endpoint(base_url=f"wss://{address}", key=KEY))

    assert "no TLS with" in str(run(main()))


class FailingSession:
    """A client session whose connections fail as told, where loopback cannot fail so."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def ws_connect(self, *args: object, **options: object) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("kind", "text", "retryable"),
    [
        (aiohttp.ClientConnectorDNSError, "cannot be found", True),
        (aiohttp.ClientConnectorCertificateError, "certificate", False),
    ],
)
def test_a_wrong_name_and_a_wrong_certificate_are_told_apart(
    kind: type[aiohttp.ClientError], text: str, retryable: bool
) -> None:
    cause = ssl.SSLCertVerificationError() if "Certificate" in kind.__name__ else OSError()
    session: Any = FailingSession(kind(None, cause))

    async def main() -> None:
        await GeminiDialler(Endpoint(key=KEY), session).dial()

    with pytest.raises(DialError, match=text) as caught:
        run_virtually(main())
    assert caught.value.retryable is retryable


def test_the_socket_is_asked_for_without_a_ping_deadline() -> None:
    asked: dict[str, Any] = {}

    class Client:
        """Takes note of how it is asked, and is no service."""

        async def ws_connect(self, url: object, **options: Any) -> None:
            asked.update(options)
            raise aiohttp.ClientError

    async def main() -> None:
        dialler = GeminiDialler(Endpoint(), cast(aiohttp.ClientSession, Client()))
        with pytest.raises(DialError):
            await dialler.dial()

    run(main())
    assert (asked["heartbeat"], asked["autoping"], asked["compress"]) == (None, True, 0)
