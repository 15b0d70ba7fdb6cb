"""An MCP server on loopback that misbehaves as a test tells it to."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.tools.mcp_hostile import answer

type Reply = Callable[[web.Request, dict[str, Any]], Any]


class Web:
    """Answers a protocol with sessions; `replies` come in the place of tools by their names.

    Attributes:
        requests: methods of HTTP with those of the protocol.
        session: present session; a request of another is answered with 404.
        headers: of the last request.
    """

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.requests: list[str] = []
        self.session = 1
        self.headers: dict[str, str] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        message = json.loads(await request.read() or b"{}")
        method = message.get("method", "")
        self.requests.append(f"{request.method} {method}".strip())
        self.headers = dict(request.headers)
        if request.headers.get("mcp-session-id", str(self.session)) != str(self.session):
            return web.Response(status=404)
        if method == "server/discover" or request.method == "DELETE":
            return web.Response(status=400)
        if method in self.replies:
            return await found(self.replies[method](request, message))
        if "id" not in message:
            return web.Response(status=202)
        if method == "tools/call" and message["params"]["name"] in self.replies:
            return await found(self.replies[message["params"]["name"]](request, message))
        result = answer(message, set())
        headers = {"mcp-session-id": str(self.session)} if method == "initialize" else {}
        return web.json_response(reply(message, result), headers=headers)


def reply(message: dict[str, Any], result: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


async def found(response: Any) -> web.StreamResponse:
    return await response if asyncio.iscoroutine(response) else response  # type: ignore[no-any-return]


async def hang(request: web.Request, message: dict[str, Any]) -> web.Response:
    await asyncio.sleep(1000)
    return web.Response()


def packed(request: web.Request, message: dict[str, Any]) -> web.Response:
    body = gzip.compress(json.dumps(reply(message, {"content": []})).encode() + b" " * 50_000_000)
    return web.Response(
        body=body, content_type="application/json", headers={"content-encoding": "gzip"}
    )


def huge(request: web.Request, message: dict[str, Any]) -> web.Response:
    text = json.dumps(reply(message, {"content": [{"type": "text", "text": "x" * 50_000_000}]}))
    return web.Response(text=text, content_type="application/json")


async def endless(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
    """A stream that is to be resumed again and again."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"retry: 0\nid: 1\ndata:\n\n")
    return response


async def broken(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
    """An answer whose connection breaks in the middle."""
    response = web.StreamResponse(
        headers={"content-type": "application/json", "content-length": "1000"}
    )
    await response.prepare(request)
    await response.write(b'{"jsonrpc":')
    assert request.transport is not None
    request.transport.close()
    return response


def away(request: web.Request, message: dict[str, Any]) -> web.Response:
    raise web.HTTPTemporaryRedirect("http://127.0.0.1:1/elsewhere")


def page(request: web.Request, message: dict[str, Any]) -> web.Response:
    return web.Response(text="<h1>Welcome</h1>", content_type="text/html")


def failure(request: web.Request, message: dict[str, Any]) -> web.Response:
    return web.Response(status=500)


@asynccontextmanager
async def serving(server: Web, port: int = 0) -> AsyncIterator[str]:
    """Listen on loopback; gives the URL."""
    app = web.Application()
    app.router.add_route("*", "/mcp", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    finally:
        await runner.cleanup()
