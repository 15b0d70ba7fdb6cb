"""The call: composes its parts and routes facts between them; without I/O.

docs/style.md sections 4 and 6 describe its contract. A rule about one thing lives in the part that
owns it: `uplink`; `conversation` with `turns`, `playout` and `bargein`; `errands` with `tools` and
`keypad`; `life` with `quiet`, `limits`, `ending` and `presence`; `seam` with `sentence`, `watchdog`
and `cover`. What the two sides say is routed in `phone_side` and `model_side`; what is to be done
about it comes from `outgoing`.
"""

from collections.abc import Mapping
from decimal import Decimal

from agent.audio import mulaw
from agent.audio.tones import dialled
from agent.call.assembly import assemble
from agent.call.effects import Effect, Outcome
from agent.call.phone_side import Came
from agent.call.policy import CallPlan
from agent.call.report import CallReport
from agent.call.sound import REAL_SOUND, Sound
from agent.call.state import CallState
from agent.call.summary import summarise
from agent.call.tap import Tap
from agent.call.timeline import Timeline
from agent.gemini.session import LiveSession
from agent.gemini.session_events import (
    Loss,
    ModelAudio,
    OutputTranscript,
    SessionEvent,
)
from agent.telephony.leg import PhoneLeg

__all__ = ["Call", "CallPlan", "CallState"]


class Call:
    """One telephone call between a phone leg and a model's session.

    The owner hands in facts as they happen, then performs `effects(now)`, then waits until
    `next_timer()` at the latest. Nothing that a peer does makes a method raise.

    Attributes:
        timeline: what happened and when.
        counters: `phone_malformed` messages, and `phone_stale` ones.
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
        self.tool_effects_doubled = 0
        self._plan = plan
        self._session = session
        parts = assemble(plan, leg, session, self.timeline, now, sound)
        self._uplink = parts.uplink
        self._keeping = parts.keeping
        self._talk = parts.talk
        self._errands = parts.errands
        self._seam = parts.seam
        self._life = parts.life
        self._facts = parts.facts
        self._phone = parts.phone
        self._model_side = parts.model_side
        self._outgoing = parts.outgoing
        self.counters = parts.phone.counters
        self._timer: float | None = None  # as last worked out
        self._moved = True  # a time may have moved earlier since

    @property
    def state(self) -> CallState:
        """Where the call stands."""
        return self._life.state

    @property
    def away(self) -> bool:
        """Whether the call is without its phone."""
        return self._life.aside.away

    @property
    def private(self) -> bool:
        """Whether nothing may be kept of what is said now."""
        return self._keeping.paused

    @property
    def tap(self) -> Tap | None:
        """Is told what is said, for as long as somebody wants to listen."""
        return self._phone.tap

    @tap.setter
    def tap(self, tap: Tap | None) -> None:
        self._phone.tap = tap

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
        came = self._phone.received(text, now)
        if came is Came.NEWS:
            self._advance(now)
        elif came is Came.CUT:
            self._moved = True
        return came is not Came.NOTHING

    def phone_lost(self, now: float) -> None:
        """The phone's socket is closed, or as good as; the call may wait for another one."""
        self._phone.lost(now)
        self._advance(now)

    def step_aside(
        self,
        longest_s: float,
        now: float,
        *,
        then: Outcome = Outcome.PHONE_LOST,
        after_words: bool = False,
    ) -> bool:
        """Let the phone go for a while: after what is being said, `StepAside` comes.

        Args:
            longest_s: how long it may be away; see `phone_back`.
            then: how the call ends when it does not come back.
            after_words: the model is about to say something, which is waited for.

        Returns:
            Whether it will: not in a call that ends, or whose phone is not there.
        """
        leaves = self._life.step_aside(longest_s, then, now, after_words=after_words)
        self._advance(now)
        return leaves

    def phone_back(self, leg: PhoneLeg, now: float, *, tell: str | None = None) -> None:
        """There is another socket for the same call, which takes the place of any that is left.

        Its texts follow by `phone_received`, from the carrier's `start` on. What the caller has
        not heard of the agent is played then.

        Args:
            tell: what the model is told then.
        """
        if self._life.state not in {CallState.NEW, CallState.ENDED}:
            self._phone.comes(leg, tell, now)
            self._advance(now)

    def caller_wrote(self, text: str, now: float) -> None:
        """The caller writes in place of speaking; only while the call is under way."""
        if self._life.state is not CallState.TALKING:
            return
        self._phone.flush(now)
        self._talk.caller_wrote(text, now)
        self._errands.tell(text, now)
        self._life.caller_active(now)
        self._advance(now)

    def advise(self, text: str, now: float) -> None:
        """Tell the model something that it shall act on at once; only while the call is under way.

        Args:
            text: an instruction of ours; the caller's words it is not.
        """
        if self._life.state is CallState.TALKING:
            self._errands.tell(text, now)
            self._advance(now)

    def dial(self, keys: str, now: float) -> None:
        """Dial on the line, as soon as what the agent says now has been heard.

        Args:
            keys: see `agent.audio.tones.dialled`, which raises for others.
        """
        tones = mulaw.encode(dialled(keys))
        if self._life.state is CallState.TALKING:
            self._talk.dial(tones, now)
            self._advance(now)

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
            self._life.turn_over(now, whole=False)
        self._life.advance(now)
        if self._life.phone.left:
            self._phone.leave(now)
            self._advance(now)  # the caller who has gone is news to all the others
            return
        self._keeping.advance(now)
        if self._keeping.paused:
            self._talk.turns.hide()
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

    def leave_message(self, text: str, now: float, *, to_machine: bool = True) -> None:
        """Leave a message with whoever answered the call that we placed, and end.

        Args:
            text: what the agent says, and no more.
            to_machine: after a machine's beep.
        """
        self._life.leave_message(text, now, to_machine=to_machine)
        self._advance(now)

    def wrap_up(self, now: float) -> None:
        """Have the agent say good-bye, and end soon: the money for the call is spent.

        A call that ends already, or is asked to already, is left alone.
        """
        self._life.wrap_up(Outcome.SPENT, now)
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
        deadline = min(self._life.deadline(), self._talk.playout.next_due, self._keeping.due)
        if self._keeping.recording is not None:
            deadline = min(deadline, self._keeping.recording.due)
        session = self._session.next_timer()
        return deadline if session is None else min(deadline, session)

    # What comes of it.

    def effects(self, now: float) -> list[Effect]:
        """Return what must be done now, in order; each effect is returned once."""
        return self._outgoing.effects(now)

    def spent(self, now: float) -> Decimal:
        """What the call costs so far, or has cost, in US dollars."""
        self._facts.meter.carrier(self._life.lasted_s(now))
        return self._facts.meter.total

    def report(self, now: float) -> CallReport:
        """Describe the call as it stands, or as it was."""
        counters = {
            "phone": self._phone.leg_counters,
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
            claims=self._plan.claims,
        )
