"""The watchdogs: a model that owes a sound and does not give it; without I/O.

Two ways to owe one: the caller spoke, or we asked, and nothing comes; or a turn has begun and stops
without its end. The remedies come in this order, each after a wait of its own:

    nudge   a text that asks for it once more
    move    another connection to the same session
    fresh   another session, begun with the transcript of this one
    give up the rules for a silent caller take over

A session that was resumed and has given no sound since is taken for poisoned, and begun afresh at
once. None of this loops: what did not help is not tried again before `RECOVERY_S`, unless a whole
turn has shown that the model is well, and a fresh session not before `fresh_every_s` even then.

No time runs while there is no model, and none before the caller has heard what was said already.

Source: docs/protocols/gemini-live.md B13, B19, C-10, C-29; docs/design.md section 3.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from math import inf

from agent.errors import ConfigError

RECOVERY_S = 60.0
"""After so long, the first remedy comes first again."""
DRY_S = 1.0
"""So long after the last sound the caller has noticed."""


class Remedy(Enum):
    """What to do about it."""

    NUDGE = "nudge"
    MOVE = "move"
    FRESH = "fresh"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class WatchdogPolicy:
    """How patient a call is with its model, in seconds.

    Attributes:
        answer_s: from the caller's last sound, or from our asking, to any output.
        stall_s: without sound in a turn that has begun and not ended.
        step_s: between one remedy and the next.
        end_s: without a word, before a turn whose end is never said is taken for over.
        fresh_every_s: at most one fresh session in so long.
        finish_premature: ask the model to go on with a turn that it ended in mid-sentence.
    """

    answer_s: float = 8.0
    stall_s: float = 4.0
    step_s: float = 4.0
    end_s: float = 10.0
    fresh_every_s: float = 120.0
    finish_premature: bool = False

    def __post_init__(self) -> None:
        for name in ("answer_s", "stall_s", "step_s", "end_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"watchdog {name} {getattr(self, name)}: must be positive")


_LADDER = (Remedy.NUDGE, Remedy.MOVE, Remedy.FRESH, Remedy.GIVE_UP)


class Watchdog:
    """One call's.

    Attributes:
        counters: remedies taken, by name.
    """

    def __init__(self, policy: WatchdogPolicy) -> None:
        self.counters: Counter[str] = Counter()
        self._policy = policy
        self._present = False
        self._owed_from = inf
        self._wait_s = policy.answer_s
        self._not_before = -inf
        self._rung = 0
        self._acted_at = -inf
        self._fresh_at = -inf
        self._unproven = False

    @property
    def owed(self) -> bool:
        """Whether a sound is owed."""
        return self._owed_from < inf

    def owes(self, since: float, *, again: bool = False) -> None:
        """The model owes a sound since then.

        Args:
            again: if it owes one already, that is no new wait; it only gets a moment for this too.
        """
        if again and self.owed:
            self._not_before = since + self._policy.step_s
            return
        self._owed_from, self._not_before = since, -inf
        self._wait_s = self._policy.answer_s

    def settled(self) -> None:
        """Nothing is owed."""
        self._owed_from = inf

    def spoke(self) -> None:
        """The model has given a sound."""
        self.settled()
        self._unproven = False

    def well(self) -> None:
        """The model has said a whole turn."""
        self._rung = 0

    def left(self) -> None:
        """There is no model from now on."""
        self._present = False

    def arrived(self, now: float, *, resumed: bool) -> None:
        """There is a model from now on; `resumed`: it should remember all."""
        self._present, self._unproven = True, resumed
        if self.owed:
            self._owed_from = now

    def deadline(self, stalled_from: float, heard_until: float) -> float:
        """When `due` next has something.

        Args:
            stalled_from: since when more sound of a turn is waited for; `inf`: it is not.
            heard_until: when the caller will have heard all that came.
        """
        if not self._present or self._owed_from == stalled_from == inf:
            return inf
        owed_at = max(self._owed_from + self._wait_s, self._not_before)
        at = min(owed_at, stalled_from + self._policy.stall_s)
        return max(at, heard_until + DRY_S)

    def due(self, stalled_from: float, heard_until: float, now: float) -> Remedy | None:
        """Say what to do now, if anything, and count it as done."""
        if now < self.deadline(stalled_from, heard_until):
            return None
        remedy = self._choose(now)
        self.counters[remedy.value] += 1
        self._rung = _LADDER.index(remedy) + 1
        self._acted_at = now
        self._owed_from = inf if remedy is Remedy.GIVE_UP else now
        self._wait_s = self._policy.step_s
        return remedy

    def _choose(self, now: float) -> Remedy:
        rung = 0 if now - self._acted_at > RECOVERY_S else self._rung
        remedy = _LADDER[min(rung, len(_LADDER) - 1)]
        if self._unproven and remedy is not Remedy.GIVE_UP:
            remedy = Remedy.FRESH
        if remedy is Remedy.FRESH:
            if now - self._fresh_at < self._policy.fresh_every_s:
                return Remedy.GIVE_UP
            self._fresh_at = now
        return remedy
