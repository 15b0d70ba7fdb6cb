"""Sends the requests of HTTP tools: to checked addresses only, and reads no more than is asked for.

One client serves all tools of a service. It looks a host up itself, checks what it found
(`agent.tools.http_guard`), and connects to that very address: nothing looks the name up again in
between, and no connection made for one tool's `allow` is used by another's. TLS is with the name.

A redirect is followed on the same scheme, host and port only; each hop is looked up, checked and
signed like the first.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from agent.tools.http_guard import Address, Network, permitted
from agent.tools.http_reading import Unread, read_bounded
from agent.tools.http_request import Outgoing, Signer
from agent.tools.threads import Threads

MOST_REDIRECTS = 3
MOST_CONNECTIONS = 1000
"""Of all tenants, whose own limits are far lower; beyond it, requests wait."""
MOST_LOOK_UPS = 16
"""At the same time; they have threads of their own, so that a name that is not answered keeps
nobody else from being found."""
KEEP_S = 15.0
CONNECT_S = 2.0
"""For one address; then the next is tried."""
_REDIRECTS = {301, 302, 303, 307, 308}
_SEE_OTHER = 303

type LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, for a port; raises OSError when there are none."""


class NoAnswer(Exception):
    """There is no answer that could be used.

    Attributes:
        reason: a static word, for logs and counters.
        sent: the server may have received the request.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """An answer.

    Attributes:
        content_type: without its parameters, in small letters; empty if there was none.
        charset: of a text.
        retry_after: as the server wrote it.
        content: of `most_bytes` at most.
    """

    status: int
    content_type: str
    charset: str
    retry_after: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for all requests of one tool.

    Attributes:
        allow: networks that may be reached although they are private.
        most_bytes: of an answer, as it comes and once it is unpacked.
    """

    allow: Sequence[Network]
    most_bytes: int


async def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver.

    Raises:
        OSError: it knows no such host.
        ToolError: too many questions are still open.
    """
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_look_ups, ask)
    return [str(address[0]) for *_, address in found]


_look_ups = Threads(MOST_LOOK_UPS)


class _NoNames(AbstractResolver):
    """The connections' own resolver: they are made to addresses, and must not look up a name."""

    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError("names are looked up before")

    async def close(self) -> None:
        pass


class HttpClient:
    """The connections of all HTTP tools; opened by the first request. Close it with the service.

    Args:
        look_up: finds the addresses of a host.
        wall_clock: seconds since 1970, for signatures.
        tls: whom to trust; the system's authorities when left out.

    Attributes:
        counters: `requests`, `retried`, `redirected`, and why there was no answer, by reason.
    """

    def __init__(
        self,
        look_up: LookUp = look_up,
        wall_clock: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._look_up = look_up
        self._wall_clock = wall_clock
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, outgoing: Outgoing, bounds: Bounds, signer: Signer | None) -> Received:
        """Send a request and read the answer; has no time limit of its own.

        Raises:
            NoAnswer: it was not sent, or what came cannot be used.
        """
        for _ in range(MOST_REDIRECTS + 1):
            self.counters["requests"] += 1
            answer = await self._hop(outgoing, bounds, signer)
            if isinstance(answer, Received):
                return answer
            self.counters["redirected"] += 1
            outgoing = answer
        raise NoAnswer("redirects", sent=True)

    async def _hop(
        self, outgoing: Outgoing, bounds: Bounds, signer: Signer | None
    ) -> Received | Outgoing:
        """One request to one of the host's addresses: the first that can be connected to."""
        for address in await self._addresses(outgoing, bounds):
            headers = dict(outgoing.headers)
            if signer is not None:
                headers |= signer(outgoing, self._wall_clock())
            try:
                async with self._request(outgoing, address, headers) as response:
                    return await _received(outgoing, response, bounds.most_bytes)
            except aiohttp.ClientSSLError:
                raise NoAnswer("certificate", sent=False) from None
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                continue
            except Unread as error:
                raise NoAnswer(error.reason, sent=True) from None
            except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError):
                raise NoAnswer("malformed", sent=True) from None
            except (aiohttp.ClientError, OSError):
                raise NoAnswer("disconnected", sent=True) from None
        raise NoAnswer("no_connection", sent=False)

    async def _addresses(self, outgoing: Outgoing, bounds: Bounds) -> list[Address]:
        origin = outgoing.origin
        try:
            found = [str(ip_address(origin.host))]
        except ValueError:
            try:
                found = list(await self._look_up(origin.host, origin.port))
            except (OSError, UnicodeError):
                raise NoAnswer("unknown_host", sent=False) from None
        addresses = permitted(found, bounds.allow)
        if not addresses:
            raise NoAnswer("forbidden_address", sent=False)
        return list(dict.fromkeys(addresses))

    def _request(
        self, outgoing: Outgoing, address: Address, headers: dict[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        origin = outgoing.origin
        pinned = f"[{address}]" if address.version == 6 else str(address)
        named = None if _is_address(origin.host) else origin.host
        return self._open().request(
            outgoing.method,
            URL(f"{origin.scheme}://{pinned}:{origin.port}{outgoing.target}", encoded=True),
            headers={**headers, "Host": origin.authority, "Accept-Encoding": "identity"},
            data=outgoing.body or None,
            allow_redirects=False,
            server_hostname=named if origin.scheme == "https" else None,
            ssl=self._tls or True,
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=MOST_CONNECTIONS,
                resolver=_NoNames(),
                use_dns_cache=False,
                keepalive_timeout=KEEP_S,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            )
        return self._session


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _received(
    outgoing: Outgoing, response: aiohttp.ClientResponse, most_bytes: int
) -> Received | Outgoing:
    if response.status in _REDIRECTS and (location := response.headers.get("Location")):
        return _redirected(outgoing, response.status, location)
    content = await read_bounded(response, most_bytes)
    return Received(
        response.status,
        response.content_type if "Content-Type" in response.headers else "",
        response.charset or "utf-8",
        response.headers.get("Retry-After"),
        content,
    )


def _redirected(outgoing: Outgoing, status: int, location: str) -> Outgoing:
    """The next hop, as browsers go: after `See Other`, or a POST, it is a GET."""
    origin = outgoing.origin
    here = URL(f"{origin.scheme}://{origin.authority}{outgoing.target}", encoded=True)
    try:
        there = here.join(URL(location))
    except ValueError:
        raise NoAnswer("redirected", sent=True) from None
    same = (there.scheme, there.raw_host, there.port) == (here.scheme, here.raw_host, here.port)
    if not same:
        raise NoAnswer("redirected", sent=True)
    to_get = status == _SEE_OTHER or (status in {301, 302} and outgoing.method == "POST")
    return outgoing.moved_to(there.raw_path_qs, "GET" if to_get else outgoing.method)
