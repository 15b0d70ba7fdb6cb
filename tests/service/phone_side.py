"""A carrier's media socket, hand-driven, for what no decent carrier does."""

import asyncio
import base64
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import aiohttp
from aiohttp import WSMsgType

type Message = dict[str, Any]
QUIET = base64.b64encode(b"\xff" * 160).decode()
MULAW = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


class PhoneSide:
    """One media socket.

    Attributes:
        received: all messages of the service, in order.
        closed: the service's close code, once there is one; 1006: it vanished.
    """

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, number: int) -> None:
        self.ws = ws
        self.stream, self.call_id = f"MZ{number:032x}", f"CA{number:032x}"
        self.received: list[Message] = []
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._came = asyncio.Event()
        self._played_at = 0.0
        self._echoes: set[asyncio.Task[None]] = set()
        self._sequence = 0
        self._frames = 0

    async def send(self, event: str, **fields: Any) -> None:
        self._sequence += 1
        numbered = {"event": event, "sequenceNumber": str(self._sequence), **fields}
        await self.ws.send_str(json.dumps({**numbered, "streamSid": self.stream}))

    async def connected(self) -> None:
        text = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await self.ws.send_str(text)

    async def start(self, **parameters: str) -> None:
        start = {
            "streamSid": self.stream,
            "callSid": self.call_id,
            "accountSid": f"AC{0:032x}",
            "tracks": ["inbound"],
            "mediaFormat": MULAW,
            "customParameters": {"tenant": "shop", **parameters},
        }
        await self.send("start", start=start)

    async def media(self) -> None:
        self._frames += 1
        media = {
            "track": "inbound",
            "chunk": str(self._frames),
            "timestamp": str(20 * (self._frames - 1)),
            "payload": QUIET,
        }
        await self.send("media", media=media)

    async def open(self, **parameters: str) -> None:
        await self.connected()
        await self.start(**parameters)

    async def stop(self) -> None:
        await self.send("stop", stop={"accountSid": f"AC{0:032x}", "callSid": self.call_id})

    async def hang_up(self) -> None:
        """As the carrier does it: `stop`, then the socket."""
        await self.stop()
        await self.ws.close()

    def reset(self) -> None:
        """Break the connection without a word."""
        raw = self.transport().get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport().abort()

    def transport(self) -> asyncio.Transport:
        """What lies under the websocket, for breaking it."""
        assert self.ws._conn is not None
        return cast(asyncio.Transport, self.ws._conn.transport)

    async def until(self, event: str, wanted: Callable[[Message], bool] = lambda _: True) -> None:
        """Wait until the service has sent such a message."""
        while not any(m["event"] == event and wanted(m) for m in self.received):
            self._came.clear()
            await self._came.wait()

    def heard_s(self) -> float:
        """How much audio of the agent came."""
        payloads = [m["media"]["payload"] for m in self.received if m["event"] == "media"]
        return sum(len(base64.b64decode(payload)) for payload in payloads) / 8000

    async def _read(self) -> None:
        while True:
            message = await self.ws.receive()
            if message.type is not WSMsgType.TEXT:
                break
            content = json.loads(message.data)
            self.received.append(content)
            self._play(content)
            self._came.set()
        code = self.ws.close_code
        self.closed.set_result(1006 if code is None else code)

    def _play(self, content: Message) -> None:
        """Play media as it comes, and echo marks when they are reached."""
        now = asyncio.get_running_loop().time()
        self._played_at = max(now, self._played_at)
        if content["event"] == "media":
            self._played_at += len(base64.b64decode(content["media"]["payload"])) / 8000
        elif content["event"] == "mark":
            echo = asyncio.create_task(self._echo(content["mark"], self._played_at - now))
            self._echoes.add(echo)
            echo.add_done_callback(self._echoes.discard)

    async def _echo(self, mark: Message, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        with suppress(ConnectionError):
            await self.send("mark", mark=mark)

    async def _breathe(self, every_s: float) -> None:
        """Send media for as long as somebody takes it."""
        with suppress(ConnectionError):
            while not self.closed.done():
                await self.media()
                await asyncio.sleep(every_s)


@asynccontextmanager
async def phone_side(
    url: str,
    *,
    number: int = 1,
    media_every_s: float | None = None,
    reads: bool = True,
    buffer: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[PhoneSide]:
    """Dial a media socket.

    Args:
        media_every_s: send media so often, from the beginning (also before `start`).
        reads: off: never take anything from the socket.
        buffer: bytes that the system holds for what is not read.
        headers: of the upgrade.
    """

    def made(address: Any) -> socket.socket:
        sock = socket.socket(*address[:3])
        if buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        return sock

    connector = aiohttp.TCPConnector(socket_factory=made)
    async with aiohttp.ClientSession(connector=connector) as session:
        limits = aiohttp.ClientWSTimeout(ws_close=0.5)
        ws = await session.ws_connect(url, timeout=limits, headers=headers)
        side = PhoneSide(ws, number)
        if not reads:
            side.transport().pause_reading()
        tasks = [asyncio.create_task(side._read())] if reads else []
        if media_every_s is not None:
            tasks.append(asyncio.create_task(side._breathe(media_every_s)))
        try:
            yield side
        finally:
            tasks.extend(side._echoes)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await ws.close()
