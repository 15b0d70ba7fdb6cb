"""The life of a call: its states, and what time does to it; without I/O.

Joins `Limits`, `Quiet`, `Ending` and `Presence`, and is the one place where a call changes its
state.
"""

from math import inf

from agent.call import prompts
from agent.call.aside import PhoneState
from agent.call.conversation import Conversation
from agent.call.effects import Outcome
from agent.call.ending import FINISH_DRAIN_S, LIMIT_DRAIN_S, Ending, EndingState
from agent.call.errands import Errands
from agent.call.last_words import LastWords
from agent.call.limits import Limit, Limits
from agent.call.policy import CallPlan
from agent.call.presence import Presence
from agent.call.quiet import Quiet
from agent.call.seam import Seam
from agent.call.state import TRANSITIONS, CallState
from agent.call.timeline import Timeline
from agent.errors import LocalProtocolError


class Life:
    """One call's.

    Attributes:
        state: see `agent.call.state`.
        outcome: why it ended; None until then.
        limits: how long things may take.
        phone: its going and coming back.
        aside: where the phone is.
        started_at, ready_at, ended_at: when; None: not yet.
        cut_s: agent audio received that the caller did not hear, though nobody interrupted it.
    """

    def __init__(
        self,
        plan: CallPlan,
        talk: Conversation,
        errands: Errands,
        seam: Seam,
        timeline: Timeline,
        now: float,
    ) -> None:
        self.state = CallState.NEW
        self.outcome: Outcome | None = None
        self.limits = Limits(plan.max_call_s, plan.wrap_up_s, now)
        self.started_at: float | None = None
        self.ready_at: float | None = None
        self.ended_at: float | None = None
        self.cut_s = 0.0
        self.phone = Presence(plan.reattach_s, self.limits, talk, seam, timeline)
        self.aside = self.phone.aside
        self._plan = plan
        self._talk = talk
        self._errands = errands
        self._seam = seam
        self._timeline = timeline
        self._quiet = Quiet(plan.idle, talk, errands, seam, self.aside, now)
        self._ending: LastWords | None = None
        self._limit_outcome = Outcome.LIMIT
        self._message, self._to_machine = plan.message, plan.to_machine

    @property
    def draining(self) -> bool:
        """Whether the call ends, and nothing that the model could say would be heard."""
        ending = self._ending
        return ending is not None and ending.ending.state is EndingState.DRAINING

    def lasted_s(self, now: float) -> float:
        """How long the caller has been on the line."""
        if self.started_at is None:
            return 0.0
        return (now if self.ended_at is None else self.ended_at) - self.started_at

    # What happened.

    def started(self, now: float) -> None:
        """The carrier opened the stream."""
        self._move(CallState.ANSWERED)
        self.started_at = now
        self.limits.started(now)
        greets = self._plan.opening is not None or self._message is not None
        self._seam.answered(now, greets=greets)

    def ready(self, now: float) -> None:
        """The model is ready; the first time, it is asked to greet (C-34: once per call)."""
        if self.state is not CallState.ANSWERED:
            return
        self._move(CallState.TALKING)
        self.ready_at = now
        self._quiet.broken(now)
        self._timeline.add(now, "model.ready")
        if self._message is not None:
            self._leave(self._message, now)
        elif (opening := self._plan.opening) is not None:
            self._errands.tell(prompts.say(prompts.GREETING, opening), now)

    def model_left(self, now: float) -> None:
        """The session has no connection for the moment."""
        if (words := self._last_words) is not None:
            words.ending.model_left(now)

    def model_back(self, took_s: float, now: float) -> None:
        """The model was away for so long: no time in which the caller said nothing to it."""
        self._quiet.model_back(took_s)
        if (words := self._last_words) is not None:
            words.ending.model_back(now)

    def caller_active(self, now: float) -> None:
        """The caller gave a sign of life."""
        self._quiet.caller_active(now)
        self._errands.caller_spoke()

    def caller_waited(self, now: float) -> None:
        """Until now, a function ran: a caller who said nothing had nothing to say."""
        self._quiet.broken(now)

    def turn_over(self, now: float, *, whole: bool) -> None:
        """The model's turn ended; `whole`: it has said all of it."""
        self._quiet.broken(now)
        self._errands.model_answered(now, whole=whole)
        if (words := self._last_words) is not None:
            words.ending.turn_over(now)

    def takes_audio(self, now: float) -> bool:
        """Whether audio that the model sends now is still for the caller."""
        words = self._last_words
        if words is None or self._talk.turns.drops(now):
            return True  # what is dropped belongs to a turn that was cut: no last words
        return words.ending.model_spoke(now) or self._ending is None

    # The phone goes and comes back.

    def step_aside(
        self, longest_s: float, outcome: Outcome, now: float, *, after_words: bool
    ) -> bool:
        """Let the phone go once the caller has heard what is being said; see `Call.step_aside`."""
        if self.state not in {CallState.ANSWERED, CallState.TALKING}:
            return False
        return self.phone.step_aside(longest_s, outcome, now, after_words=after_words)

    def phone_lost(self, outcome: Outcome, now: float) -> None:
        """Its socket is gone without a word: it is waited for, if the call's plan says so."""
        if self.aside.state is PhoneState.AWAY:
            return
        if self.phone.awaited and self.state not in {CallState.NEW, CallState.ENDED}:
            self.phone.lost(now)
        else:
            self.phone_gone(outcome, now)

    def phone_back(self, stream_id: str, now: float) -> float:
        """The carrier has begun another stream; returns how long nothing was heard of the phone."""
        missed_s = self.phone.back(stream_id, now)
        self._quiet.broken(now)
        if self._ending is not None:
            self._ending.held(now)
        return missed_s

    @property
    def _last_words(self) -> LastWords | None:
        """Those that are waited for or heard now."""
        return self._ending or self.phone.words

    # The end.

    def end(self, outcome: Outcome, now: float, *, spoken: bool) -> None:
        """Begin to end; the model may still say its last words, or go on with them (`spoken`)."""
        if self.state is not CallState.ENDING:
            self._begin_end(outcome, now, spoken, inf)

    def drain(self, outcome: Outcome, now: float, longest_s: float = inf) -> None:
        """Begin to end, or go on to: nothing is added to what the caller has yet to hear."""
        words = self._ending or self._begin_end(outcome, now, True, longest_s)
        words.ending.no_more()
        if words.ending.state is EndingState.WORDS:
            words.drain(now)

    def phone_gone(self, outcome: Outcome, now: float) -> None:
        """The caller is not there any more; an end that has begun keeps its reason."""
        self.over(self._ending.ending.outcome if self._ending else outcome, now, cut=False)

    def finish(self, outcome: Outcome, now: float) -> None:
        """End from outside, at once but politely."""
        if self.state is CallState.NEW:
            self.over(outcome, now)
        elif outcome is Outcome.CALLER_HUNG_UP or self.aside.away:
            self.phone_gone(outcome, now)
        elif self.state is not CallState.ENDED:
            self.drain(outcome, now, FINISH_DRAIN_S)

    def wrap_up(self, outcome: Outcome, now: float) -> None:
        """Have the model say good-bye, and end by the clock as at the longest duration."""
        if self.limits.hurry(now):
            self._limit_outcome = outcome
            self._timeline.add(now, "call.wrap_up", outcome=outcome)

    def leave_message(self, text: str, now: float, *, to_machine: bool) -> None:
        """What is being said is cut, and a message ends the call."""
        self._to_machine = to_machine
        if self.state in {CallState.NEW, CallState.ANSWERED}:
            self._message = text  # once there is a model to say it
        elif self.state is CallState.TALKING:
            self._talk.caller_ends(now)
            self._leave(text, now)

    def _leave(self, text: str, now: float) -> None:
        outcome, prompt = Outcome.AGENT_ENDED, prompts.ANNOUNCEMENT
        if self._to_machine:
            outcome, prompt = Outcome.MACHINE, prompts.MESSAGE
        self.end(outcome, now, spoken=False)
        self._errands.tell(prompts.say(prompt, text), now)

    def over(self, outcome: Outcome, now: float, *, cut: bool = True) -> None:
        """End on the spot; `cut`: the caller is still there, and misses what he has not heard."""
        if self.state is CallState.ENDED:
            return
        self._move(CallState.ENDED)
        self.outcome = outcome
        self.ended_at = now
        unheard_s = self._talk.end(now)
        if cut:
            self.cut_s += unheard_s
        self._errands.end(now)
        self._timeline.add(now, "call.ended", outcome=outcome)

    # Time.

    def deadline(self) -> float:
        """When `advance` next has something to do, in a call that has not ended."""
        quiet_at, words = self._quiet.since(), self._last_words
        if self.aside.away:
            next_at = self.aside.deadline
        else:
            next_at = self._idle_at(quiet_at) if words is None else words.deadline
        return min(
            self.limits.deadline,
            self._errands.deadline(quiet_at),
            self._seam.deadline(),
            next_at,
        )

    def advance(self, now: float) -> None:
        """Do what is due."""
        self._reach_limits(now)
        if self.state is CallState.ENDED:
            return
        quiet_at = self._quiet.since()
        if self._errands.advance(quiet_at, now):
            self._talk.caller_ends(now)
            self.end(Outcome.CALLER_ENDED, now, spoken=False)
        if now >= self._idle_at(quiet_at):
            self._caller_silent(quiet_at, now)
        if self.aside.away:
            if now >= self.aside.deadline:
                self.phone_gone(self.aside.outcome, now)
        elif self._ending is not None:
            if self._ending.advance(now):
                self.over(self._ending.ending.outcome, now)
        else:
            self.phone.advance(now)

    def _reach_limits(self, now: float) -> None:
        while self.state is not CallState.ENDED and (limit := self.limits.due(now)) is not None:
            if limit is Limit.NO_START:
                self.over(Outcome.PHONE_PROTOCOL, now)
            elif limit is Limit.NO_MEDIA:
                self.phone_lost(Outcome.PHONE_LOST, now)
            elif limit is Limit.WRAP_UP:
                self._errands.tell_when_quiet(prompts.WRAP_UP, self.limits.wrap_up_by)
            else:
                self.drain(self._limit_outcome, now, LIMIT_DRAIN_S)

    def _caller_silent(self, quiet_at: float, now: float) -> None:
        outcome = self._quiet.too_long(quiet_at, now)
        if outcome is Outcome.MODEL_SILENT:
            self._seam.failed()
            self.drain(outcome, now)
        elif outcome is not None:
            self.end(outcome, now, spoken=False)
            self._errands.tell(prompts.IDLE_GOODBYE, now)

    def _idle_at(self, quiet_at: float) -> float:
        return self._quiet.deadline(quiet_at) if self.state is CallState.TALKING else inf

    def _begin_end(self, outcome: Outcome, now: float, spoken: bool, longest_s: float) -> LastWords:
        self._move(CallState.ENDING)
        self.phone.stays()
        self.limits.ending()
        self._talk.last_words = self._errands.ending = True
        self._seam.ending(now, owed=not spoken)
        ending = Ending(outcome, now, spoken=spoken, longest_drain_s=longest_s)
        self._ending = words = LastWords(ending, self._talk, self._seam)
        self._timeline.add(now, "call.ending", outcome=outcome)
        return words

    def _move(self, state: CallState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise LocalProtocolError(f"a call in state {self.state.name} cannot be {state.name}")
        self.state = state
