"""The model's service in virtual time: dials, connections, the network between; without I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from math import inf
from typing import Protocol, assert_never

import msgspec

from agent.call import prompts
from agent.gemini.durations import parse_duration
from agent.gemini.session_events import Loss
from agent.sim.live_server import LiveServer, ServerState, Terms
from agent.sim.mind import Timing
from agent.sim.recording import Recording
from agent.sim.server_io import Close, Drop, Hear, Send, ServerOutput, Speak
from agent.sim.server_profiles import PROFILES
from agent.sim.session_config import SessionConfig
from agent.sim.sessions import SessionStore
from agent.sim.simulation.agenda import Agenda
from agent.sim.simulation.intake import AUDIO, SETUP, Intake, Link
from agent.sim.simulation.mind import Senses, SimMind
from agent.sim.simulation.record import Record, Seen, Voiced
from agent.sim.simulation.script import SlowClose, SlowDial
from agent.sim.simulation.troubles import faults_of

CHUNK_MS = (400, 360, 440)
"""Audio parts twice as long as most models': a call costs less."""
CLOSE_WAIT_S = 0.29
"""A former connection that takes longer to close is waited for no longer."""

_READY = b'{"setupComplete"'
_HANDLE = b'"newHandle":"'
_INDEX = b'"lastConsumedClientMessageIndex":"'
_UPDATE = b'{"sessionResumptionUpdate"'
_LATE = prompts.LATE_RESULT.partition("{name}")[2].partition("{")[0].encode()
_SILENT = prompts.IDLE.partition("{")[0].partition(".")[0].encode()
_SHORT = 400
"""A frame without audio."""
_DATA = b'"data":"'
_AWAY = b'{"goAway"'


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


