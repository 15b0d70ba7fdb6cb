"""A service without sockets, for the client in virtual time."""

import asyncio
import json
from typing import Any, NamedTuple, cast

from aiohttp import WSMsgType

from agent.errors import DialError
from agent.live.link import Socket

type Message = dict[str, Any]


class Frame(NamedTuple):
    """What a websocket's `receive` gives."""

    type: WSMsgType
    data: Any = None
    extra: str | None = None


class FakeSocket:
    """One connection, seen by the service.

    Attributes:
        sent: what the client sent, in order.
        closed_with: the client's code; None while it has not closed.
        stuck, deaf, broken: a write never ends; a close is never answered; a write fails.
        reads: how many frames the client has taken.
    """

    def __init__(self, *answers: Message) -> None:
        self.sent: list[Message] = []
        self._answers = answers
        self.closed_with: int | None = None
        self.close_code: int | None = None
        self.stuck = self.deaf = self.broken = False
        self.reads = 0
        self._incoming: asyncio.Queue[Frame] = asyncio.Queue()

    @property
    def kinds(self) -> list[str]:
        """The one key of each message sent; of live input, the key in it."""
        return [
            next(iter(message["realtimeInput"] if kind == "realtimeInput" else message))
            for message in self.sent
            for kind in message
        ]

    # The service's side

    def say(self, *messages: Message) -> None:
        for message in messages:
            self._incoming.put_nowait(Frame(WSMsgType.TEXT, json.dumps(message).encode()))

    def end(self, kind: WSMsgType, data: Any = None, extra: str | None = None) -> None:
        self._incoming.put_nowait(Frame(kind, data, extra))

    # What the client uses

    async def receive(self) -> Frame:
        frame = await self._incoming.get()
        self.reads += 1
        return frame

    async def send_frame(self, frame: bytes, kind: WSMsgType) -> None:
        assert kind is WSMsgType.TEXT
        if self.broken:
            raise ConnectionResetError("gone")
        if self.stuck:
            await asyncio.Event().wait()
        self.sent.append(json.loads(frame))
        if "setup" in self.sent[-1]:
            self.say(*self._answers)

    async def close(self, *, code: int) -> None:
        if self.deaf:
            await asyncio.Event().wait()
        self.closed_with = code


class FakeDialler:
    """Gives sockets out; `sockets` has those that were dialled.

    Attributes:
        delay_s: how long a dial takes.
        refusals: errors in place of the next sockets.
        answers: what each new socket says to a setup.
    """

    def __init__(self) -> None:
        self.sockets: list[FakeSocket] = []
        self.dials = 0
        self.delay_s = 0.1
        self.refusals: list[DialError] = []
        self.answers: tuple[Message, ...] = ({"setupComplete": {}},)
        self.dialled = asyncio.Event()

    @property
    def socket(self) -> FakeSocket:
        """The newest."""
        return self.sockets[-1]

    async def dial(self) -> Socket:
        self.dials += 1
        await asyncio.sleep(self.delay_s)
        if self.refusals:
            raise self.refusals.pop(0)
        socket = FakeSocket(*self.answers)
        self.sockets.append(socket)
        return cast(Socket, socket)


def handle(name: str) -> Message:
    return {"sessionResumptionUpdate": {"newHandle": name, "resumable": True}}


def speech(n_samples: int = 2400) -> Message:
    blob = {"mimeType": "audio/pcm;rate=24000", "data": "AAAA" * (n_samples * 2 // 3)}
    return {"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}}


TURN_COMPLETE: Message = {"serverContent": {"turnComplete": True}}
