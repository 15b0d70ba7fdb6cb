"""Servers on loopback for the tests of HTTP tools, and a client that reaches them by any name."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agent.errors import ToolError
from agent.tenants.tools import HttpTool
from agent.tools import CallContext
from agent.tools.function import ToolFunction
from agent.tools.http import HttpFunction, http_function
from agent.tools.http_client import Bounds, HttpClient, NoAnswer, Received
from agent.tools.http_guard import networks
from agent.tools.http_request import Outgoing
from agent.tools.http_url import Origin

CONTEXT = CallContext("shop", "CA1", "+15550100199", Path("/nowhere"), "k" * 32)
LOOPBACK = ("127.0.0.0/8", "::1/128")
NOW = 1_795_278_600.5
SECRET = "sesame-open"
IDEMPOTENT: dict[str, Any] = {"method": "POST", "idempotency_header": "Idempotency-Key"}
BOUNDS = Bounds(networks(LOOPBACK), 1000)
INSIDE = Bounds((), 1000)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names:
    """A resolver: what each host leads to, one answer after the other; the last one stays.

    Attributes:
        asked: hosts, in the order of the questions.
    """

    def __init__(self, **found: Sequence[Sequence[str]]) -> None:
        self.asked: list[str] = []
        self._found = {name.replace("_", "."): list(answers) for name, answers in found.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._found.get(host)
        if answers is None:
            raise OSError("no such host")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@asynccontextmanager
async def served(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server whose every path is the handler's; gives its port."""
    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_served(*pieces: bytes, every_s: float = 0.0) -> AsyncIterator[int]:
    """A server that reads a request's head and sends these bytes, whatever they are."""

    busy: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every_s)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            busy.discard(task)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in list(busy):
            task.cancel()


@asynccontextmanager
async def client_of(**settings: Any) -> AsyncIterator[HttpClient]:
    """A client that is closed afterwards; its clock stands still."""
    client = HttpClient(wall_clock=lambda: NOW, **settings)
    try:
        yield client
    finally:
        await client.close()


def http_tool(url: str, **keys: Any) -> HttpTool:
    """A tool that may reach loopback."""
    return HttpTool.model_validate(
        {"name": "order", "description": "Find an order.", "url": url, "allow": LOOPBACK, **keys}
    )


def made(tool: HttpTool, client: HttpClient) -> HttpFunction:
    """The tool, ready; `${ENV:KEY}` is its secret, and chance is half."""
    return http_function(tool, client, secret, lambda: 0.5)


def secret(text: str) -> str:
    return text.replace("${ENV:KEY}", SECRET)


async def asked(function: HttpFunction, given: Mapping[str, Any] | None = None) -> object:
    """Run a tool once."""
    return await function.run(function.arguments(given or {}, CONTEXT))


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with the request."""
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": await request.text(),
        }
    )


def outgoing(port: int, host: str = "127.0.0.1", **parts: Any) -> Outgoing:
    return Outgoing(**{
        "method": "GET", "origin": Origin("http", host, port), "target": "/a%2Fb?c=d",
        "headers": {"X-A": "b"}, **parts,
    })  # fmt: skip


async def reason(answer: Awaitable[Received]) -> tuple[str, bool]:
    with pytest.raises(NoAnswer) as caught:
        await answer
    return caught.value.reason, caught.value.sent


def redirecting(*there: str, status: int = 302) -> Callable[[web.Request], Any]:
    """A handler that sends on to one place after the other, then echoes."""
    left = list(there)

    async def handler(request: web.Request) -> web.StreamResponse:
        if left:
            return web.Response(status=status, headers={"Location": left.pop(0)})
        return await echo(request)

    return handler


def now() -> float:
    return asyncio.get_running_loop().time()


class Server:
    """Answers with one status after the other; the last one stays.

    Attributes:
        requests: when each came, and its idempotency key.
    """

    def __init__(
        self, *statuses: int, text: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.requests: list[tuple[float, str | None]] = []
        self._statuses = list(statuses)
        self._text = text
        self._headers = headers

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((now(), request.headers.get("Idempotency-Key")))
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return web.Response(status=status, text=self._text, headers=self._headers)


async def failed(function: ToolFunction) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await function.run(function.arguments({}, CONTEXT))
    return caught.value
