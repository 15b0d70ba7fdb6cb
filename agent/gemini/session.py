"""One session with a Gemini Live model, told of facts and the time, without I/O.

    NEW --start--> DIALLING --connected--> SETTING_UP --setupComplete--> READY
    any of them --close, lost, a time limit, too much garbage--> CLOSED

The owner hands in what happened (`connected`, `receive`, `lost`, `handle_timer`) and what it wants
sent, then drains `effects` for its shell and `events` for itself, and calls `handle_timer` when
`next_timer` has come. What is to be sent before the service is ready waits in a backlog.

A session is meant to outlive its connections; in this version it has one, and its loss ends the
session with `SessionFailed`, whose kind (`agent.gemini.closes`) says what could be done next.
Source: docs/protocols/gemini-live.md 3, C-1 to C-4, C-9 to C-14, C-19.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.audio.pcm import Pcm16, to_bytes
from agent.errors import AgentError, DialError, LocalProtocolError, PeerProtocolError
from agent.gemini.client_messages import (
    ClientContent,
    ClientContentMessage,
    RealtimeInput,
    RealtimeInputMessage,
    SetupMessage,
    ToolResponse,
    ToolResponseMessage,
)
from agent.gemini.closes import (
    ConnectionLostError,
    LossKind,
    Phase,
    classify,
    clean_reason,
    describe,
)
from agent.gemini.codec import decode_server, encode_client, unknown_keys
from agent.gemini.content import UPLINK_MIME, UPLINK_RATE_HZ, Blob, Content
from agent.gemini.inbound import Inbound
from agent.gemini.models import Profile
from agent.gemini.outbound import Outbound
from agent.gemini.server_messages import ServerMessage
from agent.gemini.session_events import (
    CloseConnection,
    Loss,
    OpenConnection,
    Ready,
    SendFrame,
    SessionEffect,
    SessionEvent,
    SessionFailed,
)
from agent.gemini.session_state import (
    DEFAULT_LIMITS,
    TRANSITIONS,
    Fact,
    SessionLimits,
    SessionState,
)
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionResponse
from agent.gemini.turn_rules import refuse_turns

__all__ = ["LiveSession", "Loss", "SessionLimits", "SessionState"]

NORMAL = 1000
PROTOCOL_ERROR = 1002


_PHASES: dict[SessionState, Phase] = {
    SessionState.DIALLING: "dial",
    SessionState.SETTING_UP: "setup",
    SessionState.READY: "live",
}
_NOTHING = ServerMessage()


class LiveSession:
    """A conversation with the model.

    Attributes:
        profile: what the model allows, and how it wants to be spoken to.
        counters: what was dropped, ignored or tolerated, by name.
    """

    def __init__(
        self, setup: Setup, profile: Profile, *, limits: SessionLimits = DEFAULT_LIMITS
    ) -> None:
        self.profile = profile
        self.counters: Counter[str] = Counter()
        self._setup = setup
        self._limits = limits
        self._state = SessionState.NEW
        self._deadline: float | None = None
        self._malformed = 0
        self._announced = ""  # an error the service named before closing
        self._effects: list[SessionEffect] = []
        self._events: list[SessionEvent] = []
        self._inbound = Inbound(setup, profile, self.counters)
        self._outbound = Outbound(
            self._effects, round(limits.audio_buffer_s * UPLINK_RATE_HZ), self.counters
        )

    @property
    def state(self) -> SessionState:
        """Where the connection stands."""
        return self._state

    @property
    def handle(self) -> str | None:
        """What the session can be resumed with, if anything; a secret."""
        return self._inbound.handle

    # What happened

    def start(self, now: float) -> None:
        """Ask for a connection.

        Raises:
            LocalProtocolError: the session was started before.
        """
        self._move(Fact.STARTED)
        self._deadline = now + self._limits.dial_timeout_s
        self._effects.append(OpenConnection())

    def connected(self, now: float) -> None:
        """The connection asked for is open. One that comes too late is closed again."""
        if self._state is SessionState.CLOSED:
            self._effects.append(CloseConnection(NORMAL, ""))
            return
        self._move(Fact.CONNECTED)
        self._deadline = now + self._limits.setup_timeout_s
        self._effects.append(SendFrame(encode_client(SetupMessage(self._setup))))

    def receive(self, frame: bytes | str, now: float) -> None:
        """Take in one frame; never raises, whatever the service sends."""
        if self._state not in {SessionState.SETTING_UP, SessionState.READY}:
            self.counters["received_out_of_place"] += 1
            return
        try:
            message = decode_server(frame)
        except PeerProtocolError as error:
            self._malformed_frame(error)
            return
        self._malformed = 0
        if message.error is not None:
            self._announced = f"{message.error.status} {message.error.message}"
        if self._state is SessionState.SETTING_UP:
            if message.setup_complete is None:
                self.counters["received_before_setup"] += 1
                return
            self._move(Fact.SET_UP)
            self._deadline = None
            self._events.append(Ready(message.setup_complete.session_id))
            self._outbound.open()
        elif message == _NOTHING:
            self.counters["unknown_keys"] += len(unknown_keys(frame))
        self._events += self._inbound.read(message)
        if message.tool_call is not None or message.tool_call_cancellation is not None:
            self._keep_gate(message, now)

    def lost(self, loss: Loss, now: float) -> None:
        """The connection is gone, or could not be made.

        Raises:
            LocalProtocolError: none was asked for.
        """
        if self._state is SessionState.CLOSED:
            return
        if self._state is SessionState.NEW:
            raise LocalProtocolError("a session that was never started lost its connection")
        phase = self._phase()
        reason = loss.reason or self._announced
        kind = classify(phase, loss.code, reason, loss.http_status)
        reason = clean_reason(reason, (self.handle, self._resumed_from()))
        text = describe(phase, loss.code, reason, kind)
        error: AgentError
        if phase == "live":
            error = ConnectionLostError(text, kind)
        else:
            retryable = loss.retryable and kind.retryable
            error = DialError(text, status=loss.http_status, retryable=retryable)
        self._fail(error, loss.code, reason)

    def handle_timer(self, now: float) -> None:
        """Act on whatever is due; afterwards `next_timer` lies later than `now`, or is None."""
        self._outbound.handle_timer(now)
        if self._deadline is None or now < self._deadline:
            return
        dialling = self._state is SessionState.DIALLING
        limit = self._limits.dial_timeout_s if dialling else self._limits.setup_timeout_s
        reason = f"{'no connection' if dialling else 'no setupComplete'} within {limit:g} s"
        text = describe(self._phase(), None, reason, LossKind.SILENT)
        self._effects.append(CloseConnection(NORMAL, ""))
        self._fail(DialError(text), None, reason)

    def next_timer(self) -> float | None:
        """When `handle_timer` is to be called next, in the time of `now`."""
        # Never both: a deadline ends with setupComplete, and no gate comes before it.
        return self._outbound.gated_until if self._deadline is None else self._deadline

    def close(self, now: float) -> None:
        """End the session from our side; afterwards nothing is sent or reported."""
        if self._state is SessionState.CLOSED:
            return
        if self._state is not SessionState.NEW:
            self._effects.append(CloseConnection(NORMAL, ""))
        self._end()

    # What is to be sent

    def send_audio(self, pcm16k: Pcm16, now: float) -> None:
        """Send caller audio.

        Args:
            pcm16k: int16, shape (n,), mono at 16 kHz; 20 to 100 ms is usual; n may be 0.
        """
        if len(pcm16k):
            self._outbound.handle_timer(now)
            blob = Blob(UPLINK_MIME, to_bytes(pcm16k))
            frame = encode_client(RealtimeInputMessage(RealtimeInput(audio=blob)))
            self._outbound.audio(frame, len(pcm16k))

    def end_audio(self, now: float) -> None:
        """No audio follows for a while: what the service holds back is taken as spoken.

        With manual detection there is nothing to flush, and nothing is sent (2.3).
        """
        if not self._manual_vad():
            self._send_live(RealtimeInput(audio_stream_end=True), now)

    def send_activity(self, started: bool, now: float) -> None:
        """Tell that the caller begins or stops to speak; repeats are left out (B30).

        Raises:
            LocalProtocolError: the service detects speech itself and would close (2.3).
        """
        if not self._manual_vad():
            raise LocalProtocolError("activity is told only where automatic detection is disabled")
        self._outbound.handle_timer(now)
        self._outbound.activity(started)

    def send_text(self, text: str, now: float) -> None:
        """Send text as live input: where `profile.kick_off` says so, it makes the model speak."""
        self._inbound.content.new_turn()
        self._send_live(RealtimeInput(text=text), now)

    def send_content(self, turns: Sequence[Content], now: float, *, turn_complete: bool) -> None:
        """Add turns to the history.

        Args:
            turn_complete: start generating, interrupting what is being said; else wait.
        Raises:
            LocalProtocolError: the model would refuse these turns.
        """
        refuse_turns(turns, self.profile)
        content = ClientContent(tuple(turns), turn_complete)
        if turn_complete:
            self._inbound.content.new_turn()
        self._outbound.other(encode_client(ClientContentMessage(content)))

    def send_tool_responses(self, responses: Sequence[FunctionResponse], now: float) -> None:
        """Answer tool calls; answers to calls that are cancelled or unknown are dropped (C-14).

        What the model does not take with an answer, scheduling for one, is left out (C-13).

        Raises:
            LocalProtocolError: an answer cannot be written as JSON.
        """
        answers = self._inbound.calls.answered(responses)
        if answers:
            self._inbound.content.new_turn()
            self._outbound.other(encode_client(ToolResponseMessage(ToolResponse(answers))))
        if not self._inbound.calls.blocking:
            self._outbound.ungate()

    # What came of it

    def effects(self) -> list[SessionEffect]:
        """What the shell must do, in order; empties the list."""
        drained = self._effects.copy()
        self._effects.clear()
        return drained

    def events(self) -> list[SessionEvent]:
        """What the owner should know, in order; empties the list."""
        drained, self._events = self._events, []
        return drained

    def _send_live(self, value: RealtimeInput, now: float) -> None:
        self._outbound.handle_timer(now)
        self._outbound.live(encode_client(RealtimeInputMessage(value)))

    def _keep_gate(self, message: ServerMessage, now: float) -> None:
        if not self._inbound.calls.blocking:
            self._outbound.ungate()
        elif message.tool_call is not None and self.profile.gate_audio_during_tools:
            self._outbound.gate(now + self._limits.gate_s)

    def _malformed_frame(self, error: PeerProtocolError) -> None:
        self.counters["malformed"] += 1
        self._malformed += 1
        if self._malformed >= self._limits.malformed_in_a_row:
            self._effects.append(CloseConnection(PROTOCOL_ERROR, "unreadable frames"))
            self._fail(error, None, str(error))

    def _manual_vad(self) -> bool:
        config = self._setup.realtime_input_config
        detection = config.automatic_activity_detection if config else None
        return bool(detection and detection.disabled)

    def _resumed_from(self) -> str | None:
        resumption = self._setup.session_resumption
        return resumption.handle if resumption else None

    def _phase(self) -> Phase:
        phase = _PHASES[self._state]
        return "resume" if phase == "setup" and self._resumed_from() else phase

    def _fail(self, error: AgentError, code: int | None, reason: str) -> None:
        self._events.append(SessionFailed(error, self._phase(), code, reason))
        self._end()

    def _end(self) -> None:
        self._move(Fact.ENDED)
        self._deadline = None
        self._outbound.shut()

    def _move(self, fact: Fact) -> None:
        state = TRANSITIONS.get((self._state, fact))
        if state is None:
            raise LocalProtocolError(f"a session in state {self._state.name} was {fact.name}")
        self._state = state
