"""What the phone's leg says means for the parts of a call, also while it is away; without I/O."""

from collections import Counter
from enum import IntEnum
from typing import assert_never

from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.call import prompts
from agent.call.aside import PhoneState
from agent.call.conversation import Conversation
from agent.call.effects import Outcome
from agent.call.errands import Errands
from agent.call.flood import Flood
from agent.call.keeping import Keeping
from agent.call.life import Life
from agent.call.seam import Seam
from agent.call.state import CallState
from agent.call.summary import Facts
from agent.call.tap import Tap
from agent.call.timeline import Timeline
from agent.call.uplink import Uplink
from agent.errors import PeerProtocolError
from agent.gemini.session import LiveSession
from agent.telephony.leg import Digit, Heard, LegEvent, Marked, PhoneLeg, Started, Stopped

MOST_MALFORMED = 50
"""Malformed messages of the phone that a call bears."""
MISSED_S = 2.0
"""Of a longer break both sides may have missed something: the agent is told."""
PATIENCE_S = 10.0
"""So long what is to be told waits for what the caller has yet to hear."""

_PHONE_ENDS = {"stop": Outcome.CALLER_HUNG_UP, "media_format": Outcome.PHONE_PROTOCOL}


class Came(IntEnum):
    """What came of a message."""

    NOTHING = 0
    """It only fills a packet to the model: no effect, and no time has moved earlier."""
    AUDIO = 1
    """A packet went to the model."""
    CUT = 2
    """Likewise, and the agent was cut."""
    NEWS = 3
    """Anything may be due now."""


