"""Requests, upgrades and broken connections of the exchange, one at a time.

Source: docs/protocols/twilio.md 1.1, 1.2, 3.1 and 9 (E1, E2, E7, E16, E19).
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, assert_never
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from agent.sim.carrier_texts import CarrierTexts
from agent.sim.exchange.fetching import Answer, NoAnswer, Outcome
from agent.sim.exchange.plan import Break
from agent.sim.exchange.signals import OpenSocket, Request
from agent.sim.phone import CLOSE_TIMEOUT_S, USER_AGENT

MOST_BYTES: Final = 128 * 1024
SECOND_SOCKET_S: Final = 10.0
NO_ANSWER, NO_CONNECTION, TLS_FAILED, NO_UPGRADE = 31901, 31902, 31910, 31920


class NotOpened(Exception):
    """A media socket could not be opened; `code` is the carrier's own number for why."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Network:
    """How the service is reached.

    Attributes:
        reach: where each origin really is, if not where its name says: so that a service on this
            machine can be asked and signed for under its public name.
    """

    session: aiohttp.ClientSession
    reach: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, request: Request) -> Outcome:
        """Make one HTTP request."""
        attempt = request.attempt
        limits = aiohttp.ClientTimeout(
            total=attempt.limits.total,
            sock_connect=attempt.limits.connect,
            sock_read=attempt.limits.read,
        )
        url, headers = self._really(attempt.url)
        try:
            async with self.session.request(
                attempt.method,
                URL(url, encoded=True),
                data=list(attempt.fields.items()) if attempt.method == "POST" else None,
                headers={**request.headers, **headers},
                timeout=limits,
                allow_redirects=False,
            ) as response:
                body = await response.content.read(MOST_BYTES)
                return Answer(
                    response.status,
                    body.decode("utf-8", "replace"),
                    response.content_type,
                    response.headers.get("Location", ""),
                )
        except aiohttp.ConnectionTimeoutError:
            return NoAnswer("ct", f"no connection within {attempt.limits.connect:g} s")
        except aiohttp.ClientConnectorError as error:
            return NoAnswer("ct", f"no connection: {error.strerror}")
        except TimeoutError:
            return NoAnswer("rt", f"no answer within {attempt.limits.total:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return NoAnswer("rt", type(error).__name__)

    async def dial(
        self, wanted: OpenSocket, *, autoping: bool = False
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a media socket.

        Args:
            autoping: off: whoever reads from it sees to pings.
        Raises:
            NotOpened: and why.
        """
        url, headers = self._really(wanted.url)
        headers["User-Agent"] = USER_AGENT
        if wanted.signature is not None:
            headers["X-Twilio-Signature"] = wanted.signature
        try:
            async with asyncio.timeout(wanted.timeout_s):
                return await self.session.ws_connect(
                    URL(url, encoded=True),
                    headers=headers,
                    autoping=autoping,
                    compress=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            detail = f"the upgrade was answered with {error.status}"
            raise NotOpened(NO_UPGRADE, detail) from None
        except TimeoutError:
            raise NotOpened(NO_ANSWER, f"no answer within {wanted.timeout_s:g} s") from None
        except (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError) as error:
            raise NotOpened(TLS_FAILED, str(error)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotOpened(NO_CONNECTION, f"no connection: {type(error).__name__}") from None

    async def dial_second(self, wanted: OpenSocket) -> int | None:
        """Open a further socket for a stream that has one, and see what becomes of it.

        Returns:
            The service's close code, or the carrier's number for why there is none.
        """
        try:
            ws = await self.dial(wanted, autoping=True)
        except NotOpened as why:
            return why.code
        texts = CarrierTexts(wanted.ids)
        try:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(SECOND_SOCKET_S):
                    await ws.send_str(texts.connected().decode())
                    await ws.send_str(texts.start().decode())
                    async for _ in ws:
                        pass
                    return ws.close_code
        finally:
            await ws.close()
        return None

    def _really(self, url: str) -> tuple[str, dict[str, str]]:
        """Where a URL is, and the headers that keep its name."""
        parts = urlsplit(url)
        scheme = parts.scheme.replace("ws", "http")
        origin = self.reach.get(f"{scheme}://{parts.netloc}")
        if origin is None:
            return url, {}
        there = urlsplit(origin)
        scheme = (
            there.scheme.replace("http", "ws") if parts.scheme in {"ws", "wss"} else there.scheme
        )
        return parts._replace(scheme=scheme, netloc=there.netloc).geturl(), {"Host": parts.netloc}


@asynccontextmanager
async def network(reach: Mapping[str, str]) -> AsyncIterator[Network]:
    """A client like the carrier's: no cookies, and no headers of its own."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Network(session, reach)


def break_connection(ws: aiohttp.ClientWebSocketResponse, how: Break) -> None:
    """Lose a connection as networks do; nothing is to be written to it afterwards."""
    transport = transport_of(ws)
    if transport is None:
        return
    match how:
        case Break.FIN:
            transport.write_eof()
        case Break.RST:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        case Break.BLACK_HOLE:
            transport.pause_reading()
        case _:
            assert_never(how)


def transport_of(ws: aiohttp.ClientWebSocketResponse) -> asyncio.Transport | None:
    """What lies under a websocket; aiohttp has no public way to it. None when it is gone."""
    connection = ws._conn
    return None if connection is None else connection.transport
