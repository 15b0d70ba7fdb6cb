"""Since when nobody speaks, and what becomes of a caller who says nothing; without I/O.

Feeds an `Idle`, which measures the silence, with what it does not know: the talk, the functions,
the model's connection and the phone.
"""

from math import inf

from agent.call import prompts
from agent.call.aside import Aside, PhoneState
from agent.call.conversation import Conversation
from agent.call.effects import Outcome
from agent.call.errands import Errands
from agent.call.idle import Idle, IdleMove, IdlePolicy
from agent.call.seam import Seam


class Quiet:
    """One call's silence."""

    def __init__(
        self,
        policy: IdlePolicy,
        talk: Conversation,
        errands: Errands,
        seam: Seam,
        aside: Aside,
        now: float,
    ) -> None:
        self._idle = Idle(policy)
        self._prompt_text = policy.prompt_text
        self._talk = talk
        self._errands = errands
        self._seam = seam
        self._aside = aside
        self._active_at = now

    def broken(self, now: float) -> None:
        """Until now something went on, or was waited for: a new silence can begin."""
        self._active_at = now

    def caller_active(self, now: float) -> None:
        """The caller gave a sign of life."""
        self._active_at = now
        self._idle.caller_active()

    def model_back(self, took_s: float) -> None:
        """The model was away for so long: no time in which the caller said nothing to it."""
        self._active_at = max(self._active_at, self._talk.playout.end) + took_s

    def since(self) -> float:
        """Since, or from, when nobody speaks or works on anything; `inf`: not known."""
        turns, playout = self._talk.turns, self._talk.playout
        if self._aside.state is not PhoneState.HERE:
            return inf
        if turns.open or turns.caller_speaking or playout.queued or self._errands.tools.pending:
            return inf
        if self._seam.restless:
            return inf
        return max(playout.end, self._active_at)

    def deadline(self, quiet_at: float) -> float:
        """When the silence that there is since then has become too long."""
        if quiet_at == inf or self._seam.watchdog.owed:
            return inf  # there is none; or not he, the model is to say something
        return self._idle.deadline(quiet_at)

    def too_long(self, quiet_at: float, now: float) -> Outcome | None:
        """It has: the caller is asked whether he is there; or returned, why the call ends."""
        prompted_at = self._idle.prompted_at
        if self._idle.due(quiet_at, now) is IdleMove.PROMPT:
            self._errands.tell(prompts.say(prompts.IDLE, self._prompt_text), now)
            return None
        if prompted_at is not None and self._talk.turns.model_at < prompted_at:
            return Outcome.MODEL_SILENT
        return Outcome.IDLE
