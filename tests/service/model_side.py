"""A model's service on loopback that speaks hand-written frames, well or badly."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

type Message = dict[str, Any]


def audio(seconds: float) -> Message:
    """Speech of the model."""
    t = np.arange(round(seconds * 24000)) / 24000
    pcm = np.asarray(np.sin(2 * np.pi * 300 * t) * 8000).astype("<i2")
    blob = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(pcm.tobytes()).decode()}
    return {"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}}


def tool_call(name: str, **args: object) -> Message:
    return {"toolCall": {"functionCalls": [{"id": f"{name}-1", "name": name, "args": args}]}}


def text_in(message: Message) -> str | None:
    """What the service was told in words."""
    text: str | None = message.get("realtimeInput", {}).get("text")
    return text


class Hungup(Exception):
    """The client closed while something was expected of it."""


class ModelSide:
    """One connection, as the model's service has it.

    Attributes:
        ws: for what is not done with the methods here.
        frames: all that came, in order.
        close_code: the client's, once it has closed.
    """

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self.frames: list[Message] = []
        self.close_code: int | None = None

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Read until such a message comes."""
        while True:
            received = await self.ws.receive()
            if received.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                self.close_code = self.ws.close_code
                raise Hungup
            message: Message = json.loads(received.data)
            self.frames.append(message)
            if wanted(message):
                return message

    async def send(self, *messages: Message) -> None:
        for message in messages:
            await self.ws.send_bytes(json.dumps(message).encode())

    async def set_up(self) -> None:
        await self.until(lambda message: "setup" in message)
        await self.send({"setupComplete": {}})

    async def greet(self, seconds: float = 0.6) -> None:
        """Answer the setup, and then the text that asks for a greeting."""
        await self.set_up()
        await self.until(lambda message: text_in(message) is not None)
        await self.say(seconds)

    def transport(self) -> asyncio.Transport:
        """What lies under the websocket, for breaking it."""
        assert self.ws._req is not None
        transport = self.ws._req.transport
        assert isinstance(transport, asyncio.Transport)
        return transport

    async def say(self, seconds: float) -> None:
        await self.send(audio(seconds), *END_OF_TURN)

    async def until_closed(self) -> None:
        await self.until(lambda _: False)


END_OF_TURN = (
    {"serverContent": {"generationComplete": True}},
    {"serverContent": {"turnComplete": True}},
)

type Behaviour = Callable[[ModelSide], Awaitable[None]]


async def polite(side: ModelSide) -> None:
    """Greet, then listen until the end."""
    await side.greet()
    await side.until_closed()


async def says_goodbye(side: ModelSide) -> None:
    """Greets, says its last words and asks to end the call."""
    await side.greet()
    await side.send(audio(1.0), tool_call("end_call"))
    await side.until(lambda message: "toolResponse" in message)
    await side.send(*END_OF_TURN)
    await side.until_closed()


class FakeModel:
    """A listening service; its sessions are kept in `sides`."""

    def __init__(self) -> None:
        self.url = ""
        self.sides: list[ModelSide] = []
        self.requests = 0


@asynccontextmanager
async def fake_model(
    *behaviours: Behaviour,
    status: int | None = None,
    answer: asyncio.Event | None = None,
    buffer: int | None = None,
) -> AsyncIterator[FakeModel]:
    """Serve; each further connection gets the next behaviour, the last one all that follow.

    Args:
        status: refuse every upgrade with it.
        answer: leave upgrades unanswered until this is set.
        buffer: bytes that the system holds for what is not read.
    """
    model = FakeModel()

    async def accept(request: web.Request) -> web.StreamResponse:
        number, model.requests = model.requests, model.requests + 1
        if answer is not None:
            await answer.wait()
        if status is not None:
            return web.Response(status=status)
        ws = web.WebSocketResponse(timeout=1.0)
        await ws.prepare(request)
        side = ModelSide(ws)
        model.sides.append(side)
        with suppress(Hungup):
            await behaviours[min(number, len(behaviours) - 1)](side)
        return ws

    app = web.Application()
    app.router.add_get("/{path:.*}", accept)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    if buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    await web.SockSite(runner, listener).start()
    model.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield model
    finally:
        await runner.cleanup()
