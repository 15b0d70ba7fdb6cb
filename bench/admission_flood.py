"""Strangers of `bench.admission`: upgrades with a wrong signature, so many a second.

    python -m bench.admission_flood PORT RATE SECONDS

Every refusal is read before the next request goes out on its connection; a connection that the
service closes is opened again. Prints how many were sent, refused, and answered otherwise.
"""

import asyncio
import json
import sys
from dataclasses import dataclass

CONNECTIONS = 64
SLICE_S = 0.01

REQUEST = (
    b"GET /twilio/media/1 HTTP/1.1\r\nHost: voice.example.com\r\nUser-Agent: Twilio.TmeWs/1.0\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"X-Twilio-Signature: jO+qLHLp+lz9/rbFAwoUaDtDsdc=\r\n\r\n"
)


@dataclass
class Tally:
    sent: int = 0
    refused: int = 0
    other: int = 0
    connections: int = 0


class Stranger(asyncio.Protocol):
    """One connection: a request, its answer, the next."""

    def __init__(self, tally: Tally) -> None:
        self.free = False
        self.closed = False
        self._tally = tally
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tally.connections += 1
        self.free = True

    def knock(self) -> None:
        assert self._transport is not None
        self.free = False
        self._tally.sent += 1
        self._transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 403 "):
            self._tally.refused += 1
        elif data.startswith(b"HTTP/1.1 "):
            self._tally.other += 1
        self.free = not self.closed

    def connection_lost(self, exc: Exception | None) -> None:
        self.free, self.closed = False, True


async def main(port: int, rate: float, seconds: float) -> None:
    loop, tally = asyncio.get_running_loop(), Tally()
    strangers: list[Stranger] = []
    opening: set[asyncio.Task[None]] = set()

    async def comes() -> None:
        _, stranger = await loop.create_connection(lambda: Stranger(tally), "127.0.0.1", port)
        strangers.append(stranger)

    began = loop.time()
    due = 0.0
    while (passed := loop.time() - began) < seconds:
        due = min(due, tally.sent + rate * 0.1)  # what could not be sent in time is not made up for
        due = max(due, min(passed * rate, tally.sent + rate * SLICE_S * 3))
        strangers = [stranger for stranger in strangers if not stranger.closed]
        for _ in range(CONNECTIONS - len(strangers) - len(opening)):
            task = loop.create_task(comes())
            opening.add(task)
            task.add_done_callback(opening.discard)
        for stranger in strangers:
            if stranger.free and tally.sent < due:
                stranger.knock()
        await asyncio.sleep(0.001 if tally.sent < due else SLICE_S)
    print(json.dumps({**tally.__dict__, "seconds": loop.time() - began}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
