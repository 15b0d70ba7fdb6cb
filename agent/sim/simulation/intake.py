"""What arrives at the model's service in virtual time, and what it is; without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from agent.audio.pcm import from_bytes
from agent.sim.included import Placed
from agent.sim.live_server import LiveServer, ServerState
from agent.sim.recording import Recording
from agent.sim.simulation import numbered
from agent.sim.simulation.agenda import Agenda
from agent.sim.simulation.record import Record, Seen, Voiced
from agent.sim.wire import AudioBlob, read_audio

PER_MS = 16
SETUP = b'{"setup":'
AUDIO = b'{"realtimeInput":{"audio":'


@dataclass(slots=True)
class Link:
    """One connection, as the network has it.

    Attributes:
        server: None until it is open.
        n_samples: of audio that arrived on it.
        timer: when the server has something to do.
        due, under_way: frames that arrive then.
        voiced: what the server says at the moment.
        over: nothing comes to our side any more.
    """

    seen: Seen
    server: LiveServer | None = None
    n_samples: int = 0
    timer: float = inf
    due: float = -inf
    under_way: list[bytes] = field(default_factory=list)
    voiced: Voiced | None = None
    over: bool = False


class Intake:
    """Hands every frame to its server, and notes what it was."""

    def __init__(self, record: Record, agenda: Agenda, recording: Recording) -> None:
        self._record, self._agenda, self._recording = record, agenda, recording
        self._silent, self._silence = b"", AudioBlob(b"")

    def take(self, link: Link, server: LiveServer, frame: bytes) -> None:
        """A frame of ours arrives."""
        now = self._agenda.now
        if server.state is ServerState.CLOSED:
            return
        ready = server.state is ServerState.READY
        if ready and frame.startswith(AUDIO):
            self._hear(link, server, frame)
        elif frame.startswith(SETUP):
            known = {id(included) for included in self._recording.sessions.values()}
            server.received(frame, now)
            sessions = self._recording.sessions.values()
            link.seen.states = next((i for i in sessions if id(i) not in known), None)
        else:
            server.received(frame, now)
            if ready:
                self._note_results(frame)

    def _hear(self, link: Link, server: LiveServer, frame: bytes) -> None:
        """Take audio; silence, which is most of it, is read but once."""
        now = self._agenda.now
        if frame == self._silent:
            server.received_audio(self._silence, now)
            link.n_samples += len(self._silence.data) // 2
            return
        blob = read_audio(frame)
        assert blob is not None
        server.received_audio(blob, now)
        if self._place(link, blob):
            self._silent, self._silence = frame, blob

    def _place(self, link: Link, blob: AudioBlob) -> bool:
        """Note which of the caller's samples these are; whether they are silence."""
        pcm = from_bytes(blob.data)
        quiet = True
        for run in numbered.runs(pcm, PER_MS):
            quiet = False
            at = link.n_samples + run.at_ms * PER_MS
            name = str(link.seen.number)
            self._record.placed.append(Placed(name, at, run.n * PER_MS, run.first * PER_MS))
        link.n_samples += pcm.size
        return quiet

    def _note_results(self, frame: bytes) -> None:
        for request, (word, _) in self._record.tools.results.items():
            if word.encode() in frame:
                self._record.tools.told.add(request)
