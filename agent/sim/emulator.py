"""The model's stand-in as a websocket server: Gemini Live on loopback."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from aiohttp import WSCloseCode, web

from agent.sim.connection import Connection, Senses
from agent.sim.door import Admitted, admit
from agent.sim.faults import Faults
from agent.sim.live_server import LiveServer, Terms
from agent.sim.mind import Mind, Timing
from agent.sim.recording import Recording
from agent.sim.server_profiles import ServerProfile, profiles_of
from agent.sim.session_config import SessionConfig
from agent.sim.sessions import SessionStore
from agent.sim.wire import INVALID_PAYLOAD

_STATUSES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"} | {
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """How a stand-in serves.

    Attributes:
        profile: the one model served; None serves every model of the surface connected to.
        keys: credentials that are accepted; None accepts all.
        text_frames: send text frames instead of binary ones.
        host: where to listen; a name other than loopback's opens it to the network.
        port: 0 takes a free one.
        tls: serve wss with this; Google's SDK insists on it for API keys.
    """

    profile: ServerProfile | None = None
    timing: Timing = field(default_factory=Timing)
    faults: Faults = field(default_factory=Faults)
    keys: frozenset[str] | None = None
    text_frames: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None


class Emulator:
    """Serves Gemini Live; use it as an async context manager.

    Args:
        mind: makes the mind of each session from its set-up.
        senses: ear and voice, shared by all sessions; their executor stays the caller's.
        recording: what clients sent; kept over restarts when given from outside.
    """

    def __init__(
        self,
        mind: Callable[[SessionConfig], Mind],
        senses: Senses,
        options: EmulatorOptions | None = None,
        recording: Recording | None = None,
    ) -> None:
        self.options = options or EmulatorOptions()
        self.recording = recording or Recording()
        self._mind, self._senses = mind, senses
        self._numbers = _unguessable()
        self._connections = count(1)
        self.store = SessionStore(self.options.faults)
        self._open: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return self._port

    @property
    def url(self) -> str:
        """Scheme, host and port, for `--gemini-url`."""
        scheme = "ws" if self.options.tls is None else "wss"
        return f"{scheme}://{self.options.host}:{self._port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._accept)
        app.on_shutdown.append(self._close_all)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        options = self.options
        site = web.TCPSite(self._runner, options.host, options.port, ssl_context=options.tls)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _close_all(self, _: web.Application) -> None:
        closing = [ws.close(code=WSCloseCode.GOING_AWAY) for ws in self._open]
        await asyncio.gather(*closing)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        """One upgrade, and the connection that comes of it."""
        faults = self.options.faults
        status = faults.refuse_status
        if status is None:
            status = self.store.refusals.upgrade(asyncio.get_running_loop().time())
        if status is not None:
            return _refusal(status)
        door = admit(request.path, request.query, request.headers, self.options.keys)
        if not isinstance(door, Admitted):
            return _refusal(door.status)
        profile = self.options.profile
        if profile is not None and profile.surface != door.surface:
            return _refusal(404)
        ws = web.WebSocketResponse(autoping=False, compress=False, timeout=2.0)
        await ws.prepare(request)
        if faults.refuse_key:
            reason = b"API key not valid. Please pass a valid API key."
            await ws.close(code=INVALID_PAYLOAD, message=reason)
            return ws
        terms = Terms(
            profiles_of(door.surface) if profile is None else (profile,),
            door.api_version,
            self.options.timing,
            faults,
        )
        name = f"connection-{next(self._connections)}"
        server = LiveServer(terms, self._mind, self._numbers, self.recording, name, self.store)
        connection = Connection(
            ws,
            server,
            self._senses,
            text_frames=self.options.text_frames,
            slow_pong_s=faults.slow_pong_s,
            abort=_abort(request),
        )
        self._open.add(ws)
        try:
            await connection.run()
        finally:
            self._open.discard(ws)
        return ws


def _abort(request: web.Request) -> Callable[[], None]:
    """Takes the socket away, without a close frame."""

    def abort() -> None:
        if request.transport is not None:
            request.transport.abort()

    return abort


def _refusal(status: int) -> web.Response:
    """An HTTP error in Google's form."""
    name = _STATUSES.get(status, "UNKNOWN")
    error = {"code": status, "message": f"The upgrade was refused: {name}.", "status": name}
    return web.json_response({"error": error}, status=status)


def _unguessable() -> Iterator[int]:
    """Numbers for ids: unique, and long enough for every profile's format."""
    while True:
        yield secrets.randbits(63)
