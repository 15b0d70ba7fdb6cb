"""The talk itself: the agent's voice, whose turn it is, who interrupts whom; without I/O.

Joins `Turns` (what belongs together), `Playout` (what the caller hears when) and `BargeIn` (who may
cut it), and writes the timeline of the talk.
"""

from collections import deque
from math import inf

from agent.audio.pcm import Pcm16
from agent.audio.speech import SpeechStarted
from agent.call.bargein import BargeIn
from agent.call.playout import RATE_HZ, REMEMBERED_PARTS, Mark, Play, Playout
from agent.call.timeline import Timeline
from agent.call.turns import Turn, Turns
from agent.call.uplink import Uplink


class Conversation:
    """The talk of one call.

    Attributes:
        last_words: the call is ending: what the agent still says is not cut any more.
        clear_due: the carrier's queue must be emptied, before any other audio.
        barge_ins: times that the agent was cut.
        phantoms: interruptions of the model's service that were not believed.
        first_audio_at: when the caller first heard the agent; None: not yet.
    """

    def __init__(self, playout: Playout, barge_in: BargeIn, timeline: Timeline) -> None:
        self.playout = playout
        self.turns = Turns()
        self.last_words = False
        self.clear_due = False
        self.barge_ins = 0
        self.phantoms = 0
        self.first_audio_at: float | None = None
        self._barge_in = barge_in
        self._timeline = timeline
        self._audible_since = inf
        # Utterances begun and not known to have been heard; the carrier may lose marks.
        self._sounding: deque[str] = deque(maxlen=REMEMBERED_PARTS)
        self._told: set[int] = set()
        self._caller_told: set[int] = set()

    def model_audio(self, pcm24k: Pcm16, now: float) -> None:
        """The model sent a chunk of speech."""
        turn = self.turns.model_spoke(now)
        if turn is not None:
            turn.audio += self.playout.push(turn.number, pcm24k, now)

    def model_said(self, text: str, now: float) -> None:
        """The model sent a piece of its own transcript."""
        turn = self.turns.open or self.turns.model_spoke(now)
        if turn is not None:
            self.turns.agent_said(turn, text)

    def caller_said(self, text: str, now: float) -> None:
        """The model sent a piece of the caller's transcript."""
        turn = self.turns.caller_said(text)
        if turn is not None and turn.number in self._caller_told:
            self._timeline.add(now, "caller.said", turn=turn.number, **{"pii.text": text.strip()})

    def model_pauses(self) -> None:
        """The model waits for a function: what it said so far is an utterance of its own."""
        self.playout.finish()

    def generation_complete(self, now: float) -> None:
        """The model has sent all of its turn."""
        turn = self.turns.generation_complete(now)
        if turn is not None:
            self.playout.finish()
            self._tell(turn, now)

    def turn_complete(self, reason: str | None, interaction: str | None, now: float) -> None:
        """The model's service holds the turn for finished."""
        turn = self.turns.complete(reason, interaction, now)
        self.playout.finish()
        if turn is not None:
            self._tell(turn, now)

    def give_up_turn(self, now: float) -> None:
        """The end of the turn was never said."""
        turn = self.turns.give_up()
        self.playout.finish()
        if turn is not None:
            self._tell(turn, now)

    def interrupted(self, now: float) -> None:
        """The model's service heard an interruption and has stopped."""
        turn = self.turns.open
        if self.last_words:
            self.playout.finish()
        elif self._barge_in.by_model(self.turns.caller_speaking):
            self._cut("model", now)
        elif turn is not None:
            self.phantoms += 1
            self.playout.finish()
        self.turns.interrupted(now)
        if turn is not None:
            self._tell(turn, now)

    def listen(self, uplink: Uplink, now: float) -> bool:
        """Act on what our own detection heard in the caller's latest packet.

        Returns:
            Whether the caller began or stopped speaking.
        """
        found = uplink.speech()
        for event in found:
            at = uplink.time_of(event.at_sample, now)
            if isinstance(event, SpeechStarted):
                self.turns.caller_started(at)
                self._barge_in.caller_started()
                self._timeline.add(at, "caller.speech_started")
            else:
                self.turns.caller_stopped(at, self.playout.audible(now))
                self._timeline.add(at, "caller.speech_ended")
        if self._barge_in.listens and self.turns.caller_speaking and not self.last_words:
            self._listen_for_barge_in(uplink, now)
        return bool(found)

    def take(self, now: float) -> list[Play | Mark]:
        """Return what must go to the caller now; it counts as sent."""
        items = self.playout.take(now)
        for item in items:
            if isinstance(item, Play) and item.part is not None:
                self._begin_audio(item.part, item.turn, now)
        return items

    def marked(self, name: str, now: float) -> None:
        """The caller has heard the utterance before this mark."""
        part = None if self.playout.marked(name, now) else name
        while self._sounding and part != name:  # earlier ones as well, should their marks be lost
            part = self._sounding.popleft()
            self._timeline.add(now, "agent.audio_ended", id=part, cut=False)

    def end(self, now: float) -> float:
        """The call is over.

        Returns:
            The agent's audio, in seconds, that was received and will not be heard.
        """
        unheard = self._silence(now)
        turn = self.turns.cut(unheard, now)
        if turn is not None:
            self._tell(turn, now)
        text = self.turns.unanswered_text
        if text:
            self._timeline.add(now, "caller.said", turn=None, **{"pii.text": text})
        return sum(unheard.values())

    def _listen_for_barge_in(self, uplink: Uplink, now: float) -> None:
        if self.playout.audible(now) and self._barge_in.by_speech(
            uplink.spoken / RATE_HZ, now - self._audible_since
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
        self._tell(turn, now)

    def _silence(self, now: float) -> dict[int, float]:
        """Forget all that is not heard; returns how much that is, by turn."""
        unheard = self.playout.clear(now)
        for part in self._sounding:
            self._timeline.add(now, "agent.audio_ended", id=part, cut=True)
        self._sounding.clear()
        return unheard

    def _begin_audio(self, part: str, number: int, now: float) -> None:
        self._audible_since = now
        if self.first_audio_at is None:
            self.first_audio_at = now
        turn = self.turns.open
        if turn is not None and turn.number == number:
            self._tell_caller(turn, now)
        latency_s = self.turns.audio_sent(number, now)
        if latency_s is not None:
            latency_s = round(latency_s, 3)
        self._sounding.append(part)
        self._timeline.add(now, "agent.audio_started", id=part, turn=number, latency_s=latency_s)

    def _tell(self, turn: Turn, now: float) -> None:
        """Write the words of a turn into the timeline, the caller's first, once."""
        if turn.number in self._told:
            return
        self._told.add(turn.number)
        self._tell_caller(turn, now)
        self._caller_told.add(turn.number)
        if text := turn.agent_text_heard:
            self._timeline.add(now, "agent.said", turn=turn.number, **{"pii.text": text})

    def _tell_caller(self, turn: Turn, now: float) -> None:
        """The caller's words so far, once; what is transcribed later follows as it comes."""
        text = turn.caller_text.strip()
        if text and turn.number not in self._caller_told:
            self._caller_told.add(turn.number)
            self._timeline.add(now, "caller.said", turn=turn.number, **{"pii.text": text})
