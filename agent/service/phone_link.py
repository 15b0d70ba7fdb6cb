"""One socket of a call's phone; a call may have several, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from agent.service.sockets import (
    ABNORMAL_CLOSURE,
    CLOSE_TIMEOUT_S,
    NO_STATUS,
    NORMAL_CLOSURE,
    Outbox,
    PeerStalled,
    PhoneSocket,
    close,
    read,
)

INTERNAL_ERROR = 1011

GOING_AWAY = 1001
_USUAL = frozenset({NORMAL_CLOSURE, GOING_AWAY, NO_STATUS, ABNORMAL_CLOSURE})
"""How sockets end when nobody has broken the websocket protocol."""

_log = structlog.stdlib.get_logger()


class PhoneLink:
    """Moves texts between one socket and its call, for as long as the call wants it.

    The owner runs `read` and `write` as tasks of the call.

    Args:
        received: takes each text of the carrier.
        lost: is told that the socket is closed, or as good as; once.
        closes: is awaited before the socket is closed.

    Attributes:
        over: the socket is closed, and nothing is left of it.
        put: sends a text, without waiting.
    """

    def __init__(
        self,
        socket: PhoneSocket,
        received: Callable[[bytes], None],
        lost: Callable[[], None],
        closes: Callable[[], Awaitable[None]],
    ) -> None:
        self.over = asyncio.Event()
        self._socket = socket
        self._hand_on = received
        self._lost = lost
        self._closes = closes
        self._wanted = True
        self._close_code = INTERNAL_ERROR  # until the call is done with it
        self._outbox = Outbox.of(socket)
        self._written = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self.put = self._outbox.put

    async def read(self, taken: int) -> None:
        """Hand on what comes until the socket is over, then close it.

        Args:
            taken: texts that somebody else has read before.
        """
        try:
            loss = await read(self._socket, self._received, taken)
            if loss.code not in _USUAL:  # the code only: a reason may repeat what was said
                _log.warning("phone.socket_failed", code=loss.code)
            self._gone()
        finally:
            # Here, not in its owner: the caller does not wait for the model or for a tool.
            await self.close()

    async def write(self) -> None:
        """See to the texts that must wait for the peer."""
        self._writer = asyncio.current_task()
        try:
            await self._outbox.drain()
        except ConnectionError:
            return  # the reader learns why, after what the carrier has said before
        except PeerStalled:
            self._gone()
        finally:
            self._written.set()

    def end(self) -> None:
        """Nothing more is sent than what is queued already, and the socket is closed politely."""
        self._close_code = NORMAL_CLOSURE
        self._outbox.close()

    async def drained(self) -> None:
        """Wait until the phone has taken what is queued, within limits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._written.wait()

    def fence(self) -> None:
        """Another socket has taken its place: what it brings is not heard, and it sends nothing."""
        self._wanted = False
        self.end()
        if self._writer is not None:
            self._writer.cancel()

    async def let_go(self) -> None:
        """Close the socket of a call that goes on without it."""
        self._wanted = False
        self.end()
        await self.drained()
        await self.close()

    def _received(self, text: bytes) -> None:
        if self._wanted:
            self._hand_on(text)

    def _gone(self) -> None:
        if self._wanted:
            self._wanted = False
            self._lost()

    async def close(self) -> None:
        """Close the socket, at once; more than once is once."""
        if self.over.is_set():
            return
        try:
            await self._closes()
            await close(self._socket, self._close_code)
        finally:
            self.over.set()
