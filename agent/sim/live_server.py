"""One connection to the model's stand-in, without I/O.

It is told what the client sent and drained for what to do: frames to send, a close, an utterance to
recognise, a text to speak. The dialogue is `conversation`'s; here is the protocol: set-up, what may
be sent when, activity detection, and how a connection ends.
Source: docs/protocols/gemini-live.md sections 2 and 6 (E-1 to E-27, E-38).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agent.sim import server_frames as frames
from agent.sim.conversation import Conversation
from agent.sim.faults import Faults
from agent.sim.mind import Mind, Timing
from agent.sim.recording import ReceivedFrame, Recording
from agent.sim.server_io import Close, Send, ServerOutput, Speech
from agent.sim.server_profiles import ServerProfile
from agent.sim.server_session import Session
from agent.sim.session_config import SessionConfig, read_setup, select_profile
from agent.sim.vad import RATE_HZ, Activity, ActivityStarted
from agent.sim.wire import (
    NOT_IMPLEMENTED,
    POLICY,
    AudioBlob,
    ClientFrame,
    Refused,
    decode_object,
    invalid_argument,
    read_audio,
    read_frame,
)

LONGEST_REASON = 123  # bytes; RFC 6455 5.5.1: 125 less the code


class ServerState(Enum):
    """How far a connection is."""

    NEW = "new"
    SETTING_UP = "setting up"
    READY = "ready"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server offers to a connection.

    Attributes:
        profiles: of the surface connected to; `setup.model` chooses one.
        api_version: from the URL.
        timing: how long the model takes.
        faults: what goes wrong.
    """

    profiles: Sequence[ServerProfile]
    api_version: str = "v1beta"
    timing: Timing = field(default_factory=Timing)
    faults: Faults = field(default_factory=Faults)


