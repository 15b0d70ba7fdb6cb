"""One open media socket with the carrier and the caller on it; the shell around `Caller`."""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from typing import Final, Protocol, assert_never

import aiohttp

from agent.sim.carrier import CarrierOutput, CloseSocket, SendText
from agent.sim.carrier_rules import OVERFLOW
from agent.sim.clips import FRAME_S
from agent.sim.phone_gate import Gate
from agent.sim.phone_pings import Pings
from agent.sim.wheel import Spoke, TimerWheel

OUTBOX: Final = 500
"""Texts held for a service that reads too slowly: ten seconds of frames. Then the caller's audio is
dropped and counted as `31930`, as the carrier does."""
SEND_TIMEOUT_S: Final = 20.0
"""How long one text may take. When the carrier gives up is not documented; it discards first."""

_MEDIA: Final = b'{"event":"media"'


class OnThePhone(Protocol):
    """Who is on a socket: a `Caller`, or one stream of a call that may have several."""

    @property
    def counters(self) -> Counter[str]:
        """What happened, and how often: `31930` and `send_timeout` are counted here."""
        ...

    def next_timer(self) -> float | None:
        """When `handle_timer` must be called; None when there is nothing to wait for."""
        ...

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        ...

    def receive(self, frame: bytes | str, now: float, *, binary: bool = False) -> None:
        """Take one frame of the service."""
        ...

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what goes to the service."""
        ...

    def peer_closed(self, now: float) -> None:
        """The socket is gone."""
        ...


class _Stuck(Exception):
    """The service takes nothing any more."""


class PhoneLine:
    """Moves texts between a socket and a caller; one task reads, one writes, the wheel ticks.

    Args:
        spoke: a place on the wheel that is there already and does what is due; else one is made.
        pings: what is said and heard of them, and whether they are answered.

    Attributes:
        caller: and through it everything known of the call.
        frozen: nothing goes to the socket any more, and nobody is told.
        spoke: the call's place on the wheel, with how late each tick came.
        sent_at, received_at: the loop's clock at each media message, if `stamps` was asked for.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        caller: OnThePhone,
        wheel: TimerWheel,
        *,
        stamps: bool = False,
        spoke: Spoke | None = None,
        pings: Pings | None = None,
    ) -> None:
        self.sent_at: list[float] = []
        self.received_at: list[float] = []
        self._stamps = stamps
        self.caller = caller
        self.spoke = spoke or Spoke(self._tick, caller.next_timer)
        self.frozen = False
        self._pings = pings or Pings()
        self._way_out, self._way_in = Gate(), Gate()
        self._most = OUTBOX
        self._socket = socket
        self._wheel = wheel
        self._outbox: deque[CarrierOutput] = deque()
        self._filled = asyncio.Event()
        self._over = False

    async def run(self) -> None:
        """Hold the call until either side ends it; the socket is the caller's to close after."""
        loop = asyncio.get_running_loop()
        counters = self.caller.counters
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                pinging = tasks.create_task(self._ping())
                self.flush(loop.time())
                await self._read()
                self._over = True
                pinging.cancel()
                self._way_out.open()
                self._filled.set()
        except* _Stuck:
            counters["send_timeout"] += 1
        finally:
            self._way_in.open()
            self._way_out.open()
        self.caller.peer_closed(loop.time())
        self._wheel.schedule(self.spoke)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        async for message in self._socket:
            if self._way_in.is_shut:
                await self._way_in.passed()
            now = loop.time()
            match message.type:
                case aiohttp.WSMsgType.TEXT:
                    if self._stamps and '"media"' in message.data[:20]:
                        self.received_at.append(now)
                    self.caller.receive(message.data, now)
                case aiohttp.WSMsgType.BINARY:
                    self.caller.receive(message.data, now, binary=True)
                case aiohttp.WSMsgType.PING if self._pings.answers:
                    with suppress(aiohttp.ClientError, ConnectionError):
                        await self._socket.pong(message.data)
                    continue
                case aiohttp.WSMsgType.PONG:
                    self._pings.ponged(message.data, now)
                    continue
                case _:
                    continue
            self.flush(now)

    async def _write(self) -> None:
        while not self._over:
            await self._filled.wait()
            self._filled.clear()
            try:
                while self._outbox:
                    if self._way_out.is_shut:
                        await self._way_out.passed()
                        continue
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await self._send(self._outbox.popleft())
            except TimeoutError:
                raise _Stuck from None
            except (aiohttp.ClientError, ConnectionError):
                return  # the connection is gone; the reader learns why

    async def _ping(self) -> None:
        if self._pings.every_s is None:
            return
        loop = asyncio.get_running_loop()
        with suppress(aiohttp.ClientError, ConnectionError):
            while True:
                await asyncio.sleep(self._pings.every_s)
                await self._way_out.passed()
                if not self.frozen:
                    await self._socket.ping(self._pings.ping(loop.time()))

    async def _send(self, output: CarrierOutput) -> None:
        match output:
            case SendText(text):
                if self._stamps and text.startswith(_MEDIA):
                    self.sent_at.append(asyncio.get_running_loop().time())
                await self._socket.send_frame(text, aiohttp.WSMsgType.TEXT)
            case CloseSocket(code):
                self._way_in.open()
                await self._socket.close(code=code)
            case _:
                assert_never(output)

    def _tick(self, now: float) -> None:
        self.caller.handle_timer(now)
        self.flush(now)

    def freeze(self) -> None:
        """Send nothing any more."""
        self.frozen = True
        self._outbox.clear()

    def stall(self, for_s: float, keeps_s: float) -> None:
        """Let nothing out for a while, and then all of it at once.

        Args:
            keeps_s: how much of the caller's audio is held meanwhile; the rest is dropped.
        """
        self._most = min(OUTBOX, round(keeps_s / FRAME_S))
        self._way_out.shut(for_s)

    def turn_deaf(self, for_s: float) -> None:
        """Read nothing for a while: what the service sends stays on its way, or with itself."""
        self._way_in.shut(for_s)

    def listen(self) -> None:
        """Read again."""
        self._way_in.open()

    def flush(self, now: float) -> None:
        """Send what there is to send."""
        most = self._most if self._way_out.is_shut else OUTBOX
        for output in self.caller.outputs(now):
            if self.frozen:
                continue
            full = len(self._outbox) >= most
            if full and isinstance(output, SendText) and output.text.startswith(_MEDIA):
                self.caller.counters[str(OVERFLOW)] += 1
                continue
            self._outbox.append(output)
        if self._outbox:
            self._filled.set()
        self._wheel.schedule(self.spoke)
