"""A server of tools that is reached by HTTP: what goes wrong with one request stays with it.

The client of the protocol ends a whole session when one request cannot be sent, reads answers of
any size, and follows streams that the server wants resumed. So it does not talk to the network
itself, but through this gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from mcp.client.streamable_http import streamable_http_client

from agent.tools.mcp_bounds import NOTE_S, WRITE_S, Bounds

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

SESSION = "mcp-session-id"
NOT_FOUND, NOT_ALLOWED, BAD_GATEWAY, UNAVAILABLE, TIMED_OUT = 404, 405, 502, 503, 504


@asynccontextmanager
async def http_streams(
    url: str, headers: Mapping[str, str], bounds: Bounds, *, patience_s: float
) -> AsyncIterator[TransportStreams]:
    """Talk to the server at `url` for as long as the context lasts.

    Args:
        headers: of every request, besides the protocol's own.
        bounds: told when the server cannot be reached or has forgotten the session.
        patience_s: how long an answer may keep us waiting.
    """
    time = httpx2.Timeout(WRITE_S, read=patience_s)
    async with (
        httpx2.AsyncClient(
            transport=Gate(httpx2.AsyncHTTPTransport(), bounds),
            headers={**headers, "accept-encoding": "identity"},
            timeout=time,
            trust_env=False,
        ) as client,
        streamable_http_client(
            url, http_client=client, max_sse_event_size=bounds.message_bytes
        ) as streams,
    ):
        yield streams


class Gate(httpx2.AsyncBaseTransport):
    """Between the protocol and the network.

    A server that cannot be reached is an answer like any other, so that only the one request fails;
    the connection is then told to be lost. An answer ends where it becomes too long. Nothing is
    asked for by GET: what a server says of its own accord is of no use to a call.
    """

    def __init__(self, network: httpx2.AsyncBaseTransport, bounds: Bounds) -> None:
        self._network = network
        self._bounds = bounds

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; raises nothing for what the network or the server does."""
        if request.method == "GET":
            return httpx2.Response(NOT_ALLOWED, request=request)
        try:
            async with asyncio.timeout(NOTE_S if _unanswered(request) else None):
                response = await self._network.handle_async_request(request)
        except (TimeoutError, httpx2.ReadTimeout):
            return httpx2.Response(TIMED_OUT, request=request)
        except httpx2.TransportError as error:
            self._bounds.lose(f"it cannot be reached: {type(error).__name__}")
            return httpx2.Response(UNAVAILABLE, request=request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            return httpx2.Response(BAD_GATEWAY, request=request)
        if response.status_code == NOT_FOUND and SESSION in request.headers:
            self._bounds.lose("it has forgotten the session")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response.stream, self._bounds),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Let go of the network."""
        await self._network.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends early when it is too long or the connection breaks."""

    def __init__(self, body: httpx2.AsyncByteStream, bounds: Bounds) -> None:
        self._body = body
        self._left = bounds.message_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._body:
                self._left -= len(chunk)
                if self._left < 0:
                    return
                yield chunk
        except httpx2.TransportError:
            return

    async def aclose(self) -> None:
        await self._body.aclose()


def _unanswered(request: httpx2.Request) -> bool:
    """Whether it is a message without an answer: the next one waits until it is sent."""
    return not (b'"id":' in request.content and b'"method":' in request.content)
