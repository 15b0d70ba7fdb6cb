"""One connection to the model's stand-in, without I/O.

It is told what the client sent and drained for what to do: frames to send, a close, an utterance to
recognise, a text to speak. The dialogue is `conversation`'s, the input `server_session`'s; here is
the protocol: set-up, what may be sent when, resumption, and how a connection ends.
Source: docs/protocols/gemini-live.md sections 2 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, assert_never

from agent.sim import server_frames as frames
from agent.sim.admission import Admission, Running, Terms
from agent.sim.mind import Mind
from agent.sim.mishaps import Cut, GoAway, Mishap, Moment, PhantomInterrupt, Shut, Stall
from agent.sim.recording import ReceivedFrame, Recording
from agent.sim.server_io import Close, Drop, Send, ServerOutput, Speech
from agent.sim.server_session import Session
from agent.sim.session_config import SessionConfig
from agent.sim.sessions import SessionStore
from agent.sim.silence import Silence
from agent.sim.talk_state import Noted
from agent.sim.times import earlier
from agent.sim.wire import (
    INVALID_ARGUMENT,
    AudioBlob,
    ClientFrame,
    Refused,
    decode_object,
    invalid_argument,
    read_audio,
    read_frame,
)

__all__ = ["LiveServer", "ServerState", "Terms"]

LONGEST_REASON = 123  # bytes; RFC 6455 5.5.1: 125 less the code


class ServerState(Enum):
    """How far a connection is."""

    NEW = "new"
    SETTING_UP = "setting up"
    READY = "ready"
    CLOSED = "closed"


class LiveServer:
    """The service's side of one connection.

    After every call, drain `outputs`; call `handle_timer` when `next_timer` has come.

    Args:
        terms: what is offered.
        mind: makes who decides what the model says, once it is known what was set up.
        numbers: a source of unique numbers, for ids and handles.
        recording: where to note what comes.
        connection: this connection's name there.
        store: the sessions it may resume, shared by all connections; None for one of its own.
    """

    def __init__(
        self,
        terms: Terms,
        mind: Callable[[SessionConfig], Mind],
        numbers: Iterator[int],
        recording: Recording,
        connection: str,
        store: SessionStore | None = None,
    ) -> None:
        self.state = ServerState.NEW
        self._terms, self._numbers = terms, numbers
        self._recording, self._connection = recording, connection
        self._record = recording.opened(connection)
        self._out: list[ServerOutput] = []
        self._passed: list[ServerOutput] = []
        self._setup_at: float | None = None
        self._silence = Silence()
        self._n_frames = 0
        self._now = 0.0
        self._running: Running | None = None
        self._admission = Admission(
            terms, mind, numbers, store or SessionStore(terms.faults), connection, self._record
        )

    def outputs(self) -> list[ServerOutput]:
        """What has to be done since the last call, in order."""
        if self._running is not None and self.state is not ServerState.CLOSED:
            self._out.extend(self._running.session.conversation.outputs())
        if not self._out and not self._passed and self._silence.holds_nothing:
            return []
        out, self._out = self._silence.kept(self._out), []
        passed, self._passed = self._passed, []
        return passed + out

    def next_timer(self) -> float | None:
        """When `handle_timer` is due next."""
        running = self._running
        if self.state is ServerState.CLOSED or running is None:
            return None
        at = earlier(earlier(self._setup_at, self._silence.until), running.fate.next_at())
        if self.state is ServerState.READY:
            at = earlier(at, running.session.conversation.next_timer())
        return at

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self._now = now
        self._silence.end(now)
        running = self._running
        if running is None:
            return
        if self._setup_at is not None and self._setup_at <= now:
            self._setup_at = None
            self._ready(running, now)
        if self.state is ServerState.READY:
            running.session.conversation.handle_timer(now)
            self._settle(running, now)
        self._befall(running, now)

    def received(self, frame: bytes | str, now: float) -> None:
        """A frame came from the client; text or binary, it is JSON."""
        if self.state is ServerState.CLOSED:
            return
        blob = read_audio(frame) if self.state is ServerState.READY else None
        if blob is not None:
            self.received_audio(blob, now)
            return
        self._now = now
        try:
            self._message(decode_object(frame), now)
        except Refused as refusal:
            self._close(refusal.code, refusal.reason)
        self._follow(now)

    def received_audio(self, blob: AudioBlob, now: float) -> None:
        """A frame of audio came, as `read_audio` reads it; only while the state is READY."""
        assert self._running is not None
        session = self._running.session
        self._now = now
        try:
            self._note("audio", now, len(blob.data) // 2)
            _check_use(session)
            session.audio(blob, now)
        except Refused as refusal:
            self._close(refusal.code, refusal.reason)
        self._follow(now)

    @property
    def moment(self) -> Moment | None:
        """What is going on; None: nothing, or it is not set up."""
        if self._running is None or self.state is not ServerState.READY:
            return None
        return self._running.session.conversation.moment

    def befall(self, mishap: Mishap, now: float) -> None:
        """Let this happen now, though nothing planned it; before it is set up nothing does."""
        if self._running is not None and self.state is ServerState.READY:
            self._now = now
            self._suffer(mishap, self._running, now)

    def heard(self, utterance_id: int, text: str, now: float) -> None:
        """The ear's answer to `Hear`; "" when it made nothing of it."""
        if self.state is ServerState.READY and self._running is not None:
            self._running.session.conversation.heard(utterance_id, text, now)
            self._settle(self._running, now)

    def spoken(self, speech_id: int, speech: Speech, now: float) -> None:
        """The voice's answer to `Speak`."""
        if self.state is ServerState.READY and self._running is not None:
            self._running.session.conversation.spoken(speech_id, speech, now)
            self._follow(now)

    def closed(self) -> None:
        """The client closed, or the socket is gone."""
        if self.state is not ServerState.CLOSED and self._running is not None:
            self._admission.left(self._running, self._now)
        self.state = ServerState.CLOSED
        self._setup_at = None

    # Frames

    def _note(self, kind: str, now: float, n_samples: int = 0) -> None:
        self._record.kinds[kind] += 1
        self._record.n_samples += n_samples
        if self._recording.keeps_frames:
            noted = ReceivedFrame(now, self._connection, self._n_frames, kind, n_samples)
            self._recording.frames.append(noted)
        self._n_frames += 1

    def _message(self, message: dict[str, Any], now: float) -> None:
        """A frame of any kind, in any spelling."""
        if self.state is ServerState.NEW:
            self._set_up(message, now)
            return
        assert self._running is not None
        session = self._running.session
        frame = read_frame(message, session.unknown)
        name = next(iter(frame.body), "") if frame.kind == "realtimeInput" else frame.kind
        n_samples = len(frame.body["audio"].get("data", b"")) // 2 if name == "audio" else 0
        self._note(name, now, n_samples)
        if frame.kind == "setup":
            raise invalid_argument()
        if self.state is not ServerState.READY:
            code = self._terms.faults.early_frame_code
            raise Refused(code, "Data was sent before setupComplete.")
        _check_use(session)
        match frame.kind:
            case "realtimeInput":
                session.realtime(name, frame.body, now)
            case "clientContent":
                session.client_content(frame.body, now)
            case "toolResponse":
                self._tool_response(session, frame, now)
            case "contextUpdate":
                session.context_update(frame.body)

    def _tool_response(self, session: Session, frame: ClientFrame, now: float) -> None:
        responses = frame.body.get("functionResponses", [])
        ids = [response.get("id", "") for response in responses]
        self._record.tool_responses.update(ids)
        tools = session.conversation.delivery.tools
        session.included.tool_results.extend(id_ for id_ in ids if tools.is_open(id_))
        ignored = (id_ for id_ in ids if id_ and not tools.is_open(id_))
        self._record.ignored_responses.extend(ignored)
        session.conversation.tool_responses(responses, now)

    # Set-up

    def _set_up(self, message: dict[str, Any], now: float) -> None:
        if "setup" not in message:
            self._note(next(iter(message), ""), now)
            code = self._terms.faults.early_frame_code
            raise Refused(code, "The first message must be setup.")
        self._note("setup", now)
        self._running = running = self._admission.admit(message, now)
        running.session.tape = self._record.tape
        self._record.audio_sent_at = running.session.conversation.delivery.audio_sent_at
        self._recording.sessions[running.logical.name] = running.session.included
        self.state = ServerState.SETTING_UP
        self._setup_at = running.ready_at

    def _ready(self, running: Running, now: float) -> None:
        self.state = ServerState.READY
        talk, profile = running.session.conversation, running.session.profile
        self._out.append(Send(frames.setup_complete(profile, next(self._numbers))))
        running.updates.ready(talk, now)
        if running.snapshot is not None:
            replays = self._terms.faults.resumption.replays_transcript
            talk.resume(now, replay_transcript=replays)

    # What follows from everything

    def _follow(self, now: float) -> None:
        if self._running is not None:
            self._settle(self._running, now)
            self._befall(self._running, now)

    def _settle(self, running: Running, now: float) -> None:
        """Handles, and what was planned for this moment."""
        if self.state is not ServerState.READY:
            return
        talk = running.session.conversation
        noted = talk.noted()
        running.updates.settle(talk, noted, self._n_frames - 1, now)
        if running.fate.watching:
            turn, audio_s = talk.delivery.turn
            running.fate.watch(turn, talk.moment, audio_s, now)
        if Noted.TURN_OVER in noted and running.session.exhausted:
            self._close(self._terms.faults.session_limit_code, INVALID_ARGUMENT)

    def _befall(self, running: Running, now: float) -> None:
        """Let happen what is due."""
        while self.state is not ServerState.CLOSED:
            mishap = running.fate.due(now)
            if mishap is None:
                return
            self._suffer(mishap, running, now)

    def _suffer(self, mishap: Mishap, running: Running, now: float) -> None:
        talk = running.session.conversation
        match mishap:
            case GoAway():
                talk.send(frames.go_away(mishap.time_left))
                self._admission.leaving(running)
            case Shut():
                self._close(mishap.code, mishap.reason)
            case Cut():
                self._out.extend(talk.outputs())
                self._out.append(Drop())
                self.closed()
            case PhantomInterrupt():
                talk.phantom_interrupt(now)
                self._settle(running, now)
            case Stall():
                self._passed = self.outputs()
                self._silence.begin(mishap.seconds, now)
            case _:
                assert_never(mishap)

    def _close(self, code: int, reason: str) -> None:
        if self._running is not None:
            self._out.extend(self._running.session.conversation.outputs())
        cut = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        self._out.append(Close(code, cut))
        self._record.closed = (code, cut)
        self.closed()


def _check_use(session: Session) -> None:
    """3.8 takes affective dialog at set-up and refuses it when it is first used (2.1.1)."""
    if session.config.refused_on_use:
        raise invalid_argument()
