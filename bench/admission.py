"""Who gets in, how fast, and what it costs those who are in: one run, one table.

    python -m bench.admission [--seconds 10] [--rate 10000]

The service runs in a process of its own on one core, with signatures asked for; the carrier's side,
the model's stand-in and the strangers run on another. One call is up all the time, its agent
talking. Measured, in this order:

- strangers: upgrades with a wrong signature, so many a second; how late the call's alarms go off
  in the service (its timers keep the agent's pace), before and during; and how late its loop is for
  a sleep of a millisecond. The ratios between the two are what counts: the machine is what it is.
- webhook: from the carrier's POST to the whole document, at 50 a second, beside the same call.
- coming back: the media socket is reset in mid-speech; the carrier asks what next at once, dials
  the new socket and says `start`; until the first sound of the agent on it. What the carrier needs
  to notice is not in it, for nobody knows that.
"""

import argparse
import asyncio
import base64
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from xml.etree.ElementTree import fromstring

import aiohttp
import numpy as np
from aiohttp import WSMsgType, web
from rich.console import Console
from rich.table import Table

from agent.telephony.twilio.signature import sign
from bench.admission_service import NUMBER, PUBLIC, TOKEN
from bench.calls import subject_process

WEBHOOKS_PER_S = 50
RETURNS = 10
SPEECH_S, AHEAD_S = 1.0, 3.0
QUIET = base64.b64encode(b"\xff" * 160).decode()
MULAW = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


