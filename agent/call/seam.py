"""The seam: what the caller must not hear of a model that goes, stalls or forgets; without I/O.

The session moves by itself (`agent.gemini.session`). What that means for the call is here: what was
cut is gone on with (`sentence`), what is owed is asked for again (`watchdog`), and a caller who
waits without a model is not left in silence (`cover`).

Whatever the model is asked for, it is asked by one side only (docs/protocols/gemini-live.md B26):
nothing is asked when the caller speaks, when what the session sends again prompts the model anyway,
when a function's result will, or when the model has begun to speak by itself.
"""

from collections.abc import Sequence
from math import inf

from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.call import prompts
from agent.call.absence import Absence
from agent.call.connections import note_leaving, note_moved
from agent.call.conversation import Conversation
from agent.call.cover import Cover
from agent.call.errands import Errands
from agent.call.late_output import LATE_S
from agent.call.lead import RATE_HZ
from agent.call.sentence import Sentence, SentenceState, premature
from agent.call.timeline import Timeline
from agent.call.turn import Turn
from agent.call.waiting import Waiting
from agent.call.watchdog import Remedy, Watchdog, WatchdogPolicy
from agent.gemini.session import LiveSession
from agent.gemini.session_events import Leaving, Moved, Why
from agent.gemini.session_state import DEFAULT_MOVES

REAL_SPEECH_S = 0.3
"""A shorter sound of the caller is neither waited for an answer to, nor lets a sentence drop."""
BY_ITSELF_S = LATE_S + 0.2
"""So long a model that stopped in mid-sentence may take to go on unasked."""
RESUMED_S = 0.5
"""So long a session that was resumed may take to go on with what it remembers having to say."""
CATCH_UP = 1 / (DEFAULT_MOVES.replay_speed - 1)
"""So long, against its own length, kept audio takes to be sent with what is said meanwhile."""
GOODBYE_S = 2.0
"""So long it may take to say a goodbye that it remembers owing; two would be worse than a wait."""
TRANSCRIPT_LATE_S = 3.0
"""A transcript may come so long after the answer to its words."""