class LiveServer:
    """The service's side of one connection.

    After every call, drain `outputs`; call `handle_timer` when `next_timer` has come.

    Args:
        terms: what is offered.
        mind: makes who decides what the model says, once it is known what was set up.
        numbers: a source of unique numbers, for ids.
        recording: where to note what comes.
        connection: this connection's name there.
    """

    def __init__(
        self,
        terms: Terms,
        mind: Callable[[SessionConfig], Mind],
        numbers: Iterator[int],
        recording: Recording,
        connection: str,
    ) -> None:
        self.state = ServerState.NEW
        self._terms, self._mind, self._numbers = terms, mind, numbers
        self._recording, self._connection = recording, connection
        self._record = recording.opened(connection)
        self._out: list[ServerOutput] = []
        self._setup_at: float | None = None
        self._n_frames = 0
        self._n_gated = 0
        self._session: Session | None = None

    def outputs(self) -> list[ServerOutput]:
        """What has to be done since the last call, in order."""
        if self._session is not None:
            self._out.extend(self._session.conversation.outputs())
        out, self._out = self._out, []
        return out

    def next_timer(self) -> float | None:
        """When `handle_timer` is due next."""
        if self.state is ServerState.READY and self._session is not None:
            return self._session.conversation.next_timer()
        return self._setup_at

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        session = self._session
        if self._setup_at is not None and self._setup_at <= now and session is not None:
            self._setup_at = None
            self.state = ServerState.READY
            self._send(frames.setup_complete(session.profile, next(self._numbers)))
        if self.state is ServerState.READY and session is not None:
            session.conversation.handle_timer(now)

    def received(self, frame: bytes | str, now: float) -> None:
        """A frame came from the client; text or binary, it is JSON."""
        if self.state is ServerState.CLOSED:
            return
        try:
            blob = read_audio(frame) if self.state is ServerState.READY else None
            if blob is not None:
                self._audio(blob, now)
            else:
                self._message(decode_object(frame), now)
        except Refused as refusal:
            self._close(refusal.code, refusal.reason)

    def heard(self, utterance_id: int, text: str, now: float) -> None:
        """The ear's answer to `Hear`; "" when it made nothing of it."""
        if self.state is ServerState.READY and self._session is not None:
            self._session.conversation.heard(utterance_id, text, now)

    def spoken(self, speech_id: int, speech: Speech, now: float) -> None:
        """The voice's answer to `Speak`."""
        if self.state is ServerState.READY and self._session is not None:
            self._session.conversation.spoken(speech_id, speech, now)

    def closed(self) -> None:
        """The client closed, or the socket is gone."""
        self.state = ServerState.CLOSED
        self._setup_at = None

    # Frames

    def _note(self, kind: str, now: float, n_samples: int = 0) -> None:
        self._record.kinds[kind] += 1
        self._record.n_samples += n_samples
        noted = ReceivedFrame(now, self._connection, self._n_frames, kind, n_samples)
        self._recording.frames.append(noted)
        self._n_frames += 1

    def _message(self, message: dict[str, Any], now: float) -> None:
        """A frame of any kind, in any spelling."""
        if self.state is ServerState.NEW:
            self._set_up(message, now)
            return
        assert self._session is not None
        frame = read_frame(message, self._session.unknown)
        name = next(iter(frame.body), "") if frame.kind == "realtimeInput" else frame.kind
        if name == "audio" and self.state is ServerState.READY:
            self._audio(_blob(frame.body["audio"]), now)
            return
        self._note(name, now)
        if frame.kind == "setup":
            raise invalid_argument()
        if self.state is not ServerState.READY:
            code = self._terms.faults.early_frame_code
            raise Refused(code, "Data was sent before setupComplete.")
        self._check_use()
        match frame.kind:
            case "realtimeInput":
                self._realtime(name, frame.body, now)
            case "clientContent":
                self._session.client_content(frame.body, now)
            case "toolResponse":
                self._tool_response(frame, now)
            case "contextUpdate":
                self._session.context_update(frame.body)

    def _set_up(self, message: dict[str, Any], now: float) -> None:
        if "setup" not in message:
            self._note(next(iter(message), ""), now)
            code = self._terms.faults.early_frame_code
            raise Refused(code, "The first message must be setup.")
        self._note("setup", now)
        profile = select_profile(message["setup"], self._terms.profiles)
        unknown = profile.unknown_fields
        if not profile.vertex and self._terms.api_version != "v1alpha":
            unknown |= {"setup.proactivity"}
        frame = read_frame(message, unknown)
        config = read_setup(frame.body, profile)
        terms = self._terms
        conversation = Conversation(
            config, profile, self._mind(config), self._numbers, terms.timing, terms.faults
        )
        self._record.audio_sent_at = conversation.delivery.audio_sent_at
        self._session = Session(profile, config, unknown, conversation)
        self.state = ServerState.SETTING_UP
        if not terms.faults.setup_never:
            self._setup_at = now + terms.faults.setup_delay_s

    def _check_use(self) -> None:
        """3.8 takes affective dialog at set-up and refuses it when it is first used (2.1.1)."""
        if self._session is not None and self._session.config.refused_on_use:
            raise invalid_argument()

    def _tool_response(self, frame: ClientFrame, now: float) -> None:
        assert self._session is not None
        responses = frame.body.get("functionResponses", [])
        ids = [response.get("id", "") for response in responses]
        self._record.tool_responses.update(ids)
        conversation = self._session.conversation
        self._record.ignored_responses.extend(
            id_ for id_ in ids if id_ and not conversation.delivery.tools.is_open(id_)
        )
        conversation.tool_responses(responses, now)

    # Realtime input

    def _check_gate(self) -> None:
        """2.5 ends the connection for realtime input while a BLOCKING call waits (E-25)."""
        assert self._session is not None
        if not self._session.conversation.delivery.tools.blocked:
            self._n_gated = 0
            return
        tolerated = self._terms.faults.tool_gate_frames
        if tolerated is None:
            tolerated = self._session.profile.tool_gate_frames
        self._n_gated += 1
        if tolerated is not None and 0 <= tolerated <= self._n_gated:
            raise Refused(POLICY, NOT_IMPLEMENTED)

    def _audio(self, blob: AudioBlob, now: float) -> None:
        """The hot path: forty milliseconds of the caller."""
        session = self._session
        assert session is not None
        self._note("audio", now, len(blob.data) // 2)
        if session.config.refused_on_use:
            raise invalid_argument()
        self._check_gate()
        for activity in session.audio(blob):
            self._activity(activity, now)

    def _realtime(self, name: str, body: Mapping[str, Any], now: float) -> None:
        assert self._session is not None
        self._check_gate()
        session = self._session
        match name:
            case "text":
                interrupts = session.profile.text_interrupts
                session.conversation.typed(body["text"], now, interrupts=interrupts)
            case "mediaChunks":
                for chunk in body["mediaChunks"][:1]:
                    for activity in session.audio(_blob(chunk)):
                        self._activity(activity, now)
            case "audioStreamEnd" | "activityStart" | "activityEnd":
                for activity in session.bracket(name):
                    self._activity(activity, now)
            case _:  # video: taken and not looked at
                return

    def _activity(self, activity: Activity, now: float) -> None:
        """Speech began or ended: say so, then let the conversation act on it (E-13)."""
        assert self._session is not None
        session = self._session
        began = isinstance(activity, ActivityStarted)
        self._out.extend(session.conversation.outputs())
        if session.profile.voice_activity:
            kind = "ACTIVITY_START" if began else "ACTIVITY_END"
            self._send(frames.voice_activity(kind, activity.at_sample / RATE_HZ))
        if session.config.explicit_vad_signal:
            self._send(frames.vad_signal("SOS" if began else "EOS"))
        if isinstance(activity, ActivityStarted):
            session.speech_began_at = activity.at_sample
            session.conversation.speech_began(now)
            return
        self._record.utterances.append(activity.pcm16k.size)
        seconds = (activity.at_sample - session.speech_began_at) / RATE_HZ
        session.conversation.speech_ended(activity.pcm16k, seconds, now)

    # Output

    def _send(self, frame: bytes) -> None:
        self._out.append(Send(frame))

    def _close(self, code: int, reason: str) -> None:
        if self._session is not None:
            self._out.extend(self._session.conversation.outputs())
        cut = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        self._out.append(Close(code, cut))
        self._record.closed = (code, cut)
        self.closed()


def _blob(fields: Mapping[str, Any]) -> AudioBlob:
    """A blob of the tolerant reader in the form of the fast one."""
    return AudioBlob(fields.get("data", b""), fields.get("mimeType", ""))
