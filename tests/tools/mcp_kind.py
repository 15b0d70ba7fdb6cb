"""A well-behaved MCP server, made with the protocol's own library; run as a program.

Without arguments it talks through its input and output; with `http` on loopback, at the port that
it prints first.
"""

import asyncio
import os
import socket
import sys
from typing import TypedDict

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Image
from mcp_types import ToolAnnotations

server = MCPServer("kind", log_level="WARNING")


class Order(TypedDict):
    number: int
    state: str


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def find_order(number: int, note: str | None = None) -> Order:
    """Find an order."""
    return {"number": number, "state": note or "on its way"}


@server.tool()
def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello, {name}!"


@server.tool()
def picture() -> list[object]:
    """Show a picture."""
    return ["A cat.", Image(data=b"x", format="png")]


@server.tool()
def refuse(why: str) -> str:
    """Refuse."""
    raise ValueError(why)


@server.tool()
def environment() -> str:
    """Tell what can be seen."""
    return " ".join(sorted(os.environ))


@server.tool()
def key(context: Context) -> str:
    """Tell the key of the request."""
    meta = context.request_context.meta or {}
    return str(meta.get("seamline/idempotency_key"))


waiting: list[asyncio.Event] = []


@server.tool()
async def meet(people: int) -> str:
    """Wait until so many are here."""
    mine = asyncio.Event()
    waiting.append(mine)
    if len(waiting) == people:
        for each in waiting:
            each.set()
    await mine.wait()
    return "met"


def main() -> None:
    if sys.argv[1:2] != ["http"]:
        server.run()
        return
    listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
    print(listener.getsockname()[1], flush=True)  # noqa: T201
    app = server.streamable_http_app()
    config = uvicorn.Config(app, log_level="error", lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
