"""What passes between a session and whichever connection carries it, without I/O.

The passenger of `carriage`: it reads what the service sends, keeps what a next connection would
need, and says when a move would tear nothing.
Source: docs/protocols/gemini-live.md C-2, C-19, C-24 to C-31, C-34, C-35, B6, B10 to B16.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.gemini.client_messages import ToolResponse, ToolResponseMessage
from agent.gemini.closes import LossKind
from agent.gemini.codec import encode_client
from agent.gemini.connection import Connection
from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.context import Context
from agent.gemini.figures import SessionFigures
from agent.gemini.handles import Handles
from agent.gemini.health import Health
from agent.gemini.history import History
from agent.gemini.inbound import Inbound
from agent.gemini.ledger import Ledger, Plan
from agent.gemini.models import Profile
from agent.gemini.outbound import Outbound
from agent.gemini.server_messages import ServerMessage
from agent.gemini.session_events import (
    HandleUpdated,
    InputTranscript,
    Interrupted,
    ModelAudio,
    OutputTranscript,
    SessionEffect,
    SessionEvent,
    ToolCallsLost,
    ToolCallsRequested,
    TurnComplete,
    UsageReported,
    VoiceActivity,
)
from agent.gemini.session_state import MovePolicy
from agent.gemini.setup_messages import Setup
from agent.gemini.tools import FunctionResponse
from agent.gemini.turn_track import TurnTrack
from agent.gemini.words import Words

INVALID = 1007
LOST_CALL = {"error": "The connection was lost before the answer; it follows.", "retryable": False}
SERVICE_HEARD_S = 1.0
"""The service says that the caller speaks: he began about so long ago."""


class Talk:
    """One session's.

    Attributes:
        staying: moves wait for their last moment.
        forgotten: the model has lost the conversation, as the last turn's context shows (B39).
    """

    def __init__(
        self,
        setup: Setup,
        profile: Profile,
        policy: MovePolicy,
        effects: list[SessionEffect],
        events: list[SessionEvent],
        counters: Counter[str],
    ) -> None:
        self._profile, self._events, self._counters = profile, events, counters
        self._reminds = policy.reminds
        self.context = Context(setup, profile)
        self.words = Words(events)
        self._figures = SessionFigures()
        self.inbound = Inbound(setup, profile, counters)
        resumption = setup.session_resumption
        self._handles = Handles(resumption.handle if resumption else None)
        self._ground = self._handles.knows  # what the state has that a setup resumed
        self.ledger = Ledger(policy, counters, acknowledges=self.context.acknowledges)
        self.outbound = Outbound(effects, self.ledger, policy, counters, manual=self.context.manual)
        self.track = TurnTrack()
        self.health = Health(policy.silence_s, self.context.compress_from)
        self.forgotten = False
        self.replay = Plan(0, 0, 0, asks=False, exact=False)
        self.staying = False
        self._tells = False
        self._ever = False
        self._media = True
        self._refusals = 0
        self._marked = False  # somebody told when the caller speaks

    @property
    def figures(self) -> SessionFigures:
        """What the moves have cost."""
        return self._figures

    @property
    def handle(self) -> str | None:
        """What to resume with; a secret. None: nothing."""
        return self._handles.chosen

    @handle.setter
    def handle(self, handle: str | None) -> None:
        self._handles.choose(handle)

    @property
    def gates(self) -> bool:
        """Whether live input must wait while a BLOCKING call is pending."""
        return self._profile.gate_audio_during_tools

    def compress(self, from_tokens: int, to_tokens: int) -> None:
        """From the next setup on, the oldest turns are cut earlier; that is no forgetting."""
        self.context.compress(from_tokens, to_tokens)
        self.health.compress_from = from_tokens

    # What the service says
    def read(self, message: ServerMessage, now: float) -> None:
        """Take in one message of the connection that carries the session."""
        self.health.heard()
        for event in self.inbound.read(message):
            if type(event) is ModelAudio:  # the hot path
                if self.track.read(event):
                    self._turn_began(now)
                self.ledger.answered()
                self._events.append(event)
            elif isinstance(event, InputTranscript):
                self._caller_said(event, now)
            else:
                self._note(event, now)
                self._events.append(event)

    def read_late(self, message: ServerMessage) -> None:
        """A message of the connection that has just been left: only a newer handle matters."""
        update = message.session_resumption_update
        if update is None or not update.resumable or not update.new_handle:
            return
        if not self._handles.decided:
            self.inbound.handle = update.new_handle
            self.inbound.acknowledged = update.last_consumed_client_message_index
            self._handle_came()

    def _note(self, event: SessionEvent, now: float) -> None:
        if self.track.read(event):
            self._turn_began(now)
        match event:
            case OutputTranscript(text):
                self.words.of_model(text)
            case TurnComplete() | Interrupted():
                self.words.turn_over()
            case ToolCallsRequested(calls):
                self.words.called(calls)
            case HandleUpdated(True):
                self.ledger.sends(now)
                self._handle_came()
            case UsageReported(usage):
                self.forgotten = self.health.used(usage.prompt_tokens)
            case VoiceActivity(kind):
                if kind == "start":
                    self.words.caller_began()
                if not self._marked:
                    self._speech(kind == "start", now, SERVICE_HEARD_S)
            case _:
                pass

    def _handle_came(self) -> None:
        covered = self.ledger.handle_came()
        number = self._handles.came(self.inbound.handle or "", covered)
        listening = self._profile.handle_covers_input and self.ledger.listening
        self.words.history.saved(number, listening=listening)
        if self.inbound.acknowledged is not None:
            self.ledger.acknowledged(self.inbound.acknowledged)

    def _caller_said(self, event: InputTranscript, now: float) -> None:
        self.words.of_caller(event, now)
        if not self._marked and event.text and not self.ledger.waits:
            self._speech(True, now, SERVICE_HEARD_S)
            self._speech(False, now, 0.0)

    def _turn_began(self, now: float) -> None:
        self.ledger.sends(now)  # what was under way a while ago has arrived, though nothing follows
        self.ledger.turn_began()
        self.words.turn_began()

    # What the owner says

    def caller_speech(self, started: bool, now: float, ago_s: float) -> None:
        """Our own detector heard the caller begin or stop."""
        self._marked = True
        if started:
            self.words.caller_began()
        self._speech(started, now, ago_s)

    def _speech(self, started: bool, now: float, ago_s: float) -> None:
        self.ledger.speech(started, round(ago_s * UPLINK_RATE_HZ))
        if started:
            self.health.caller_spoke(now)
            self.track.told()

    # The passenger's part

    def at_rest(self) -> bool:
        """Nobody speaks, nothing is generated or awaited, and the handle is good up to here."""
        track = self.track
        if self.staying or track.generating or track.calls_open or self.ledger.waits:
            return False
        return track.fresh_handle or self.handle is None

    def opening(self) -> Setup:
        """The setup of the next connection."""
        history = self.words.history if self._ever else History()
        opening = self.context.opening(self.handle, history)
        self._ground = self._handles.knows
        self._tells = opening.tells
        return opening.setup

    def opening_refused(self) -> bool:
        """A fresh setup was refused; whether there is another way to say it."""
        self._refusals += 1
        if not self._ever or self.context.in_instruction:
            return False
        self.context.in_instruction = True
        return True

    def left(self, kind: LossKind | None, code: int | None) -> bool:
        """No connection carries the session; whether the model's turn was cut."""
        cut = self.track.generating
        self._events += list(self.inbound.left())
        calls = self.track.lost()
        if calls:
            self._events.append(ToolCallsLost(calls))
        self.words.left()
        self.outbound.hold()
        self._media = code != INVALID
        if kind is not None:
            self.figures.drops += 1
        return cut

    def carried(self, connection: Connection, now: float) -> None:
        """A connection carries the session: tell it what it must know, then go on."""
        first, self._ever = not self._ever, True
        self._handles.decided = False
        if self._ground.number != self._handles.count:
            self.ledger.resumes_from(self._ground.covered)
        plan = self.ledger.plan(
            resumed=connection.resumes,
            covers=self._profile.handle_covers_input,
            media=self._media,
        )
        self._media = True
        self.outbound.carried_by(connection)
        self._tell(connection, plan)
        self.outbound.take_over(plan, now)
        self.health.moved(connection.resumes)
        self.track.told()
        self.replay = plan
        if first:
            return
        if not connection.resumes:
            self.figures.fresh_starts += 1
            self.track.begun_anew()
        self.words.carried(resumed=connection.resumes, again=plan.again > 0, now=now)
        self._count(plan)

    def over(self) -> None:
        """The session has ended."""
        self.outbound.shut()
        self.ledger.abandon()
        self._count(None)

    def _tell(self, connection: Connection, plan: Plan) -> None:
        telling, history = None, self.words.history
        if self._tells:
            telling = self.context.telling(history, without_last_words=plan.replayed > 0)
        elif connection.resumes and self._reminds and not plan.exact:
            known_to = self._ground.number
            telling = self.context.reminding(history, known_to, without_last_words=plan.asks)
        if telling is not None:
            self.outbound.untracked(telling)
        if connection.resumes and self._profile.lost_call_waits:
            answers = tuple(self._lost_answers())
            if answers:
                frame = encode_client(ToolResponseMessage(ToolResponse(answers)))
                self.outbound.untracked(frame)

    def _lost_answers(self) -> Iterator[FunctionResponse]:
        for call_id, name in self.track.just_lost.items():
            yield FunctionResponse(call_id, name, LOST_CALL)

    def _count(self, plan: Plan | None) -> None:
        figures, per_ms = self.figures, UPLINK_RATE_HZ // 1000
        figures.caller_ms_lost = self.ledger.dropped // per_ms
        if plan is not None:
            figures.caller_ms_repeated += plan.repeated // per_ms
            figures.caller_ms_replayed += plan.replayed // per_ms
