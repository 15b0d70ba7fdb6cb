"""A session with a Gemini Live model that outlives its connections, without I/O.

The owner hands in what happened (`connected`, `receive`, `lost`, `handle_timer`) and what it wants
sent, then drains `effects` for its shell and `events` for itself, and calls `handle_timer` when
`next_timer` has come. Connections come and go underneath: `carriage` gets the session from one to
the next, `talk` reads, sends, and keeps what a next connection would need. docs/sessions.md draws
the states and says what happens in a move.
Source: docs/protocols/gemini-live.md 3, C-1 to C-35.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf

from agent.audio.pcm import Pcm16, to_bytes
from agent.errors import LocalProtocolError
from agent.gemini.berths import NORMAL
from agent.gemini.carriage import Carriage
from agent.gemini.client_messages import RealtimeInput
from agent.gemini.closes import LossKind
from agent.gemini.content import UPLINK_RATE_HZ, Blob, Content
from agent.gemini.figures import SessionFigures
from agent.gemini.ledger import Kind
from agent.gemini.models import Profile
from agent.gemini.reception import Reception
from agent.gemini.sending import Sending
from agent.gemini.session_events import Loss, SessionEffect, SessionEvent, Why
from agent.gemini.session_state import (
    DEFAULT_LIMITS,
    DEFAULT_MOVES,
    MovePolicy,
    Random,
    SessionLimits,
    SessionState,
)
from agent.gemini.setup_messages import Setup
from agent.gemini.talk import Talk
from agent.gemini.tools import FunctionDeclaration, FunctionResponse

__all__ = ["LiveSession", "Loss", "MovePolicy", "SessionLimits", "SessionState"]

_CONNECTED = frozenset({SessionState.READY, SessionState.PREPARING})


class LiveSession:
    """A conversation with the model.

    Args:
        setup: of every connection; a handle in it is resumed with.
        moves: how, and whether, the session gets from one connection to the next.
        random: numbers from 0 to 1 for jitter.

    Attributes:
        profile: what the model allows, and how it wants to be spoken to.
        counters: what was dropped, ignored or tolerated, by name.
    """

    def __init__(
        self,
        setup: Setup,
        profile: Profile,
        *,
        limits: SessionLimits = DEFAULT_LIMITS,
        moves: MovePolicy = DEFAULT_MOVES,
        random: Random = lambda: 0.5,
    ) -> None:
        self.profile = profile
        self.counters: Counter[str] = Counter()
        self._effects: list[SessionEffect] = []
        self._events: list[SessionEvent] = []
        self._talk = Talk(setup, profile, moves, self._effects, self._events, self.counters)
        self._sending = Sending(self._talk, profile)
        self._carriage = Carriage(
            self._talk, profile, limits, moves, random, self._effects, self._events, self.counters
        )
        self._reception = Reception(
            self._talk, self._carriage, self._events, self.counters, limits.gate_s
        )

    @property
    def state(self) -> SessionState:
        """Where the session stands over its connections."""
        return self._carriage.state

    @property
    def ready(self) -> bool:
        """Whether a connection carries the session now."""
        return self._carriage.state in _CONNECTED

    @property
    def handle(self) -> str | None:
        """What the session can be resumed with, if anything; a secret."""
        return self._talk.handle

    @property
    def figures(self) -> SessionFigures:
        """What its moves have cost so far."""
        return self._talk.figures

    @property
    def unconfirmed_ms(self) -> int | None:
        """Caller audio that the next connection would be sent again, if there were one now.

        It is what the service has not acknowledged; None where it acknowledges nothing (C-24).
        """
        samples = self._talk.ledger.unconfirmed
        return None if samples is None else samples * 1000 // UPLINK_RATE_HZ

    @property
    def staying(self) -> bool:
        """Whether planned moves wait for their last moment, because the talk is about to end."""
        return self._talk.staying

    @staying.setter
    def staying(self, staying: bool) -> None:
        self._talk.staying = staying

    # What happened

    def start(self, now: float) -> None:
        """Ask for a connection.

        Raises:
            LocalProtocolError: the session was started before.
        """
        self._carriage.start(now)

    def connected(self, connection: int, now: float) -> None:
        """The connection asked for is open. One that comes too late is closed again."""
        self._carriage.connected(connection, now)

    def receive(self, connection: int, frame: bytes | str, now: float) -> None:
        """Take in one frame; never raises, whatever the service sends."""
        self._reception.receive(connection, frame, now)

    def lost(self, connection: int, loss: Loss, now: float) -> None:
        """A connection is gone, or could not be made; each is reported once.

        Raises:
            LocalProtocolError: none was asked for.
        """
        if self.state is SessionState.NEW:
            raise LocalProtocolError("a session that was never started lost its connection")
        self._carriage.lost(connection, loss, now)

    def handle_timer(self, now: float) -> None:
        """Act on whatever is due; afterwards `next_timer` lies later than `now`, or is None."""
        self._talk.outbound.handle_timer(now)
        carrier = self._carriage.connection
        if carrier is not None and now >= self._talk.health.dead_at:
            why = "nothing came though the caller spoke"
            self._carriage.broken(carrier, NORMAL, "", LossKind.SILENT, why, now)
        self._carriage.advance(now)

    def next_timer(self) -> float | None:
        """When `handle_timer` is to be called next, in the time of `now`."""
        outbound = self._talk.outbound
        due = min(self._carriage.due, outbound.due, outbound.gated_until)
        if self._carriage.connection is not None:
            due = min(due, self._talk.health.dead_at)
        return None if due == inf else due

    def close(self, now: float) -> None:
        """End the session from our side; afterwards nothing is sent or reported."""
        if self.state is not SessionState.CLOSED:
            self._carriage.close()

    # Moves

    def move(self, now: float, why: Why = Why.ASKED, *, fresh: bool = False) -> None:
        """Leave the connection now; without one, only `fresh` has an effect.

        Args:
            fresh: begin a new session, told of what was said, in place of resuming.
        """
        if fresh:
            self._talk.handle = None
        self._carriage.leave(why, now)

    def resume(self, handle: str, now: float) -> None:
        """Go on from another handle, one that this or an earlier session had.

        The talk goes on as it stands: the model is told, and sent, what that handle does not know.
        """
        self._talk.handle = handle
        self._carriage.departure.fresh = False
        self._carriage.leave(Why.ASKED, now)

    def update_context(
        self,
        now: float,
        *,
        instruction: str | None = None,
        declarations: Sequence[FunctionDeclaration] | None = None,
    ) -> None:
        """Change the system instruction, the functions, or both, from now on.

        It is told to the model where it takes such a change in a running session; elsewhere the
        session moves, at the next quiet moment, with a setup that says so.
        """
        talk = self._talk
        if instruction is None and declarations is None:
            return
        frame = talk.context.change(instruction, declarations)
        talk.inbound.calls.declared(talk.context.setup)
        if not self.ready:
            self._carriage.begin_again(now)  # else the next setup says it
            return
        if frame is not None:
            talk.outbound.untracked(frame)
        else:
            self._carriage.departure.want(Why.SETUP_CHANGED, now)
            self._carriage.advance(now)

    def compress(self, from_tokens: int, to_tokens: int, now: float) -> None:
        """Have the service forget the oldest turns earlier, to save what they cost.

        A setup says so: the session moves, at the next quiet moment.

        Args:
            from_tokens: the context at which it forgets, 5,000 to 128,000.
            to_tokens: down to how many; less than that.
        """
        self._talk.compress(from_tokens, to_tokens)
        if self.ready:
            self._carriage.departure.want(Why.SETUP_CHANGED, now)
            self._carriage.advance(now)

    def caller_speech(self, started: bool, now: float, ago_s: float = 0.0) -> None:
        """Our own detector heard the caller begin or stop; not told to the service.

        It says what a next connection must hear again. Without it the service's own words for
        when the caller spoke have to do.

        Args:
            ago_s: how much audio has been sent since.
        """
        self._talk.caller_speech(started, now, ago_s)
        self._carriage.advance(now)

    def reply_heard(self, text: str) -> None:
        """Of the model's last reply the caller has heard only this."""
        self._talk.words.history.heard(text)

    # What is to be sent

    def send_audio(self, pcm16k: Pcm16, now: float) -> None:
        """Send caller audio.

        Args:
            pcm16k: int16, shape (n,), mono at 16 kHz; 20 to 100 ms is usual; n may be 0.
        """
        if len(pcm16k):
            outbound = self._talk.outbound
            outbound.handle_timer(now)
            outbound.audio(to_bytes(pcm16k))

    def send_video(self, data: bytes, mime_type: str, now: float) -> None:
        """Send one picture: JPEG, PNG or WebP, at most one a second."""
        self._sending.live(RealtimeInput(video=Blob(mime_type, data)), Kind.PICTURE, now)

    def end_audio(self, now: float) -> None:
        """No audio follows for a while: what the service holds back is taken as spoken.

        With manual detection there is nothing to flush, and nothing is sent (2.3).
        """
        if not self._talk.context.manual:
            self._sending.end_audio(now)

    def send_activity(self, started: bool, now: float) -> None:
        """Tell that the caller begins or stops to speak; repeats are left out (B30).

        Raises:
            LocalProtocolError: the service detects speech itself and would close (2.3).
        """
        self._sending.activity(started, now)

    def send_text(self, text: str, now: float, *, remember: bool = True) -> None:
        """Send text as live input: where `profile.kick_off` says so, it makes the model speak.

        Args:
            remember: it is part of the conversation, also for a session begun anew.
        """
        self._sending.text(text, now, remember=remember)

    def prompt(self, text: str, now: float, *, remember: bool = True) -> None:
        """Say something that the model answers at once, in the way that this model does (B40)."""
        self._sending.prompt(text, now, remember=remember)

    def send_content(
        self,
        turns: Sequence[Content],
        now: float,
        *,
        turn_complete: bool,
        remember: bool = True,
    ) -> None:
        """Add turns to the history.

        Args:
            turn_complete: start generating, interrupting what is being said; else wait.
            remember: they are part of the conversation, also for a session begun anew.
        Raises:
            LocalProtocolError: the model would refuse these turns.
        """
        self._sending.content(turns, turn_complete=turn_complete, remember=remember)

    def send_tool_responses(self, responses: Sequence[FunctionResponse], now: float) -> None:
        """Answer tool calls; answers to calls that are cancelled or unknown are dropped (C-14).

        What the model does not take with an answer, scheduling for one, is left out (C-13). What
        comes for a call whose connection is gone is passed on as text (C-27).

        Raises:
            LocalProtocolError: an answer cannot be written as JSON.
        """
        self._sending.responses(responses, now)

    # What came of it

    def effects(self) -> list[SessionEffect]:
        """What the shell must do, in order; empties the list."""
        drained = self._effects.copy()
        self._effects.clear()
        return drained

    def events(self) -> list[SessionEvent]:
        """What the owner should know, in order; empties the list."""
        drained = self._events.copy()
        self._events.clear()
        return drained
