"""The REST API of the exchange as a server on loopback, and a way to place calls from outside.

Beside the carrier's own paths there are two of the stand-in's: `POST /stand-in/calls` (`To`,
`From`, `Seconds`, `Press`, `Trouble`) lets somebody call and stay that long, or until the service
ends it, and `GET /stand-in/calls/{sid}` tells what happened; `/stand-in/calls/{sid}/heard.wav` is
the sound.
"""

import asyncio
import io
import json
import re
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import numpy as np
from aiohttp import web

from agent.sim.clips import RATE_HZ
from agent.sim.exchange import rest
from agent.sim.exchange.exchange import Exchange
from agent.sim.exchange.fields import iso
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import CallOptions
from agent.sim.exchange.rest_answers import RestAnswer
from agent.sim.exchange.rest_faults import RestFaults
from agent.sim.exchange.troubles import with_troubles
from agent.sim.script import Pause, Press, Script, WaitForEnd

FORM_LIMIT = 64 * 1024
LONGEST_CALL_S = 3_600
CALLER = "+15550199999"


class Board(Protocol):
    """What of a switchboard is needed here."""

    exchange: Exchange
    faults: RestFaults

    def begin(self, from_: str, to: str, script: Script, options: CallOptions | None = None) -> Leg:
        """Let somebody call a number of the account."""
        ...

    def perform(self) -> None:
        """Do what the exchange wants done."""
        ...


@asynccontextmanager
async def serving(board: Board, port: int) -> AsyncIterator[str]:
    """Serve the API on loopback; gives its origin.

    Raises:
        OSError: the port cannot be had.
    """
    app = web.Application(client_max_size=FORM_LIMIT)
    surface = _Surface(board)
    app.router.add_post("/stand-in/calls", surface.place)
    app.router.add_get("/stand-in/calls/{sid}", surface.story)
    app.router.add_get("/stand-in/calls/{sid}/heard.wav", surface.heard)
    app.router.add_route("*", "/{path:.*}", surface.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class _Surface:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._time = asyncio.get_running_loop().time

    async def answer(self, request: web.Request) -> web.StreamResponse:
        board = self._board
        form = await request.post() if request.method == "POST" else request.query
        fields = [(name, value) for name, value in form.items() if isinstance(value, str)]
        path = request.rel_url.raw_path
        asked = rest.RestRequest(
            request.method, path, fields, request.headers.get("Authorization", "")
        )
        fault = board.faults.take(request.method, path)
        answer: RestAnswer | None = None
        if fault is None or fault.done:
            answer = rest.answer(board.exchange, asked, self._time())
            board.perform()
        if board.faults.latency_s:
            await asyncio.sleep(board.faults.latency_s)
        if fault is not None:
            answer = fault.in_place_of(answer)
        if answer is None:
            assert fault is not None
            await self._never(request, reset=fault.resets)
        assert answer is not None
        return _http(answer)

    async def _never(self, request: web.Request, *, reset: bool) -> None:
        """Leave a request without an answer, until its sender goes or is sent away."""
        if reset and request.transport is not None:
            request.transport.abort()
        await asyncio.Event().wait()

    async def place(self, request: web.Request) -> web.Response:
        form = await request.post()
        seconds = str(form.get("Seconds", "30"))
        if not seconds.isdecimal() or not 0 < int(seconds) <= LONGEST_CALL_S:
            raise web.HTTPBadRequest(text=f"Seconds: 1 to {LONGEST_CALL_S}\n")
        if "To" not in form:
            raise web.HTTPBadRequest(text="To is missing\n")
        to, from_ = (_typed(str(form.get(name, CALLER))) for name in ("To", "From"))
        exchange = self._board.exchange
        plain = exchange.world.options_of(len(exchange.legs))
        try:
            options = with_troubles(plain, map(str, form.getall("Trouble", [])))
            script = [*_pressing(str(form.get("Press", ""))), WaitForEnd(timeout_s=float(seconds))]
        except ValueError as wrong:
            raise web.HTTPBadRequest(text=f"{wrong}\n") from None
        leg = self._board.begin(from_, to, script, options)
        return web.json_response({"sid": leg.sid}, status=201)

    async def story(self, request: web.Request) -> web.Response:
        leg = self._leg(request)
        began = leg.created_at
        notes = [
            {"at": round(note.at - began, 3), "name": note.name, **note.values}
            for note in self._board.exchange.notes
            if note.call == leg.sid
        ]
        story: Mapping[str, Any] = {
            "sid": leg.sid,
            "status": str(leg.status),
            "over": leg.over,
            "began_at_utc": iso(leg.desk.epoch + began),
            "streams": leg.n_streams,
            "pings": {"sent": leg.pings.n_sent, "answered_after_s": leg.pings.waits_s},
            "counters": dict(leg.line.counters) if leg.line is not None else {},
            "happened": notes,
        }
        return web.json_response(story, dumps=lambda value: json.dumps(value, default=str))

    async def heard(self, request: web.Request) -> web.Response:
        leg = self._leg(request)
        if leg.caller is None:
            raise web.HTTPNotFound(text="nobody has answered\n")
        report = leg.report()
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(2)
            written.setsampwidth(2)
            written.setframerate(RATE_HZ)
            stereo = np.column_stack((report.said, report.heard)).astype("<i2", copy=False)
            written.writeframes(stereo.tobytes())
        return web.Response(body=file.getvalue(), content_type="audio/x-wav")

    def _leg(self, request: web.Request) -> Leg:
        leg = self._board.exchange.legs.get(request.match_info["sid"])
        if leg is None:
            raise web.HTTPNotFound(text="no such call\n")
        return leg


def _pressing(text: str) -> Script:
    """Keys after a while, as a form says it: `4:12#`.

    Raises:
        ValueError: it does not say that.
    """
    if not text:
        return []
    found = re.fullmatch(r"(\d{1,4}(?:\.\d{1,3})?):([0-9A-D*#]{1,100})", text)
    if found is None:
        raise ValueError(f"Press: {text!r}: write it as SECONDS:KEYS")
    return [Pause(float(found[1])), Press(found[2])]


def _typed(number: str) -> str:
    """A number that was typed into a form: a `+` that nobody has encoded arrives as a space."""
    return f"+{number[1:]}" if number.startswith(" ") else number


def _http(answer: RestAnswer) -> web.Response:
    if isinstance(answer.body, bytes):
        return web.Response(body=answer.body, status=answer.status, headers=dict(answer.headers))
    if answer.body is None:
        return web.Response(status=answer.status, headers=dict(answer.headers))
    return web.json_response(answer.body, status=answer.status, headers=dict(answer.headers))