class ModelSide:
    """Every connection of one call to the stand-in.

    Args:
        trace: is told what happens, for people.

    Attributes:
        next_at: when a server has something to do.
    """

    def __init__(
        self, record: Record, agenda: Agenda, client: Client, trace: Callable[[str], None]
    ) -> None:
        script = record.script
        profile = replace(PROFILES[script.profile], chunk_ms=CHUNK_MS)
        faults = faults_of(script.troubles, profile)
        self._script, self._record, self._agenda = script, record, agenda
        self._client, self._trace = client, trace
        self._terms = Terms((profile,), "v1beta", Timing(), faults)
        self._recording = Recording(most_frames=0)
        self._store = SessionStore(faults)
        self._senses = Senses(record.said, record.voiced, lambda: agenda.now)
        self._numbers = count(1)
        self._links: dict[int, Link] = {}
        self._live: list[Link] = []
        self._intake = Intake(record, agenda, self._recording)
        self.next_at = inf
        troubles = script.troubles
        self._dials = {t.connection: t.seconds for t in troubles if isinstance(t, SlowDial)}
        self._close_s = sum(t.seconds for t in troubles if isinstance(t, SlowClose))

    # What our side asks for

    def open(self, number: int) -> None:
        """Dial."""
        now = self._agenda.now
        self._record.connections[number] = seen = Seen(number, now)
        self._links[number] = link = Link(seen)
        seconds = self._dials.get(number, self._script.dial_s)
        if seconds is not None:
            self._agenda.at(now + seconds, partial(self._dialled, link))

    def send(self, number: int, frame: bytes) -> None:
        """Send a frame."""
        link, now = self._links.get(number), self._agenda.now
        if link is None or link.over or link.seen.left_at is not None or link.server is None:
            self._record.stray += 1
            self._trace(f"to model {number}: a frame on no open connection")
            return
        if frame.startswith(SETUP):
            self._note_setup(link.seen, b'"handle":"' in frame, now)
        elif not frame.startswith(AUDIO):
            if _LATE in frame:
                self._record.late_results.append(now)
            elif _SILENT in frame:
                self._record.prompts.append(now)
            self._trace(f"to model {number}: {frame[:160].decode()}")
        due = now + self._script.latency_s
        if link.due == due:
            link.under_way.append(frame)
            return
        link.due, link.under_way = due, [frame]
        self._agenda.at(due, partial(self._arrived, link, link.under_way))

    def close(self, number: int, code: int, reason: str) -> None:
        """Close a connection, or give up dialling it."""
        link, now = self._links.get(number), self._agenda.now
        if link is None or link.over or link.seen.left_at is not None:
            return
        link.seen.left_at = now
        self._trace(f"to model {number}: close {code} {reason}")
        loss = Loss(code, "closed by this side")
        if link.server is None:
            self._agenda.at(now, partial(self._lose, link, loss))
            return
        away_s = self._script.latency_s + self._close_s
        self._agenda.at(now + away_s, partial(self._closed, link))
        self._agenda.at(now + away_s + self._script.latency_s, partial(self._lose, link, loss))

    # Time

    def handle_timer(self) -> None:
        """Let the servers do what is due."""
        now = self._agenda.now
        for link in self._live.copy():
            if link.server is not None and link.timer <= now:
                link.server.handle_timer(now)
                self._drain(link, link.server)

    # What happens

    def _note_setup(self, seen: Seen, resumes: bool, now: float) -> None:
        others = (link.seen for link in self._links.values() if link.seen is not seen)
        seen.early = any(
            other.setup_at is not None
            and other.lost_at is None
            and (other.left_at is None or now - other.left_at < CLOSE_WAIT_S)
            for other in others
        )
        seen.setups += 1
        seen.setup_at, seen.resumes = now, resumes
        self._trace(f"to model {seen.number}: setup{' with a handle' if resumes else ''}")

    def _dialled(self, link: Link) -> None:
        now = self._agenda.now
        if link.over or link.seen.left_at is not None:
            return
        status = self._store.refusals.upgrade(now)
        if status is not None:
            loss = Loss(None, f"the upgrade was answered with {status}", http_status=status)
            self._lose(link, loss)
            return
        link.server = LiveServer(
            self._terms,
            self._mind,
            self._numbers,
            self._recording,
            str(link.seen.number),
            self._store,
        )
        self._live.append(link)
        link.seen.connected_at = now
        self._trace(f"model {link.seen.number}: connected")
        self._client.connected(link.seen.number)

    def _mind(self, _: SessionConfig) -> SimMind:
        return SimMind(self._script)

    def _arrived(self, link: Link, frames: list[bytes]) -> None:
        server = link.server
        if server is not None:
            for frame in frames:
                self._intake.take(link, server, frame)
            self._drain(link, server)

    def _drain(self, link: Link, server: LiveServer) -> None:
        while outputs := server.outputs():
            for output in outputs:
                self._perform(link, server, output)
        timer = server.next_timer()
        link.timer = inf if timer is None else timer
        if server.state is ServerState.CLOSED and link in self._live:
            self._live.remove(link)
        self.next_at = min([one.timer for one in self._live], default=inf)

    def _perform(self, link: Link, server: LiveServer, output: ServerOutput) -> None:
        now = self._agenda.now
        there = now + self._script.latency_s
        match output:
            case Send():
                self._agenda.at(there, partial(self._deliver, link, output.frame, link.voiced))
            case Close(code, reason):
                link.seen.ended_by_service = link.seen.left_at is None
                self._trace(f"model {link.seen.number}: the service closes, {code} {reason}")
                self._agenda.at(there, partial(self._lose, link, Loss(code, reason)))
            case Drop():
                link.seen.ended_by_service = link.seen.left_at is None
                self._trace(f"model {link.seen.number}: the socket is gone")
                self._agenda.at(there, partial(self._lose, link, Loss(None, "the socket is gone")))
            case Hear(utterance_id, pcm16k, _):
                text = self._senses.hear(pcm16k)
                self._trace(f"model {link.seen.number}: hears {text}")
                server.heard(utterance_id, text, now)
            case Speak(speech_id, text):
                speech = self._senses.speak(text)
                link.voiced = self._record.voiced[-1]
                self._trace(f"model {link.seen.number}: says {text.split()[0]}")
                server.spoken(speech_id, speech, now)
            case _:
                assert_never(output)

    def _deliver(self, link: Link, frame: bytes, voiced: Voiced | None) -> None:
        if link.over:
            return
        seen, now = link.seen, self._agenda.now
        if voiced is not None and seen.left_at is None:
            n = _audio_ms(frame)
            if n and not voiced.received:
                voiced.came_at = now
            voiced.received += n
        if frame.startswith(_READY):
            seen.ready_at = now
            self._trace(f"model {seen.number}: ready")
        elif frame.startswith(_UPDATE):
            seen.handles += _HANDLE in frame
            index = frame.partition(_INDEX)[2].partition(b'"')[0].decode()
            told = "a handle" if _HANDLE in frame else "no handle"
            self._trace(f"model {seen.number}: {told} {index and f'up to message {index}'}")
        elif frame.startswith(_AWAY):
            self._note_away(seen, frame, now)
        elif len(frame) < _SHORT:
            self._trace(f"model {seen.number}: {frame.decode(errors='replace')}")
        self._client.received(seen.number, frame)

    def _note_away(self, seen: Seen, frame: bytes, now: float) -> None:
        left = msgspec.json.decode(frame)["goAway"].get("timeLeft")
        left_s = parse_duration(left) if isinstance(left, str) else None
        self._trace(f"model {seen.number}: goAway {left}")
        if left_s is not None and seen.away_at is None:
            seen.away_at, seen.away_s = now, left_s

    def _closed(self, link: Link) -> None:
        if link.server is not None:
            link.server.closed()
            self._drain(link, link.server)

    def _lose(self, link: Link, loss: Loss) -> None:
        if link.over:
            return
        link.over = True
        link.seen.lost_at = self._agenda.now
        self._trace(f"model {link.seen.number}: lost, {loss.code} {loss.reason}")
        self._client.lost(link.seen.number, loss)


def _audio_ms(frame: bytes) -> int:
    """How much audio a frame of the service holds: base64 of two bytes a sample at 24 kHz."""
    start = frame.find(_DATA) + len(_DATA)
    if start < len(_DATA):
        return 0
    return (frame.find(b'"', start) - start) * 3 // 4 // 48
