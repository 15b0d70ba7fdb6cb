"""The life of a call: its states, and what time does to it; without I/O.

Joins `Limits`, `Idle` and `Ending`, and is the one place where a call changes its state.
"""

from enum import Enum
from math import inf

from agent.call import prompts
from agent.call.conversation import Conversation
from agent.call.effects import Outcome
from agent.call.ending import Ending, EndingState
from agent.call.errands import Errands
from agent.call.idle import Idle, IdleMove
from agent.call.limits import Limit, Limits
from agent.call.policy import CallPlan
from agent.call.seam import Seam
from agent.call.timeline import Timeline
from agent.errors import LocalProtocolError

FINISH_DRAIN_S = 5.0
"""When ended from outside, so much of the agent's speech is still played out;"""
LIMIT_DRAIN_S = 10.0
"""and so much at the longest duration."""


class CallState(Enum):
    """Where a call stands."""

    NEW = "new"
    """The phone's socket is open; the carrier has not said `start`."""
    ANSWERED = "answered"
    """The caller hears the line; the model is not ready."""
    TALKING = "talking"
    ENDING = "ending"
    """It will end; last words play out."""
    ENDED = "ended"


TRANSITIONS: dict[CallState, set[CallState]] = {
    CallState.NEW: {CallState.ANSWERED, CallState.ENDED},
    CallState.ANSWERED: {CallState.TALKING, CallState.ENDING, CallState.ENDED},
    CallState.TALKING: {CallState.ENDING, CallState.ENDED},
    CallState.ENDING: {CallState.ENDED},
    CallState.ENDED: set(),
}