class Seam:
    """One call's.

    Attributes:
        absence: whether the model is there.
        watchdog: see there.
        premature: turns that the service ended in mid-sentence.
    """

    def __init__(
        self,
        session: LiveSession,
        talk: Conversation,
        errands: Errands,
        cover: Cover,
        timeline: Timeline,
        policy: WatchdogPolicy,
    ) -> None:
        self.absence = Absence(cover, cover.slow_s)
        self.watchdog = Watchdog(policy)
        self.premature = 0
        self._session = session
        self._talk = talk
        self._errands = errands
        self._cover = cover
        self._timeline = timeline
        self._policy = policy
        self._sentence = Sentence()
        self._told_at = -inf
        self._answers = 0
        self._owed_text: str | None = None
        self._owed_ask_at = inf
        self._tools_lost = False
        self._spoke_from = 0
        self._waiting = Waiting(talk, errands, self.watchdog, self._sentence)

    @property
    def restless(self) -> bool:
        """Whether there is no mutual silence, because the model is away or owes a sound."""
        return self.absence.away or (self.watchdog.owed and not self._tools_lost)

    # The model comes and goes.

    def answered(self, now: float, *, greets: bool) -> None:
        """The caller hears the line; with a greeting, the model owes it from now on."""
        self.absence.opening(now)
        if greets:
            self.watchdog.owes(now)

    def ready(self, now: float) -> None:
        """The first connection stands; what the caller said so far is sent to it."""
        self.absence.ready()
        self.watchdog.arrived(now, resumed=False)

    def left(self, event: Leaving, now: float) -> None:
        """The session has no connection; what came on the last one is played."""
        note_leaving(self._timeline, event, now)
        self.absence.begins(now)
        self.note_errands(now)
        self.watchdog.left()
        self._sentence.lost(now)
        self._errands.left(now)
        self._owed_ask_at = inf
        turn = self._talk.turns.open
        cut = self._talk.connection_left(event.turn_cut, now)
        if self._errands.tools.pending:
            self._owes(None, now)
            self._tools_lost = True
        if cut is not None:
            self._cut(cut, now)
        elif event.turn_cut and turn is not None and not turn.generated:  # all of it is owed
            self._owes(None if turn.answers_caller else self._errands.last_text, now)

    def moved(self, event: Moved, now: float) -> None:
        """Another connection carries the session."""
        note_moved(self._timeline, event, now)
        self.absence.over()
        self._errands.moved(event.resumed and not event.prompted, now)
        self.watchdog.arrived(now, resumed=event.resumed)
        # What is kept goes out first: it may hold words that the model answers by itself.
        sent_at = now + event.replayed_ms / 1000 * CATCH_UP
        ask_at = sent_at + RESUMED_S if event.resumed else sent_at
        self._sentence.wait(sent_at + self._policy.step_s if event.prompted else ask_at)
        if self._talk.last_words:
            self._owed_ask_at = now + GOODBYE_S if self.watchdog.owed else inf
        elif self.watchdog.owed and not event.prompted and not self._tools_lost:
            self._owed_ask_at = ask_at

    def failed(self) -> None:
        """No model will come any more: the last words are ours."""
        self._sentence.settle()
        self.watchdog.left()
        if not self._talk.last_words:
            self._cover.apologise()

    def ending(self, now: float, *, owed: bool) -> None:
        """The call ends; `owed`: the model has yet to say its last words, undisturbed."""
        self._session.staying = True
        self._sentence.settle()
        self._owed_ask_at = inf
        self.watchdog.settled()
        if owed:
            self.watchdog.owes(now)

    def drained(self) -> None:
        """The call ends, and nothing more is wanted of the model."""
        self._owed_ask_at = inf
        self.watchdog.settled()

    # The talk.

    def model_spoke(self) -> None:
        """The model has given a sound, a word, or a function to run."""
        self._owed_ask_at, self._tools_lost = inf, False
        self.absence.spoke()
        self.watchdog.spoke()
        self._sentence.settle()

    def caller_spoke(self, found: Sequence[SpeechStarted | SpeechEnded]) -> None:
        """Our own detection heard the caller begin or stop, in what was just sent."""
        for event in found:
            if isinstance(event, SpeechStarted):
                self._spoke_from = event.at_sample
                self._cover.caller_spoke()
                continue
            cut = self._sentence.turn
            real = event.at_sample - self._spoke_from >= REAL_SPEECH_S * RATE_HZ
            if real:
                self._owed_ask_at = inf
            if real or (cut is not None and cut.interrupted):
                self._sentence.settle()
            answered = self._talk.turns.answers(self._talk.caller_voice.until)
            if real and not answered and not self._talk.last_words:
                self._owes(None, self._talk.caller_voice.until, again=True)

    def caller_said(self, now: float) -> None:
        """The service heard words of the caller that no turn has answered yet."""
        turns = self._talk.turns
        if self._talk.last_words:
            return
        if turns.open is None and now - turns.model_at > TRANSCRIPT_LATE_S:
            self._owes(None, now)

    def tools_cancelled(self, now: float) -> None:
        """The service gave functions up, whoever made it: the caller has no answer yet."""
        if not self._errands.tools.pending and not self._talk.last_words:
            self._owes(None, now)

    def note_errands(self, now: float) -> None:
        """What the errands said to the model, wherever it came from, wants an answer."""
        if self._errands.answers > self._answers and not self._errands.tools.pending:
            self._answers = self._errands.answers
            self._talk.turns.expect_output(now)
            if not self._talk.last_words:
                self._owes(None, now)
        if self._errands.told_at > self._told_at:
            self._told_at = self._errands.told_at
            self._sentence.settle()
            if not self._talk.last_words:
                self._owes(self._errands.last_text, self._told_at)

    def interrupted(self, now: float) -> None:
        """The service says that it was interrupted."""
        turns = self._talk.turns
        ours = self._sentence.state is SentenceState.ASKED and turns.open is None
        if ours and not turns.caller_speaking:
            return  # by our asking for a turn that was given up
        self._sentence.settle()
        cut = self._talk.interrupted(now, asked_at=self._errands.told_at)
        if cut is not None:
            self._cut(cut, now + BY_ITSELF_S)

    def turn_complete(self, turn: Turn | None, now: float) -> None:
        """The service holds this turn for complete."""
        if turn is None or not turn.audio:
            return
        self.watchdog.well()
        if premature(turn) and not self._errands.tools.pending:
            self.premature += 1
            self._timeline.add(now, "agent.premature_end", turn=turn.number)
            if self._policy.finish_premature:
                self._cut(turn, now + BY_ITSELF_S)

    # Time.

    def deadline(self) -> float:
        """When `advance` next has something to do, in a call that has not ended."""
        if self._talk.last_words:
            return min(self._unended_at(), self._ask_at())
        waits_from = self._waiting.since(away=self.absence.away)
        covered_at = self.absence.deadline(waits_from)
        return min(self._unended_at(), self._ask_at(), self._watch_at(), covered_at)

    def advance(self, now: float) -> bool:
        """Do what is due.

        Returns:
            Whether the turn that the model was in is taken for over.
        """
        self.note_errands(now)
        closed = now >= self._unended_at()
        if closed:
            self._talk.give_up_turn(now)
        if now >= self._ask_at():
            self._ask(now)
            self.watchdog.owes(now)
        closed |= self._watch(now)
        away = self.absence.away
        self.absence.advance(self._waiting.note(now, away=away), now)
        return closed

    def _watch(self, now: float) -> bool:
        if self._holds_back():
            return False
        stalled_from = self._talk.turns.stalled_from()
        remedy = self.watchdog.due(stalled_from, self._talk.playout.end, now)
        if remedy is None:
            return False
        self._timeline.add(now, "model.watchdog", remedy=remedy.value, stalled=stalled_from < inf)
        turn = self._talk.turns.open
        if turn is not None:
            cut = self._talk.give_up_turn(now)
            if cut is not None:
                self._cut(cut, now)
        if remedy is Remedy.NUDGE:
            self._ask(now)
        elif remedy is not Remedy.GIVE_UP:
            self._session.move(now, Why.SILENT, fresh=remedy is Remedy.FRESH)
        else:
            self._sentence.settle()
        return turn is not None

    def _ask(self, now: float) -> None:
        """Ask for the rest of a sentence; else for what is owed."""
        turn = self._sentence.turn
        text = prompts.GOODBYE if self._talk.last_words else self._owed_text or prompts.ANSWER
        if turn is not None:
            self._talk.go_on_with(turn, now)
            text = self._sentence.asked()
        self._errands.tell(text, now, remember=False)
        self._owed_text, self._told_at = text, now
        self._owed_ask_at = inf

    def _cut(self, turn: Turn, ask_at: float) -> None:
        if not self._talk.last_words and not self._errands.tools.pending:
            self._sentence.cut(turn, ask_at)

    def _owes(self, text: str | None, since: float, *, again: bool = False) -> None:
        self._owed_text, self._tools_lost = text, False
        self.watchdog.owes(since, again=again)

    def _ask_at(self) -> float:
        ask_at = min(self._sentence.ask_at, self._owed_ask_at)
        if ask_at == inf:
            return inf
        away = self.absence.away
        if away or self._holds_back():
            return self._owed_ask_at if self._talk.last_words and not away else inf
        return ask_at

    def _watch_at(self) -> float:
        if self._holds_back():
            return inf
        return self.watchdog.deadline(self._talk.turns.stalled_from(), self._talk.playout.end)

    def _holds_back(self) -> bool:
        """Whether there is nothing to ask for: the caller speaks, a function runs, it ends."""
        talk = self._talk
        return talk.turns.caller_speaking or talk.last_words or self._errands.tools.pending

    def _unended_at(self) -> float:
        unended_from = self._talk.turns.unended_from()
        if unended_from == inf or self._errands.tools.pending:
            return inf
        return max(unended_from, self._talk.playout.end) + self._policy.end_s
