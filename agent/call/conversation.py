"""The talk itself: the agent's voice, whose turn it is, who interrupts whom; without I/O.

Joins `Turns` (what belongs together), `Playout` and `Utterances` (what the caller hears when),
`CallerVoice` (what we hear of him) and `BargeIn` (who may cut it), and writes the timeline of the
talk.
"""

from collections.abc import Callable
from math import inf

from agent.audio.pcm import Pcm16
from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.call.bargein import BargeIn, is_phantom
from agent.call.caller_voice import CallerVoice
from agent.call.keeping import Keeping
from agent.call.opening import Opening
from agent.call.playout import RATE_HZ, Mark, Play, Playout
from agent.call.shield import Shield
from agent.call.slowness import Slowness
from agent.call.telling import Telling
from agent.call.timeline import Timeline
from agent.call.turn import NOT_KEPT, Turn
from agent.call.turns import Turns
from agent.call.uplink import Uplink
from agent.call.utterances import Utterances


class Conversation:
    """The talk of one call.

    Args:
        reply_heard: is told how much of the model's last reply the caller heard, when not all.
        keeping: says whose words are not to be kept; without it, all are.

    Attributes:
        last_words: the call is ending: what the agent still says is not cut any more.
        clear_due: the carrier's queue must be emptied, before any other audio.
        barge_ins: times that the agent was cut.
        phantoms: interruptions of the model's service that were not believed.
        shield: guards the greeting of a call that we placed.
        utterances: what the caller hears of the agent.
        caller_voice: what we hear of the caller.
        opening: how far the agent's first words have come.
    """

    def __init__(
        self,
        playout: Playout,
        barge_in: BargeIn,
        timeline: Timeline,
        reply_heard: Callable[[str], None],
        keeping: Keeping | None = None,
        shield: Shield | None = None,
    ) -> None:
        self.playout = playout
        self.turns = Turns() if keeping is None else Turns(keeping.turn_began)
        self._keeping = keeping
        self.shield = Shield(0.0) if shield is None else shield
        self.last_words = False
        self.clear_due = False
        self.barge_ins = 0
        self.phantoms = 0
        self._reply_heard = reply_heard
        self._dialling_until = -inf
        self._slowness = Slowness(playout)
        # Of the audio being heard, no service knows any more: only we can hear it interrupted.
        self._orphaned = False
        self._barge_in = barge_in
        self._timeline = timeline
        self._telling = Telling(timeline)
        self.utterances = Utterances(self.turns, self.shield, self._telling, timeline)
        self.caller_voice = CallerVoice(self.turns, playout, barge_in, timeline)
        self.opening = Opening(self.turns, playout)

    def model_audio(self, pcm24k: Pcm16, now: float) -> bool:
        """The model sent a chunk of speech; returns whether it belongs to a turn."""
        turn = self.turns.model_spoke(now)
        if turn is not None:
            self._orphaned = self._orphaned and self.playout.audible(now)
            if turn.paused:
                turn.paused, turn.output_from = False, now
            turn.audio_came(now)
            turn.audio += self.playout.push(turn.number, pcm24k, now)
            if self.playout.underruns > self._slowness.underruns:
                self._slowness.ran_dry(turn.number, now)
        return turn is not None

    def model_said(self, text: str, now: float) -> bool:
        """The model sent a piece of its own transcript; returns whether it belongs to a turn."""
        turn = self.turns.open or self.turns.model_spoke(now)
        if turn is not None:
            self.turns.transcripts.agent_said(text, turn)
        return turn is not None

    def caller_said(self, text: str, now: float) -> bool:
        """The model sent a piece of the caller's transcript; returns whether it was answered."""
        turn = self.turns.caller_said(text)
        if turn is not None:
            self._telling.caller_more(turn, text, now)
        return turn is not None

    def caller_wrote(self, text: str, now: float) -> None:
        """The caller wrote this: words to be answered, and no sound."""
        self.turns.caller_wrote(text, now, self.playout.audible(now))

    def model_pauses(self) -> None:
        """The model waits for a function: what it said so far is an utterance of its own."""
        if self.turns.open is not None:
            self.turns.open.paused = True
        self.playout.finish()

    def generation_complete(self, now: float) -> None:
        """The model has sent all of its turn."""
        turn = self.turns.generation_complete(now)
        if turn is not None:
            self.playout.finish()
            self._telling.turn(turn, now)

    def turn_complete(self, reason: str | None, interaction: str | None, now: float) -> Turn | None:
        """The model's service holds the turn for finished; returns it if it was open."""
        turn = self.turns.complete(reason, interaction, now)
        self.playout.finish()
        if turn is not None:
            self._telling.turn(turn, now)
        return turn

    def give_up_turn(self, now: float) -> Turn | None:
        """The end of the turn was never said; returns it if its sound was not all there."""
        turn = self.turns.give_up()
        self.playout.finish()
        if turn is None or turn.generated:
            return None
        return self._stopped_short(turn, now)

    def connection_left(self, cut: bool, now: float) -> Turn | None:
        """No more comes from the connection; what did come is played.

        Args:
            cut: a turn was being generated.

        Returns:
            The turn whose rest is missing.
        """
        self._orphaned = self.playout.audible(now)
        turn = self.turns.connection_left()
        if turn is None:
            return None
        self.playout.finish()
        if turn.generated or not cut:  # all was said, or said so far as a function's result allows
            self._telling.turn(turn, now)
            return None
        turn.reason = "cut"
        return self._stopped_short(turn, now)

    def interrupted(self, now: float, *, asked_at: float = -inf) -> Turn | None:
        """The model's service heard an interruption and has stopped.

        Args:
            asked_at: when we last said something to the model, which interrupts it as well.

        Returns:
            The turn whose rest is missing although nobody interrupted it.
        """
        turn = self.turns.open
        reply_from = self.turns.reply_from
        heard_at = max(self.caller_voice.heard_at(now), asked_at)
        phantom = False
        if self.last_words or now < self._dialling_until:
            self.playout.finish()
        elif self.shield.up(now):
            phantom = True
            self.playout.finish()
        elif self._barge_in.by_model(heard_at, reply_from, now):
            self._cut("model", now)
        elif turn is not None:
            self.phantoms += 1
            self._timeline.add(now, "phantom_interrupt", turn=turn.number)
            phantom = is_phantom(heard_at, reply_from)
            # Should it have been the caller after all, then he is heard by our own ears.
            self._orphaned = self.playout.audible(now)
            self.playout.finish()
        self.turns.interrupted(now, phantom=phantom)
        if turn is None:
            return None
        if phantom and not turn.generated:
            return self._stopped_short(turn, now)
        self._telling.turn(turn, now)
        return None

    def dial(self, tones: bytes, now: float) -> None:
        """Dial on the line; until that is done nobody cuts what the caller hears.

        Args:
            tones: whole frames of 8 kHz mu-law.
        """
        self.playout.dial(tones)
        self._dialling_until = now + self.playout.left_s(now)
        self._timeline.add(now, "digits.dialled")

    def caller_ends(self, now: float) -> None:
        """The caller wants no more than a goodbye: what the agent is saying is cut."""
        self._cut("key", now)

    def go_on_with(self, turn: Turn, now: float) -> None:
        """The model is asked for the rest of this turn."""
        self.turns.go_on_with(turn)
        self.utterances.go_on_with(turn)
        self._timeline.add(now, "agent.asked_to_go_on", turn=turn.number)

    def listen(self, uplink: Uplink, now: float) -> list[SpeechStarted | SpeechEnded]:
        """Act on what our own detection heard in the caller's latest packet, and return it."""
        found = self.caller_voice.listen(uplink, now)
        listens = (self._barge_in.listens or self._orphaned) and now >= self._dialling_until
        if self._barge_in.listens:
            uplink.hasten(self.playout.audible(now))
        if listens and self.turns.caller_speaking and not self.last_words:
            self._listen_for_barge_in(uplink, now)
        return found

    def take(self, now: float) -> list[Play | Mark]:
        """Return what must go to the caller now; it counts as sent."""
        items = self.playout.take(now)
        for item in items:
            if isinstance(item, Play):
                self.utterances.goes_out(item, now)
        return items

    def marked(self, name: str, now: float) -> None:
        """The caller has heard the utterance before this mark."""
        if self.playout.marked(name, now):
            self.utterances.heard(name, now)
        if self.shield.up(now) and self.opening.heard:
            self.shield.heard()

    def line_broke(self, at: float, now: float) -> None:
        """There has been no line since then; what was not heard is for the next one."""
        self.clear_due = False
        self.utterances.over(self.playout.line_broke(at), now)
        self.turns.dead_air.over(at)

    def end(self, now: float) -> float:
        """The call is over.

        Returns:
            The agent's audio, in seconds, that was received and will not be heard.
        """
        unheard = self._silence(now)
        turn = self.turns.cut(unheard, now)
        if turn is not None:
            self._telling.turn(turn, now)
        text = self.turns.unanswered_text
        if text and self._keeping is not None and self._keeping.hides:
            text = NOT_KEPT
        self._telling.unanswered(text, now)
        return sum(unheard.values())

    def _listen_for_barge_in(self, uplink: Uplink, now: float) -> None:
        if self.shield.up(now):
            return
        if self.playout.audible(now) and self._barge_in.by_speech(
            uplink.spoken / RATE_HZ, now - self.utterances.audible_since
        ):
            self._cut("local", now)

    def _cut(self, by: str, now: float) -> None:
        """Silence the agent, if there is anything to silence."""
        audible = self.playout.audible(now)
        self.clear_due = self.clear_due or self.playout.end > now
        turn = self.turns.cut(self._silence(now), now)
        if turn is None:
            return
        if audible:
            self.barge_ins += 1
            heard_s = round(turn.heard_s, 3)
            self._timeline.add(now, "barge_in", by=by, turn=turn.number, heard_s=heard_s)
        if turn.agent_text:
            self._reply_heard(turn.latest_text_heard)
        self._telling.turn(turn, now)

    def _stopped_short(self, turn: Turn, now: float) -> Turn | None:
        """The rest of this turn does not come by itself; without any sound, none of it did."""
        if turn.agent_text:
            turn.stop_short()
            self._reply_heard(turn.latest_text_heard)
        self._telling.turn(turn, now)
        if not turn.audio:
            return None
        self._timeline.add(now, "agent.cut_short", turn=turn.number, received_s=turn.heard_s)
        return turn

    def _silence(self, now: float) -> dict[int, float]:
        """Forget all that is not heard; returns how much that is, by turn."""
        unheard = self.playout.clear(now)
        self.utterances.silenced(now)
        return unheard
