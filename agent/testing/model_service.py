"""The model's service in a test: dials, connections and the network between, in the call's time.

The service's side of each connection is the stand-in's own `LiveServer`; its ear and voice answer
at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from math import inf
from typing import Protocol, assert_never

from agent.audio.pcm import Pcm16
from agent.gemini.durations import format_duration
from agent.gemini.session_events import Loss
from agent.sim.live_server import LiveServer, ServerState, Terms
from agent.sim.mind import Mind
from agent.sim.mishaps import Cut, GoAway, Shut
from agent.sim.recording import Recording
from agent.sim.server_io import Close, Drop, Hear, Send, ServerOutput, Speak, Speech
from agent.sim.server_profiles import profiles_of
from agent.sim.session_config import SessionConfig
from agent.sim.sessions import SessionStore
from agent.sim.simulation.agenda import Agenda

DIAL_S = 0.1
LATENCY_S = 0.02
"""One way through the network."""


class Client(Protocol):
    """Our side of the connections: who is told what becomes of them."""

    def connected(self, number: int) -> None:
        """The connection is open."""
        ...

    def received(self, number: int, frame: bytes) -> None:
        """A frame came."""
        ...

    def lost(self, number: int, loss: Loss) -> None:
        """It is gone, or could not be made."""
        ...


@dataclass(slots=True)
class _Link:
    number: int
    server: LiveServer | None = None
    timer: float = inf
    left: bool = False
    over: bool = False
    due: float = -inf
    under_way: list[bytes] = field(default_factory=list)


class ModelService:
    """Every connection of one call to the stand-in.

    Args:
        mind: who decides what the model says.
        hear: what is said in 16 kHz samples, given the grammar of what may be said.
        speak: the sound of a text.

    Attributes:
        next_at: when a server has something to do.
    """

    def __init__(
        self,
        agenda: Agenda,
        client: Client,
        mind: Callable[[SessionConfig], Mind],
        hear: Callable[[Pcm16, str], str],
        speak: Callable[[str], Speech],
    ) -> None:
        self.next_at = inf
        self._agenda, self._client = agenda, client
        self._mind, self._hear, self._speak = mind, hear, speak
        self._terms = Terms(profiles_of("developer"))
        self._recording = Recording(most_frames=0)
        self._store = SessionStore(self._terms.faults)
        self._numbers = count(1)
        self._links: dict[int, _Link] = {}
        self._away_until = -inf

    @property
    def idle(self) -> bool:
        """Whether a session is ready, and waits for the caller."""
        ready = [
            server
            for link, server in self._served()
            if not link.left and server.state is ServerState.READY
        ]
        return bool(ready) and all(server.moment is None for server in ready)

    @property
    def gone(self) -> bool:
        """Whether no connection is left."""
        return not self._links

    # What our side asks for

    def open(self, number: int) -> None:
        """Dial."""
        self._links[number] = link = _Link(number)
        self._agenda.at(self._agenda.now + DIAL_S, partial(self._dialled, link))

    def send(self, number: int, frame: bytes) -> None:
        """Send a frame; where there is no connection any more it is lost."""
        link = self._links.get(number)
        if link is None or link.left or link.server is None:
            return
        due = self._agenda.now + LATENCY_S
        if link.due == due:
            link.under_way.append(frame)
            return
        link.due, link.under_way = due, [frame]
        self._agenda.at(due, partial(self._arrived, link, link.server, link.under_way))

    def close(self, number: int, code: int) -> None:
        """Close a connection, or give up dialling it."""
        link = self._links.get(number)
        if link is None or link.left:
            return
        link.left = True
        now, loss = self._agenda.now, Loss(code, "closed by this side")
        if link.server is None:
            self._agenda.at(now, partial(self._lose, link, loss))
            return
        self._agenda.at(now + LATENCY_S, partial(self._closed, link, link.server))
        self._agenda.at(now + 2 * LATENCY_S, partial(self._lose, link, loss))

    # What befalls it

    def cut(self, for_s: float) -> None:
        """Every connection is gone at once; who dials within `for_s` is refused."""
        now = self._agenda.now
        self._away_until = now + for_s
        for link, server in self._served():
            self._befall(link, server, Cut())

    def go_away(self, notice_s: float) -> None:
        """Tell every connection that it will end then, and end it."""
        now = self._agenda.now
        for link, server in self._served():
            self._befall(link, server, GoAway(format_duration(notice_s)))
            self._agenda.at(now + notice_s, partial(self._befall, link, server, Shut()))

    def _served(self) -> list[tuple[_Link, LiveServer]]:
        """The connections that are open."""
        return [(link, link.server) for link in self._links.values() if link.server is not None]

    def _befall(self, link: _Link, server: LiveServer, mishap: Cut | GoAway | Shut) -> None:
        server.befall(mishap, self._agenda.now)
        self._drain(link, server)

    # Time

    def handle_timer(self) -> None:
        """Let the servers do what is due."""
        now = self._agenda.now
        for link, server in self._served():
            if link.timer <= now:
                server.handle_timer(now)
                self._drain(link, server)

    # What happens

    def _dialled(self, link: _Link) -> None:
        if link.over or link.left:
            return
        if self._agenda.now < self._away_until:
            loss = Loss(None, "the upgrade was answered with 503", http_status=503)
            self._lose(link, loss)
            return
        name = str(link.number)
        link.server = LiveServer(
            self._terms, self._mind, self._numbers, self._recording, name, self._store
        )
        self._client.connected(link.number)

    def _arrived(self, link: _Link, server: LiveServer, frames: list[bytes]) -> None:
        for frame in frames:
            server.received(frame, self._agenda.now)
        self._drain(link, server)

    def _closed(self, link: _Link, server: LiveServer) -> None:
        server.closed()
        self._drain(link, server)

    def _drain(self, link: _Link, server: LiveServer) -> None:
        while outputs := server.outputs():
            for output in outputs:
                self._perform(link, server, output)
        timer = server.next_timer()
        link.timer = inf if timer is None else timer
        self._look_ahead()

    def _look_ahead(self) -> None:
        self.next_at = min((link.timer for link in self._links.values()), default=inf)

    def _perform(self, link: _Link, server: LiveServer, output: ServerOutput) -> None:
        now = self._agenda.now
        match output:
            case Send(frame):
                self._agenda.at(now + LATENCY_S, partial(self._deliver, link, frame))
            case Close(code, reason):
                self._agenda.at(now + LATENCY_S, partial(self._lose, link, Loss(code, reason)))
            case Drop():
                loss = Loss(None, "the socket is gone")
                self._agenda.at(now + LATENCY_S, partial(self._lose, link, loss))
            case Hear(utterance_id, pcm16k, grammar):
                server.heard(utterance_id, self._hear(pcm16k, grammar), now)
            case Speak(speech_id, text):
                server.spoken(speech_id, self._speak(text), now)
            case _:
                assert_never(output)

    def _deliver(self, link: _Link, frame: bytes) -> None:
        self._client.received(link.number, frame)

    def _lose(self, link: _Link, loss: Loss) -> None:
        if link.over:
            return
        link.over = True
        del self._links[link.number]
        self._look_ahead()
        self._client.lost(link.number, loss)
