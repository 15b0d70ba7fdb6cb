"""The door: strangers who want a media socket are turned away before anything is made for them.

The signature of the carrier's upgrade is over our media URL alone, which never changes. So those
that are valid are worked out once, and a request that brings another one costs a comparison and a
few bytes: ten thousand a second do not disturb the calls that run. Everything else, and a request
that does not come in one piece, is handed on to aiohttp, whose route asks the same again.

Source: docs/protocols/twilio.md 4.2, R2. Why: docs/carrier.md, "Who gets in".
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

from aiohttp import web

from agent.telephony.twilio.signature import sign, upgrade_candidates

LONGEST = 8 * 1024
"""A longer request is aiohttp's, which has a limit of its own."""

_NAME = b"\r\nx-twilio-signature:"
_END = b"\r\n\r\n"
_TEXT = b"the signature does not match\n"
_REFUSAL = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_TEXT), _TEXT)
)


def upgrade_signatures(tokens: Iterable[str], url: str) -> frozenset[bytes]:
    """Every signature that an upgrade to this URL may bring.

    Args:
        url: `wss://`, as our documents name it.
    """
    candidates = upgrade_candidates(url)
    return frozenset(sign(token, form).encode() for token in tokens if token for form in candidates)


class Door(asyncio.Protocol):
    """Stands before aiohttp's protocol until the first request that is not to be turned away.

    Args:
        inner: aiohttp's, which is told everything but such requests.
        path: of the media sockets.
        signatures: the valid ones.
        refused: is told of each request that was turned away.
    """

    def __init__(
        self,
        inner: asyncio.Protocol,
        path: bytes,
        signatures: frozenset[bytes],
        refused: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._line = b"GET " + path
        self._signatures = signatures
        self._refused = refused
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has come."""
        self._transport = cast(asyncio.Transport, transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Turn the request away, or step aside for good."""
        assert self._transport is not None
        if data.startswith(self._line) and self._is_stranger(data):
            self._refused()
            self._transport.write(_REFUSAL)
            return
        self._transport.set_protocol(self._inner)
        self._inner.data_received(data)

    def _is_stranger(self, data: bytes) -> bool:
        if len(data) > LONGEST or data.find(_END) != len(data) - len(_END):
            return False
        head = data.lower()
        at = head.find(_NAME)
        if at < 0:
            return True
        start = at + len(_NAME)
        # A lookup in a set takes a time that tells of hashes, whose seed nobody knows.
        return data[start : data.index(b"\r", start)].strip() not in self._signatures

    def eof_received(self) -> bool | None:
        """Nothing more comes."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """They have gone."""
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """They do not read their refusals: nothing is kept for them."""
        assert self._transport is not None
        self._transport.abort()


class DoorSite(web.BaseSite):
    """A listening socket with such a door.

    Args:
        door: makes the door of one connection before aiohttp's protocol.
    """

    __slots__ = ("_address", "_door")

    def __init__(
        self,
        runner: web.BaseRunner,
        host: str,
        port: int,
        door: Callable[[asyncio.Protocol], asyncio.Protocol],
    ) -> None:
        super().__init__(runner)
        self._address = (host, port)
        self._door = door

    @property
    def name(self) -> str:
        """The address."""
        host, port = self._address
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Begin to listen."""
        await super().start()
        loop, make = asyncio.get_running_loop(), self._runner.server
        assert make is not None
        host, port = self._address
        self._server = await loop.create_server(lambda: self._door(make()), host, port)