class PhoneSide:
    """Routes what one phone says, on one leg after the other.

    Attributes:
        leg: the latest.
        counters: `phone_malformed` messages, a `phone_flood` of them, and those that `phone_stale`
            sockets still brought.
        tap: is told what the caller says.
        steps_aside: the phone's socket is to be closed.
    """

    def __init__(
        self,
        leg: PhoneLeg,
        session: LiveSession,
        uplink: Uplink,
        talk: Conversation,
        errands: Errands,
        seam: Seam,
        life: Life,
        keeping: Keeping,
        facts: Facts,
        timeline: Timeline,
        *,
        consent: bool,
    ) -> None:
        self.leg = leg
        self.counters: Counter[str] = Counter()
        self.tap: Tap | None = None
        self.steps_aside = False
        self._session = session
        self._uplink = uplink
        self._talk = talk
        self._errands = errands
        self._seam = seam
        self._life = life
        self._keeping = keeping
        self._facts = facts
        self._timeline = timeline
        self._consent = consent
        self._earlier: Counter[str] = Counter()
        self._flood = Flood()
        self._tell: str | None = None
        self._news: str | None = None  # of its return, if it waits for a quiet moment

    @property
    def leg_counters(self) -> Counter[str]:
        """Those of all legs."""
        return self._earlier + self.leg.counters

    def received(self, text: bytes | str, now: float) -> Came:
        """Take one text frame of the carrier, in a call that has not ended."""
        if self._life.aside.state is PhoneState.AWAY:
            self.counters["phone_stale"] += 1
            return Came.NOTHING
        if self._flood.over(now):
            self.counters["phone_flood"] += 1
            self._life.over(Outcome.PHONE_PROTOCOL, now)
            return Came.NEWS
        try:
            events = self.leg.receive(text)
        except PeerProtocolError:
            self.counters["phone_malformed"] += 1
            if self.counters["phone_malformed"] >= MOST_MALFORMED:
                self._life.over(Outcome.PHONE_PROTOCOL, now)
            return Came.NEWS
        came = Came.NOTHING
        for event in events:
            came = max(came, self._event(event, now))
        return came

    def lost(self, now: float) -> None:
        """Its socket is closed, or as good as."""
        for event in self.leg.closed():
            self._event(event, now)

    def flush(self, now: float) -> None:
        """What the caller has said so far goes to the model, so that something else can follow."""
        for packet in [*self._talk.shield.release(), *self._uplink.flush()]:
            self._session.send_audio(packet, now)

    # Away and back.

    def leave(self, now: float) -> None:
        """The phone has gone, and the call goes on without it."""
        self._life.phone.left, self.steps_aside = False, True
        # Whatever was sent after its last sign of life cannot be known to have been heard.
        alive_at = self._life.phone.heard_from_at
        self.flush(now)
        recording = self._keeping.recording
        if recording is not None:
            recording.caller(self._uplink.take_kept(), now)
            recording.cleared(alive_at)
            recording.stream_over()
        self._uplink.break_off()
        self._speech(self._talk.listen(self._uplink, now), now)
        self._session.end_audio(now)
        if self._news is not None and not self._errands.take_back(self._news):
            self._news = None  # it was told
        self._talk.line_broke(alive_at, now)
        if self.tap is not None:
            self.tap.cleared(alive_at)

    def comes(self, leg: PhoneLeg, tell: str | None, now: float) -> None:
        """There is another socket, with this leg; its `start` is still to come.

        Args:
            tell: what the model is told then; empty: not even that the line was gone.
        """
        self._life.phone.comes(now)
        if self._life.phone.left:  # a newer stream has come before the older one was missed
            self.leave(now)
        self.steps_aside = False
        self._earlier += self.leg.counters
        self.leg, self._tell = leg, tell

    def _back(self, stream_id: str, now: float) -> None:
        missed_s = self._life.phone_back(stream_id, now)
        playout = self._talk.playout
        playout.away = False
        says = playout.queued > 0 or self._talk.turns.open is not None
        text = self._tell or self._news  # which still waited when it went again
        self._news = None
        if not text and self._tell is None and missed_s > MISSED_S and not says:
            text = prompts.LINE_BACK
        if not text or self._life.state is not CallState.TALKING:
            return
        if says or self._seam.watchdog.owed:  # it cuts nothing the caller has yet to hear
            self._news = text
            self._errands.tell_when_quiet(text, now + PATIENCE_S)
        else:
            self._errands.tell(text, now)

    # What it says.

    def _event(self, event: LegEvent, now: float) -> Came:
        match event:
            case Heard():
                return self._heard(event, now)
            case Marked(name, cleared):
                if not cleared:
                    self._talk.marked(name, now)
                    if self._consent and self._talk.opening.heard:
                        self._keep(now)
            case Digit(digit):
                self._pressed(digit, now)
            case Started():
                self._started(event, now)
            case Stopped("closed"):
                self._life.phone_lost(Outcome.PHONE_LOST, now)
            case Stopped(reason):
                self._life.phone_gone(_PHONE_ENDS.get(reason, Outcome.PHONE_LOST), now)
            case _:
                assert_never(event)
        return Came.NEWS

    def _heard(self, event: Heard, now: float) -> Came:
        """The hot path, fifty times a second: nothing here but the caller's audio moves time."""
        self._life.limits.media_at = now
        if self.tap is not None and not self._keeping.paused:
            self.tap.caller(event.mulaw)
        packets = self._uplink.push(event.mulaw, event.at_ms)
        if not packets:
            return Came.NOTHING
        self._uplink.lateness.came(event.at_ms, now)
        shield = self._talk.shield
        if shield.holds:
            packets = shield.take(packets, now, said=self._talk.opening.said)
        for packet in packets:
            self._session.send_audio(packet, now)
        if self._keeping.recording is not None:
            self._keeping.recording.caller(self._uplink.take_kept(), now)
        epoch = self._talk.playout.epoch
        found = self._talk.listen(self._uplink, now)
        if found:
            self._speech(found, now)
            return Came.NEWS
        return Came.AUDIO if epoch == self._talk.playout.epoch else Came.CUT

    def _speech(self, found: list[SpeechStarted | SpeechEnded], now: float) -> None:
        """Our own detection heard the caller begin or stop."""
        if not found:
            return
        for event in found:
            ago_s = now - self._uplink.time_of(event.at_sample, now)
            self._session.caller_speech(isinstance(event, SpeechStarted), now, ago_s)
        self._seam.caller_spoke(found)
        self._errands.caller_spoke()
        self._life.caller_active(now)

    def _started(self, event: Started, now: float) -> None:
        self._facts.stream_id = event.stream_id
        if self._life.aside.state is PhoneState.COMING:
            self._back(event.stream_id, now)
            return
        if not self._consent:
            self._keep(now)
        self._life.started(now)
        self._facts.call_id = event.call_id
        self._errands.started(event.call_id)
        self._timeline.add(now, "call.started", stream=event.stream_id, call=event.call_id)
        self._session.start(now)

    def _keep(self, now: float) -> None:
        """What is said may be kept from now on, if anything of this call is."""
        if self._keeping.begin(now):
            self._uplink.keeps = True

    def _pressed(self, digit: str, now: float) -> None:
        self.flush(now)
        self._errands.pressed(digit, now)
        self._life.caller_active(now)
