"""A session and the model's stand-in, in virtual time, over as many connections as it takes.

The caller's audio goes in packets of 40 ms, each of which bears its number in its first samples, so
that what the stand-in has taken in can be told packet by packet.
"""

from __future__ import annotations

import base64
import heapq
import itertools
import json
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from agent.audio.pcm import Pcm16, silence
from agent.gemini.models import Surface, profile_for
from agent.gemini.session import LiveSession, MovePolicy
from agent.gemini.session_events import (
    CloseConnection,
    Leaving,
    Loss,
    ModelAudio,
    Moved,
    OpenConnection,
    SendFrame,
    SessionEvent,
    ToolCallsRequested,
)
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionDeclaration, FunctionResponse
from agent.sim.faults import Faults
from agent.sim.included import Account, Placed, account
from agent.sim.live_server import LiveServer, Terms
from agent.sim.mind import Mind, Timing
from agent.sim.recording import Recording
from agent.sim.scripted import Script, Scripted, Tones, marker
from agent.sim.server_io import Close, Drop, Hear, Send, Speak
from agent.sim.server_profiles import PROFILES
from agent.sim.session_config import SessionConfig
from agent.sim.sessions import SessionStore

PACKET = 640
PACKET_S = 0.04
LAG_S = 0.01
"""What anything takes on its way, one way."""
BASE = 4096
START = 100.0


