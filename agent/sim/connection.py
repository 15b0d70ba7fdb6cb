"""One websocket of the model's stand-in: moves frames, keeps time, asks ear and voice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from math import isinf
from typing import assert_never

from aiohttp import WSMsgType, web

from agent.audio.pcm import Pcm16
from agent.sim.live_server import LiveServer
from agent.sim.server_io import Close, Drop, Hear, Send, ServerOutput, Speak, Speech

OUTBOX_LIMIT = 10_000
"""Frames waiting for a client that does not read; with more, it is given up."""


@dataclass(frozen=True, slots=True)
class Senses:
    """The stand-in's ear and voice.

    Attributes:
        hear: the transcript of 16 kHz samples, given the grammar of what may be said.
        speak: the sound of a text, 24 kHz.
        executor: where both run, since they take long; None when they answer at once.
    """

    hear: Callable[[Pcm16, str], str]
    speak: Callable[[str], Speech]
    executor: Executor | None = None


class _Over(Exception):
    """This connection has ended; its tasks with it."""


class Connection:
    """Runs one `LiveServer` on one accepted websocket, made with `autoping=False`.

    Args:
        text_frames: send text frames instead of binary ones (E-3).
        slow_pong_s: how late pings are answered (E-7); infinity for never.
        abort: takes the socket away, without a close frame.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        server: LiveServer,
        senses: Senses,
        *,
        text_frames: bool = False,
        slow_pong_s: float = 0.0,
        abort: Callable[[], None],
    ) -> None:
        self._ws, self._server, self._senses = ws, server, senses
        self._text_frames, self._slow_pong_s = text_frames, slow_pong_s
        self._abort = abort
        self._outbox: deque[Send | Close | Drop] = deque()
        self._queued = asyncio.Event()
        self._earlier = asyncio.Event()
        self._armed: float | None = None
        self._now = asyncio.get_running_loop().time

    async def run(self) -> None:
        """Serve until either side has closed; nothing is left running."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._write())
                group.create_task(self._tick())
                await self._read()
                raise _Over
        except* _Over:
            self._server.closed()

    async def _read(self) -> None:
        while True:
            message = await self._ws.receive()
            if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                self._server.received(message.data, self._now())
                self._flush()
            elif message.type is WSMsgType.PING:
                self._group.create_task(self._pong(message.data))
            elif message.type is not WSMsgType.PONG:
                self._server.closed()  # at once: the client may resume as soon as it knows
                return

    async def _pong(self, payload: bytes) -> None:
        if isinf(self._slow_pong_s):
            return
        if self._slow_pong_s:
            await asyncio.sleep(self._slow_pong_s)
        try:
            await self._ws.pong(payload)
        except ConnectionError:
            raise _Over from None

    async def _write(self) -> None:
        while True:
            await self._queued.wait()
            self._queued.clear()
            while self._outbox:
                output = self._outbox.popleft()
                try:
                    await self._put(output)
                except ConnectionError:
                    raise _Over from None

    async def _put(self, output: Send | Close | Drop) -> None:
        if isinstance(output, Drop):
            self._abort()
            raise _Over
        if isinstance(output, Close):
            await self._ws.close(code=output.code, message=output.reason.encode())
            raise _Over
        if self._text_frames:
            await self._ws.send_str(output.frame.decode())
        else:
            await self._ws.send_bytes(output.frame)

    async def _tick(self) -> None:
        """Wake for the server's timers, also when one is moved earlier."""
        while True:
            self._armed = self._server.next_timer()
            self._earlier.clear()
            try:
                async with asyncio.timeout_at(self._armed):
                    await self._earlier.wait()
            except TimeoutError:
                self._server.handle_timer(self._now())
                self._flush()

    def _flush(self) -> None:
        """Perform what the server asks for; the only place that does."""
        while outputs := self._server.outputs():
            for output in outputs:
                self._perform(output)
        at = self._server.next_timer()
        if at is not None and (self._armed is None or at < self._armed):
            self._earlier.set()

    def _perform(self, output: ServerOutput) -> None:
        match output:
            case Send() | Close() | Drop():
                if len(self._outbox) >= OUTBOX_LIMIT:
                    raise _Over
                self._outbox.append(output)
                self._queued.set()
            case Hear() | Speak() if self._senses.executor is not None:
                self._group.create_task(self._sense(output, self._senses.executor))
            case Hear():
                text = self._senses.hear(output.pcm16k, output.grammar)
                self._server.heard(output.utterance_id, text, self._now())
            case Speak():
                speech = self._senses.speak(output.text)
                self._server.spoken(output.speech_id, speech, self._now())
            case _:
                assert_never(output)

    async def _sense(self, output: Hear | Speak, executor: Executor) -> None:
        """Ask ear or voice where it does not hold up the other connections."""
        loop = asyncio.get_running_loop()
        if isinstance(output, Hear):
            text = await loop.run_in_executor(
                executor, self._senses.hear, output.pcm16k, output.grammar
            )
            self._server.heard(output.utterance_id, text, self._now())
        else:
            speech = await loop.run_in_executor(executor, self._senses.speak, output.text)
            self._server.spoken(output.speech_id, speech, self._now())
        self._flush()
