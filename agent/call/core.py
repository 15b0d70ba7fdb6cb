"""The call: composes its parts and routes facts between them; without I/O.

docs/style.md sections 4 and 6 describe its contract. A rule about one thing lives in the part that
owns it: `uplink`; `conversation` with `turns`, `playout` and `bargein`; `errands` with `tools` and
`keypad`; `life` with `idle`, `limits` and `ending`; `seam` with `sentence`, `watchdog` and `cover`.
What the model's side says is routed in `model_side`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import assert_never

from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.call.bargein import BargeIn
from agent.call.conversation import Conversation
from agent.call.cover import Cover
from agent.call.effects import (
    CloseModel,
    Effect,
    HangUp,
    OpenModel,
    Outcome,
    SaveAudio,
    ToModel,
    ToPhone,
)
from agent.call.errands import Errands
from agent.call.life import CallState, Life
from agent.call.model_side import ModelSide
from agent.call.playout import Play, Playout
from agent.call.policy import CallPlan
from agent.call.recording import Recording
from agent.call.report import CallReport
from agent.call.seam import Seam
from agent.call.sound import REAL_SOUND, Sound
from agent.call.summary import Facts, summarise
from agent.call.timeline import Timeline
from agent.call.uplink import Uplink
from agent.errors import PeerProtocolError
from agent.gemini.session import LiveSession
from agent.gemini.session_events import (
    CloseConnection,
    Loss,
    ModelAudio,
    OpenConnection,
    OutputTranscript,
    SendFrame,
    SessionEvent,
)
from agent.telephony.leg import Digit, Heard, LegEvent, Marked, PhoneLeg, Started, Stopped

__all__ = ["Call", "CallPlan", "CallState"]

MOST_MALFORMED = 50
"""Malformed messages of the phone that a call bears."""

_PHONE_ENDS = {"stop": Outcome.CALLER_HUNG_UP, "media_format": Outcome.PHONE_PROTOCOL}


class Call:
    """One telephone call between a phone leg and a model's session.

    The owner hands in facts as they happen, then performs `effects(now)`, then waits until
    `next_timer()` at the latest. Nothing that a peer does makes a method raise.

    Attributes:
        timeline: what happened and when.
        counters: `phone_malformed` messages.
        tool_effects_doubled: functions that took effect twice for one request, as their journal
            counts them; the owner sets it before it takes the last report.
    """

    def __init__(
        self,
        plan: CallPlan,
        leg: PhoneLeg,
        session: LiveSession,
        now: float,
        *,
        sound: Sound = REAL_SOUND,
    ) -> None:
        self.timeline = Timeline(now)
        self.counters: Counter[str] = Counter()
        self.tool_effects_doubled = 0
        self._plan = plan
        self._leg = leg
        self._session = session
        self._uplink = Uplink(plan.uplink_ms, sound.detector(), sound.up())
        cover = Cover(plan.cover)
        self._talk = Conversation(
            Playout(
                lead_ms=plan.lead_ms,
                message_ms=plan.message_ms,
                start_ms=plan.start_ms,
                cover=cover,
                resampler=sound.down(),
            ),
            BargeIn(plan.barge_in, plan.barge_in_after_ms / 1000, plan.protect_ms / 1000),
            self.timeline,
            session.reply_heard,
        )
        self._errands = Errands(
            session,
            self.timeline,
            budget_s=plan.tool_budget_s,
            end_call_tool=plan.end_call_tool,
            keys=plan.keys,
        )
        self._seam = Seam(session, self._talk, self._errands, cover, self.timeline, plan.watchdog)
        self._life = Life(plan, self._talk, self._errands, self._seam, self.timeline, now)
        self._facts = Facts()
        self._model_side = ModelSide(
            self._talk, self._errands, self._life, self._seam, self._facts, self.timeline
        )
        self._recording: Recording | None = None
        self._hung_up = False
        self._timer: float | None = None  # as last worked out
        self._moved = True  # a time may have moved earlier since

    @property
    def state(self) -> CallState:
        """Where the call stands."""
        return self._life.state

    @property
    def outcome(self) -> Outcome | None:
        """Why the call ended; None until then."""
        return self._life.outcome

    # The phone.

    def phone_received(self, text: bytes | str, now: float) -> bool:
        """One text frame of the carrier came in.

        Returns:
            Whether anything can have come of it. Half of the caller's frames only fill a packet:
            then there is no effect, and no time has moved earlier.
        """
        if self._life.state is CallState.ENDED:
            return False
        try:
            events = self._leg.receive(text)
        except PeerProtocolError:
            self.counters["phone_malformed"] += 1
            if self.counters["phone_malformed"] >= MOST_MALFORMED:
                self._life.over(Outcome.PHONE_PROTOCOL, now)
                self._moved = True
            return True
        moved = False
        for event in events:
            moved |= self._phone_event(event, now)
        return moved

    def phone_lost(self, now: float) -> None:
        """The phone's socket is closed, or as good as."""
        for event in self._leg.closed():
            self._phone_event(event, now)

    def _phone_event(self, event: LegEvent, now: float) -> bool:
        match event:
            case Heard():
                return self._heard(event, now)
            case Marked(name, cleared):
                if not cleared:
                    self._talk.marked(name, now)
                    if self._plan.consent is not None and self._talk.opening_heard:
                        self._record(now)
            case Digit(digit):
                self._pressed(digit, now)
            case Started():
                self._started(event, now)
            case Stopped(reason):
                self._life.phone_gone(_PHONE_ENDS.get(reason, Outcome.PHONE_LOST), now)
            case _:
                assert_never(event)
        self._advance(now)
        return True

    def _heard(self, event: Heard, now: float) -> bool:
        """The hot path, fifty times a second: nothing here but the caller's audio moves time."""
        self._life.limits.media_at = now
        packets = self._uplink.push(event.mulaw, event.at_ms)
        if not packets:
            return False
        for packet in packets:
            self._session.send_audio(packet, now)
        if self._recording is not None:
            self._recording.caller(self._uplink.take_kept(), now)
        epoch = self._talk.playout.epoch
        found = self._talk.listen(self._uplink, now)
        if found:
            self._caller_spoke(found, now)
        elif epoch != self._talk.playout.epoch:
            self._moved = True  # the agent was cut
        return True

    def _caller_spoke(self, found: list[SpeechStarted | SpeechEnded], now: float) -> None:
        for event in found:
            ago_s = now - self._uplink.time_of(event.at_sample, now)
            self._session.caller_speech(isinstance(event, SpeechStarted), now, ago_s)
        self._seam.caller_spoke(found)
        self._errands.caller_spoke()
        self._life.caller_active(now)
        self._advance(now)

    def _started(self, event: Started, now: float) -> None:
        if self._plan.consent is None:
            self._record(now)
        self._life.started(now)
        self._facts.stream_id, self._facts.call_id = event.stream_id, event.call_id
        self._errands.started(event.call_id)
        self.timeline.add(now, "call.started", stream=event.stream_id, call=event.call_id)
        self._session.start(now)

    def _record(self, now: float) -> None:
        """Record from now on, if this call is recorded."""
        if self._plan.record and self._recording is None:
            self._recording = Recording(now)
            self._uplink.keeps = True
            self.timeline.add(now, "recording.began")

    def _pressed(self, digit: str, now: float) -> None:
        for packet in self._uplink.flush():
            self._session.send_audio(packet, now)
        self._errands.pressed(digit, now)
        self._life.caller_active(now)

    # The model.

    def model_connected(self, connection: int, now: float) -> None:
        """The connection that `OpenModel` asked for is open."""
        self._session.connected(connection, now)
        self._take_events(now)

    def model_received(self, connection: int, frame: bytes | str, now: float) -> bool:
        """One frame of the model's service came in.

        Returns:
            Whether anything can have come of it. Most of a long reply only joins the queue: then
            there is no effect, and no time has moved earlier.
        """
        waits = self._talk.playout.plenty
        self._session.receive(connection, frame, now)
        return self._take_events(now, waits=waits)

    def model_lost(self, connection: int, loss: Loss, now: float) -> None:
        """A connection to the model is closed, or could not be made."""
        self._session.lost(connection, loss, now)
        self._take_events(now)

    def tool_finished(self, id: str, response: Mapping[str, object], now: float) -> None:
        """A function that `RunTool` started came back; `response` goes to the model as it is."""
        self._errands.finished(id, response, now)
        self._life.caller_waited(now)
        self._advance(now)

    def _take_events(self, now: float, *, waits: bool = False) -> bool:
        events = self._session.events()
        self._route(events, now)
        if waits and events and all(isinstance(e, ModelAudio | OutputTranscript) for e in events):
            return False
        self._advance(now)
        return True

    def _advance(self, now: float) -> None:
        """Do what is due; it may move the session, which is news again."""
        self._moved = True
        if self._life.state is not CallState.ENDED and self._seam.advance(now):
            self._life.turn_over(now)
        self._life.advance(now)
        self._seam.note_errands(now)
        events = self._session.events()
        if events:
            self._route(events, now)
            self._advance(now)

    def _route(self, events: list[SessionEvent], now: float) -> None:
        for event in events:
            if self._life.state is not CallState.ENDED:
                self._model_side.happened(event, now)

    # Time, and the end from outside.

    def finish(self, outcome: str, now: float) -> None:
        """End the call at once but politely: what is being said is played out.

        Args:
            outcome: one of `Outcome`, such as "shutdown" or "operator".
        """
        self._life.finish(Outcome(outcome), now)
        self._advance(now)

    def handle_timer(self, now: float) -> None:
        """The time that `next_timer` asked for has come, or any other."""
        self._session.handle_timer(now)
        self._take_events(now)

    def next_timer(self) -> float | None:
        """When `handle_timer` is to be called at the latest; None once the call has ended.

        While the caller's audio is all that comes, this is not worked out anew: what was due may
        have moved later, which is seen when the time has come.
        """
        if self._moved:
            self._timer, self._moved = self._deadline(), False
        return self._timer

    def _deadline(self) -> float | None:
        if self._life.state is CallState.ENDED:
            return None
        deadline = min(self._life.deadline(), self._talk.playout.next_due)
        if self._recording is not None:
            deadline = min(deadline, self._recording.due)
        session = self._session.next_timer()
        return deadline if session is None else min(deadline, session)

    # What comes of it.

    def effects(self, now: float) -> list[Effect]:
        """Return what must be done now, in order; each effect is returned once."""
        out = self._errands.take()
        ended = self._life.state is CallState.ENDED
        if ended or (self._life.draining and not self._session.ready):
            self._session.close(now)
        if not ended:
            self._to_phone(out, now)
        for effect in self._session.effects():
            match effect:
                case SendFrame(connection, frame):
                    out.append(ToModel(connection, frame))
                case OpenConnection(connection):
                    out.append(OpenModel(connection))
                case CloseConnection(connection, code, reason):
                    out.append(CloseModel(connection, code, reason))
                case _:
                    assert_never(effect)
        recording = self._recording
        if recording is not None and now >= recording.due:
            out.append(SaveAudio(recording.take(now)))
        if self.outcome is not None and not self._hung_up:
            self._hung_up = True
            if recording is not None:
                out.append(SaveAudio(recording.rest(now)))
            out.append(HangUp(self.outcome))
        return out

    def _to_phone(self, out: list[Effect], now: float) -> None:
        leg, talk = self._leg, self._talk
        if talk.clear_due:
            talk.clear_due = False
            out.append(ToPhone(leg.clear()))
            if self._recording is not None:
                self._recording.cleared(now)
        for item in talk.take(now):
            if isinstance(item, Play):
                if self._recording is not None:
                    self._recording.agent(item.mulaw, item.at)
                out.append(ToPhone(leg.media(item.mulaw)))
            else:
                out.append(ToPhone(leg.mark(item.name)))

    def report(self, now: float) -> CallReport:
        """Describe the call as it stands, or as it was."""
        counters = {
            "phone": self._leg.counters,
            "model": self._session.counters,
            "call": self.counters,
        }
        return summarise(
            self._plan.tenant,
            self._facts,
            self._life,
            self._talk,
            self._errands,
            self._seam,
            self._uplink,
            self._session.figures,
            counters,
            now,
            tool_effects_doubled=self.tool_effects_doubled,
        )