class Pair:
    """Both ends, and the caller; time moves only when told to.

    Attributes:
        events: (time, event) of the session.
        closes: (time, connection, code) of what the session closed.
        dials: when it dialled.
        messages: (time, connection, message) of what it sent, audio apart.
        tool_s: how long functions take.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        profile: str = "dev-3.8",
        script: Script | None = None,
        mind: Callable[[], Mind] | None = None,
        moves: MovePolicy | None = None,
        reply_s: float = 4.0,
        timing: Timing | None = None,
        handle: str | None = None,
    ) -> None:
        self.now = START
        self.events: list[tuple[float, SessionEvent]] = []
        self.closes: list[tuple[float, int, int]] = []
        self.dials: list[float] = []
        self.messages: list[tuple[float, int, dict[str, Any]]] = []
        self.tool_s = 0.5
        self.recording = Recording()
        self.store = SessionStore(faults)
        self._server_profile = PROFILES[profile]
        self._script = script or Script()
        self._make_mind = mind or (lambda: Scripted(self._script))
        self._tones = Tones(reply_s=reply_s)
        self._terms = Terms(
            (self._server_profile,), "v1beta", timing or Timing(), faults or Faults()
        )
        self._numbers = itertools.count(1)
        self._servers: dict[int, LiveServer] = {}
        self._samples: dict[int, int] = {}
        self._gone: set[int] = set()  # as the session knows
        self._placed: list[Placed] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._packet = 0
        surface: Surface = "vertex" if self._server_profile.vertex else "developer"
        model = self._server_profile.models[0]
        setup = build_setup(
            SetupOptions(model, surface, declarations=(FunctionDeclaration("look_up"),))
        )
        self.session = LiveSession(
            setup, profile_for(model, surface), moves=moves or MovePolicy(), random=lambda: 0.5
        )
        if handle is not None:
            self.session.resume(handle, self.now)
        self.session.start(self.now)
        self._drain()

    # The caller

    def hush(self, seconds: float) -> Pair:
        """The caller is silent."""
        return self._speak(silence(round(seconds * 16000)))

    def say(self, index: int = 0, seconds: float = 1.0, then: float = 0.0) -> tuple[int, int]:
        """The caller says something, and is silent; returned is where his words lie."""
        begin = self._packet * PACKET
        self.session.caller_speech(True, self.now)
        self._speak(marker(index, seconds, 16_000))
        self.session.caller_speech(False, self.now)
        end = self._packet * PACKET
        self._drain()
        self.hush(then)
        return begin, end

    def _speak(self, pcm: Pcm16) -> Pair:
        for start in range(0, pcm.size - pcm.size % PACKET, PACKET):
            packet = pcm[start : start + PACKET].copy()
            packet[0], packet[1] = self._packet % BASE, self._packet // BASE
            self._packet += 1
            self.session.send_audio(packet, self.now)
            self._drain()
            self.run(PACKET_S)
        return self

    # Time

    def run(self, seconds: float) -> Pair:
        """Let time pass; the caller's line is dead meanwhile."""
        until = self.now + seconds
        while True:
            due = min(self._due(), until)
            if due >= until:
                break
            self.now = max(self.now, due)
            self._step()
        self.now = until
        return self

    def _due(self) -> float:
        times = [server.next_timer() for server in self._servers.values()]
        times += [self.session.next_timer(), self._agenda[0][0] if self._agenda else None]
        return min((t for t in times if t is not None), default=math.inf)

    def _step(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now:
            heapq.heappop(self._agenda)[2]()
        for number, server in list(self._servers.items()):
            due = server.next_timer()
            if due is not None and due <= self.now:
                server.handle_timer(self.now)
                self._serve(number)
        due = self.session.next_timer()
        if due is not None and due <= self.now:
            self.session.handle_timer(self.now)
            left = self.session.next_timer()
            assert left is None or left > self.now, "a timer that does not move"
        self._drain()

    def _later(self, action: Callable[[], None], delay_s: float = LAG_S) -> None:
        heapq.heappush(self._agenda, (self.now + delay_s, next(self._order), action))

    # The session's side

    def _drain(self) -> None:
        for effect in self.session.effects():
            match effect:
                case OpenConnection(number):
                    self.dials.append(self.now)
                    self._later(partial(self._dial, number))
                case SendFrame(number, frame):
                    assert number not in self._gone, (
                        f"a frame for connection {number}, which is gone"
                    )
                    self._place(number, frame)
                    self._later(partial(self._arrive, number, frame))
                case CloseConnection(number, code, _):
                    self.closes.append((self.now, number, code))
                    self._gone.add(number)
                    self._later(partial(self._closed, number, code))
        for event in self.session.events():
            self.events.append((self.now, event))
            if isinstance(event, ToolCallsRequested):
                for call in event.calls:
                    self._later(partial(self._answer, call.id, call.name), self.tool_s)

    def _answer(self, call_id: str, name: str) -> None:
        response = FunctionResponse(call_id, name, {"output": "found"})
        self.session.send_tool_responses([response], self.now)
        self._drain()

    def _dial(self, number: int) -> None:
        status = self.store.refusals.upgrade(self.now)
        if status is not None:
            self.session.lost(number, Loss(None, "refused", http_status=status), self.now)
        else:
            name = f"c{number}"
            self._samples[number] = 0
            self._servers[number] = LiveServer(
                self._terms, self._mind, self._numbers, self.recording, name, self.store
            )
            self.session.connected(number, self.now)
        self._drain()

    def _mind(self, _: SessionConfig) -> Mind:
        return self._make_mind()

    def _place(self, number: int, frame: bytes) -> None:
        message = json.loads(frame)
        data = message.get("realtimeInput", {}).get("audio", {}).get("data")
        if data is None:
            self.messages.append((self.now, number, message))
            return
        pcm = np.frombuffer(base64.b64decode(data), "<i2")
        packet = int(pcm[0]) + BASE * int(pcm[1])
        at = self._samples[number]
        self._placed.append(Placed(f"c{number}", at, pcm.size, packet * PACKET))
        self._samples[number] = at + pcm.size

    # The service's side

    def _arrive(self, number: int, frame: bytes) -> None:
        if number in self._servers:
            self._servers[number].received(frame, self.now)
            self._serve(number)

    def _closed(self, number: int, code: int) -> None:
        server = self._servers.pop(number, None)
        if server is not None:
            server.closed()
        self._later(partial(self._lost, number, Loss(code, "closed by this side")))

    def _lost(self, number: int, loss: Loss) -> None:
        self._gone.add(number)
        self.session.lost(number, loss, self.now)
        self._drain()

    def _tell(self, number: int, frame: bytes) -> None:
        self.session.receive(number, frame, self.now)
        self._drain()

    def _serve(self, number: int) -> None:
        server = self._servers[number]
        while outputs := server.outputs():
            for output in outputs:
                match output:
                    case Send():
                        self._later(partial(self._tell, number, output.frame))
                    case Close():
                        self._servers.pop(number, None)
                        server.closed()
                        loss = Loss(output.code, output.reason)
                        self._later(partial(self._lost, number, loss))
                    case Drop():
                        self._servers.pop(number, None)
                        server.closed()
                        self._later(partial(self._lost, number, Loss(1006, "")))
                    case Hear():
                        text = self._tones.hear(output.pcm16k, output.grammar)
                        server.heard(output.utterance_id, text, self.now)
                    case Speak():
                        server.spoken(output.speech_id, self._tones.speak(output.text), self.now)

    # What came of it

    def all[E](self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for _, event in self.events if isinstance(event, kind)]

    def when(self, kind: type[SessionEvent]) -> list[float]:
        """When those came, since the start."""
        return [round(at - START, 3) for at, event in self.events if isinstance(event, kind)]

    @property
    def moved(self) -> Moved:
        """The only move there was."""
        [moved] = self.all(Moved)
        return moved

    @property
    def leaving(self) -> Leaving:
        """The only leave there was."""
        [leaving] = self.all(Leaving)
        return leaving

    @property
    def audio_s(self) -> float:
        """How much the model said."""
        return sum(event.pcm24k.size for event in self.all(ModelAudio)) / 24_000

    def account(self, *within: tuple[int, int], session: int = 1) -> Account:
        """What the state of that session has of the caller's words."""
        return account(self.recording.sessions[f"session-{session}"], self._placed, within)

    def sent(self, key: str) -> list[dict[str, Any]]:
        """The messages of one kind that were sent, oldest first."""
        return [message[key] for _, _, message in self.messages if key in message]


def ready(faults: Faults | None = None, **options: Any) -> Pair:
    """A pair whose session is ready, after a second of silence."""
    return Pair(faults, **options).hush(1.0)