class Life:
    """One call's.

    Attributes:
        state: see `TRANSITIONS`.
        outcome: why it ended; None until then.
        limits: how long things may take.
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
        self._plan = plan
        self._talk = talk
        self._errands = errands
        self._seam = seam
        self._timeline = timeline
        self._idle = Idle(plan.idle)
        self._ending: Ending | None = None
        self._active_at = now

    @property
    def draining(self) -> bool:
        """Whether the call ends, and nothing that the model could say would be heard."""
        return self._ending is not None and self._ending.state is EndingState.DRAINING

    # What happened.

    def started(self, now: float) -> None:
        """The carrier opened the stream."""
        self._move(CallState.ANSWERED)
        self.started_at = now
        self.limits.started(now)
        self._seam.answered(now, greets=self._plan.opening is not None)

    def ready(self, now: float) -> None:
        """The model is ready; the first time, it is asked to greet (C-34: once per call)."""
        if self.state is not CallState.ANSWERED:
            return
        self._move(CallState.TALKING)
        self.ready_at = self._active_at = now
        self._timeline.add(now, "model.ready")
        if (opening := self._plan.opening) is not None:
            self._errands.tell(prompts.say(prompts.GREETING, opening), now)

    def model_left(self, now: float) -> None:
        """The session has no connection for the moment."""
        if self._ending is not None:
            self._ending.model_left(now)

    def model_back(self, took_s: float, now: float) -> None:
        """The model was away for so long: no time in which the caller said nothing to it."""
        self._active_at = max(self._active_at, self._talk.playout.end) + took_s
        if self._ending is not None:
            self._ending.model_back(now)

    def caller_active(self, now: float) -> None:
        """The caller gave a sign of life."""
        self._active_at = now
        self._idle.caller_active()
        self._errands.caller_spoke()

    def caller_waited(self, now: float) -> None:
        """Until now, a function ran: a caller who said nothing had nothing to say."""
        self._active_at = now

    def turn_over(self, now: float) -> None:
        """The model's turn ended, whichever way."""
        self._active_at = now
        self._errands.model_answered(now)
        if self._ending is not None:
            self._ending.turn_over(now)

    def takes_audio(self, now: float) -> bool:
        """Whether audio that the model sends now is still for the caller."""
        if self._ending is None or self._talk.turns.drops(now):
            return True  # what is dropped belongs to a turn that was cut: no last words
        return self._ending.model_spoke(now)

    # The end.

    def end(self, outcome: Outcome, now: float, *, spoken: bool) -> None:
        """Begin to end; the model may still say its last words, or go on with them (`spoken`)."""
        if self.state is not CallState.ENDING:
            self._begin_end(outcome, now, spoken, inf)

    def drain(self, outcome: Outcome, now: float, longest_s: float = inf) -> None:
        """Begin to end, or go on to: nothing is added to what the caller has yet to hear."""
        ending = self._ending or self._begin_end(outcome, now, True, longest_s)
        ending.no_more()
        if ending.state is EndingState.WORDS:
            self._drain(ending, now)

    def phone_gone(self, outcome: Outcome, now: float) -> None:
        """The caller is not there any more; an end that has begun keeps its reason."""
        self._over(self._ending.outcome if self._ending else outcome, now, cut=False)

    def finish(self, outcome: Outcome, now: float) -> None:
        """End from outside, at once but politely."""
        if self.state is CallState.NEW:
            self.over(outcome, now)
        elif self.state is not CallState.ENDED:
            self.drain(outcome, now, FINISH_DRAIN_S)

    def over(self, outcome: Outcome, now: float) -> None:
        """End on the spot."""
        self._over(outcome, now, cut=True)

    # Time.

    def deadline(self) -> float:
        """When `advance` next has something to do, in a call that has not ended."""
        quiet_at = self._quiet_at()
        return min(
            self.limits.deadline,
            self._errands.deadline(quiet_at),
            self._seam.deadline(),
            self._idle_at(quiet_at) if self._ending is None else self._ends_at(self._ending),
        )

    def advance(self, now: float) -> None:
        """Do what is due."""
        if self.state is not CallState.ENDED:
            self._reach_limit(now)
        if self.state is CallState.ENDED:
            return
        quiet_at = self._quiet_at()
        if self._errands.advance(quiet_at, now):
            self._talk.caller_ends(now)
            self.end(Outcome.CALLER_ENDED, now, spoken=False)
        if now >= self._idle_at(quiet_at):
            self._caller_silent(quiet_at, now)
        if self._ending is not None:
            self._advance_ending(self._ending, now)

    def _advance_ending(self, ending: Ending, now: float) -> None:
        if ending.state is EndingState.WORDS and now >= ending.deadline:
            self._drain(ending, now)
        if ending.state is EndingState.DRAINING:
            if self._talk.playout.all_heard():
                ending.heard(self._talk.playout.line_end)
            if now >= ending.deadline:
                self.over(ending.outcome, now)

    def _drain(self, ending: Ending, now: float) -> None:
        self._talk.model_pauses()
        self._seam.drained()
        ending.drain(self._talk.playout.left_s(now), now)

    def _reach_limit(self, now: float) -> None:
        limit = self.limits.due(now)
        if limit is Limit.NO_START:
            self.over(Outcome.PHONE_PROTOCOL, now)
        elif limit is Limit.NO_MEDIA:
            self.phone_gone(Outcome.PHONE_LOST, now)
        elif limit is Limit.WRAP_UP:
            self._errands.tell_when_quiet(prompts.WRAP_UP, self.limits.wrap_up_by)
        elif limit is Limit.END:
            self.drain(Outcome.LIMIT, now, LIMIT_DRAIN_S)

    def _caller_silent(self, quiet_at: float, now: float) -> None:
        prompted_at = self._idle.prompted_at
        if self._idle.due(quiet_at, now) is IdleMove.PROMPT:
            self._errands.tell(prompts.say(prompts.IDLE, self._plan.idle.prompt_text), now)
        elif prompted_at is not None and self._talk.turns.model_at < prompted_at:
            self._seam.failed()
            self.drain(Outcome.MODEL_SILENT, now)
        else:
            self.end(Outcome.IDLE, now, spoken=False)
            self._errands.tell(prompts.IDLE_GOODBYE, now)

    def _quiet_at(self) -> float:
        """Since, or from, when nobody speaks or works on anything; `inf`: not known."""
        turns, playout = self._talk.turns, self._talk.playout
        if turns.open or turns.caller_speaking or playout.queued or self._errands.tools.pending:
            return inf
        if self._seam.restless:
            return inf
        return max(playout.end, self._active_at)

    def _idle_at(self, quiet_at: float) -> float:
        if self.state is not CallState.TALKING or self._seam.watchdog.owed:
            return inf  # not he, the model is to say something
        return self._idle.deadline(quiet_at)

    def _ends_at(self, ending: Ending) -> float:
        """When the end goes on; sound that no mark follows is heard by the clock."""
        playout = self._talk.playout
        if ending.state is EndingState.DRAINING and playout.all_heard():
            return min(ending.deadline, playout.line_end)
        return ending.deadline

    def _begin_end(self, outcome: Outcome, now: float, spoken: bool, longest_s: float) -> Ending:
        self._move(CallState.ENDING)
        self.limits.ending()
        self._talk.last_words = self._errands.ending = True
        self._seam.ending(now, owed=not spoken)
        self._ending = Ending(outcome, now, spoken=spoken, longest_drain_s=longest_s)
        self._timeline.add(now, "call.ending", outcome=outcome)
        return self._ending

    def _over(self, outcome: Outcome, now: float, *, cut: bool) -> None:
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

    def _move(self, state: CallState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise LocalProtocolError(f"a call in state {self.state.name} cannot be {state.name}")
        self.state = state