@asynccontextmanager
async def talking_model() -> AsyncIterator[str]:
    """A model's service that talks for ever, a little ahead of real time."""
    t = np.arange(round(SPEECH_S * 24000)) / 24000
    pcm = np.asarray(np.sin(2 * np.pi * 300 * t) * 8000).astype("<i2").tobytes()
    blob = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(pcm).decode()}
    speech = json.dumps({"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}})

    async def talk(ws: web.WebSocketResponse) -> None:
        await asyncio.sleep(0.3)
        for n in range(100_000):
            await ws.send_bytes(speech.encode())
            await asyncio.sleep(0.1 if n < AHEAD_S / SPEECH_S else SPEECH_S)

    async def accept(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        talks: asyncio.Task[None] | None = None
        async for message in ws:
            if "setup" in json.loads(message.data):
                await ws.send_bytes(b'{"setupComplete": {}}')
                talks = asyncio.create_task(talk(ws))
        if talks is not None:
            talks.cancel()
        return ws

    app = web.Application()
    app.router.add_get("/{path:.*}", accept)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Carrier:
    """The carrier's side of one call, signed."""

    def __init__(self, session: aiohttp.ClientSession, port: int, number: int) -> None:
        self.call_id = f"CA{number:032x}"
        self._number = f"+1555{number:07}"
        self._heard = asyncio.Event()
        self._session = session
        self._origin = f"http://127.0.0.1:{port}"
        self._parameters: dict[str, str] = {}
        self._streams = 0
        self._then = ""
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, path: str) -> float:
        """Ask a webhook; returns how long the answer took, in seconds."""
        form = {"CallSid": self.call_id, "From": self._number, "To": NUMBER}
        form["CallStatus"] = "in-progress"
        signed = {"X-Twilio-Signature": sign(TOKEN, PUBLIC + path, form.items())}
        began = time.perf_counter()
        async with self._session.post(self._origin + path, data=form, headers=signed) as response:
            text = await response.text()
        took_s = time.perf_counter() - began
        document = fromstring(text)
        found = document.findall("./Connect/Stream/Parameter")
        self._parameters = {p.attrib["name"]: p.attrib["value"] for p in found}
        if not found:
            raise RuntimeError(f"{path} is answered with {text}")
        self._then = (document.findtext("Redirect") or "").removeprefix(PUBLIC)
        return took_s

    async def dial(self) -> None:
        """Open the media socket that the document named, and start the stream."""
        path = "/twilio/media/1"
        signed = {"X-Twilio-Signature": sign(TOKEN, PUBLIC.replace("http", "ws") + path)}
        self._ws = ws = await self._session.ws_connect(self._origin + path, headers=signed)
        self._streams += 1
        stream, account = f"MZ{self._streams:032x}", f"AC{0:032x}"
        start = {
            "accountSid": account,
            "streamSid": stream,
            "callSid": self.call_id,
            "tracks": ["inbound"],
            "mediaFormat": MULAW,
            "customParameters": self._parameters,
        }
        await ws.send_str('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        begins = {"event": "start", "sequenceNumber": "1", "start": start, "streamSid": stream}
        await ws.send_str(json.dumps(begins))
        self._heard.clear()
        self._tasks = [
            asyncio.create_task(self._listen(ws)),
            asyncio.create_task(self._speak(ws, stream)),
        ]

    async def heard(self) -> None:
        """Wait until the agent is heard on the present stream."""
        async with asyncio.timeout(30):
            await self._heard.wait()

    async def come_back(self) -> float:
        """Lose the socket in mid-speech; returns how long until the agent is heard again."""
        assert self._ws is not None
        assert self._ws._conn is not None
        transport = cast(asyncio.Transport, self._ws._conn.transport)
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        began = time.perf_counter()
        transport.abort()
        await self._let_go()
        await self.ask(self._then)
        await self.dial()
        await self.heard()
        return time.perf_counter() - began

    async def hang_up(self) -> None:
        assert self._ws is not None
        await self._let_go()
        await self._ws.close()

    async def _let_go(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.type is WSMsgType.TEXT and b"media" in message.data.encode():
                self._heard.set()

    async def _speak(self, ws: aiohttp.ClientWebSocketResponse, stream: str) -> None:
        began = time.perf_counter()
        for n in range(1_000_000):
            media = {
                "track": "inbound",
                "chunk": str(n + 1),
                "timestamp": str(20 * n),
                "payload": QUIET,
            }
            frame = {"event": "media", "sequenceNumber": str(n + 2), "media": media}
            await ws.send_str(json.dumps({**frame, "streamSid": stream}))
            await asyncio.sleep(max(0.0, began + 0.02 * (n + 1) - time.perf_counter()))


async def noted(session: aiohttp.ClientSession, port: int) -> dict[str, Any]:
    """What the service has noted of itself since the last time."""
    async with session.get(f"http://127.0.0.1:{port}/bench") as response:
        found: dict[str, Any] = await response.json()
        return found


async def flood(port: int, rate: float, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.admission_flood", str(port), str(rate), str(seconds)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    found: dict[str, float] = json.loads(out)
    return found


def spread(values: list[float]) -> str:
    p50, p99, worst = np.percentile(values, [50, 99, 100])
    return f"p50 {p50:.2f}, p99 {p99:.2f}, worst {worst:.2f}"


async def measure(seconds: float, rate: float) -> Table:
    table = Table("what", "figure")

    def command(model_url: str, port: int) -> list[str]:
        return [sys.executable, "-m", "bench.admission_service", str(port), model_url]

    async with (
        talking_model() as model_url,
        subject_process(lambda port: command(model_url, port), core=0) as (_, port),
        aiohttp.ClientSession() as session,
    ):
        call = Carrier(session, port, 1)
        await call.ask("/twilio/voice")
        await call.dial()
        await call.heard()
        await asyncio.sleep(2)
        await noted(session, port)
        await asyncio.sleep(seconds)
        before = await noted(session, port)
        tally = await flood(port, rate, seconds)
        during = await noted(session, port)
        refused = during["counters"]["refused_signature"] / tally["seconds"]
        table.add_row("strangers asked for, a second", f"{rate:.0f}")
        table.add_row("strangers refused, a second", f"{refused:.0f}")
        for name, what in (("alarms", "the call's alarms late"), ("loop", "the loop late")):
            table.add_row(f"{what}, ms, before", spread(before[name]))
            table.add_row(f"{what}, ms, during", spread(during[name]))
            p99 = np.percentile(during[name], 99) / np.percentile(before[name], 99)
            table.add_row(f"{what}: p99 during / before", f"{p99:.1f}")
        table.add_row("webhook to document, ms", spread(await webhooks(session, port, seconds)))
        back = [await lost_and_back(session, port, 100 + n) for n in range(RETURNS)]
        table.add_row("agent audible again after a reset, ms", spread(back))
        await call.hang_up()
    return table


async def lost_and_back(session: aiohttp.ClientSession, port: int, number: int) -> float:
    """A call that loses its socket in mid-speech; milliseconds until its agent is heard again."""
    call = Carrier(session, port, number)
    await call.ask("/twilio/voice")
    await call.dial()
    await call.heard()
    await asyncio.sleep(1.0)
    took_s = await call.come_back()
    await call.hang_up()
    return 1000 * took_s


async def webhooks(session: aiohttp.ClientSession, port: int, seconds: float) -> list[float]:
    """How long each took, in milliseconds."""
    took: list[float] = []

    async def one(number: int) -> None:
        took.append(1000 * await Carrier(session, port, number).ask("/twilio/voice"))

    async with asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for n in range(round(seconds * WEBHOOKS_PER_S)):
            group.create_task(one(1000 + n))
            due = began + (n + 1) / WEBHOOKS_PER_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
    return took


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=10_000.0)
    options = parser.parse_args([] if arguments is None else arguments)
    console = Console()
    console.print("\n[bold]Who gets in[/bold]")
    console.print(asyncio.run(measure(options.seconds, options.rate)))


if __name__ == "__main__":
    main(sys.argv[1:])
