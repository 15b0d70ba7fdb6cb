"""The silent caller: prompt once, then end politely; without I/O.

Silence means mutual silence: nobody speaks, the agent has nothing left to play, the model is not in
a turn and no function runs. While any of that goes on the clock stands at zero.
"""

from dataclasses import dataclass
from enum import Enum
from math import inf

from agent.errors import ConfigError


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """What to do about a caller who says nothing.

    Attributes:
        prompt_after_s: mutual silence before the agent is asked to say `prompt_text`; None: never.
        prompt_text: the words.
        end_after_s: further mutual silence, counted from the end of the prompt (or, without a
            prompt, from the start), before the call ends; None: never.
    """

    prompt_after_s: float | None = 8.0
    prompt_text: str = "Are you still there?"
    end_after_s: float | None = 12.0

    def __post_init__(self) -> None:
        for name in ("prompt_after_s", "end_after_s"):
            seconds = getattr(self, name)
            if seconds is not None and seconds <= 0:
                raise ConfigError(f"idle {name} {seconds}: must be positive, or none")


class IdleMove(Enum):
    """What the silence has come to."""

    PROMPT = "prompt"
    END = "end"


class Idle:
    """Measures mutual silence against an `IdlePolicy`.

    Attributes:
        prompted_at: when the agent was asked to prompt, unless the caller was active since.
    """

    def __init__(self, policy: IdlePolicy) -> None:
        self._policy = policy
        self.prompted_at: float | None = None

    def caller_active(self) -> None:
        """The caller spoke or pressed a key: the next silence is a first one again."""
        self.prompted_at = None

    def deadline(self, quiet_since: float) -> float:
        """When to act, given that it has been quiet since then (`inf`: not quiet, or never)."""
        policy = self._policy
        prompted = self.prompted_at
        if prompted is None and policy.prompt_after_s is not None:
            return quiet_since + policy.prompt_after_s
        if policy.end_after_s is None:
            return inf
        return max(quiet_since, -inf if prompted is None else prompted) + policy.end_after_s

    def due(self, quiet_since: float, now: float) -> IdleMove | None:
        """Say what to do now, if anything, and count it as done."""
        if now < self.deadline(quiet_since):
            return None
        if self.prompted_at is None and self._policy.prompt_after_s is not None:
            self.prompted_at = now
            return IdleMove.PROMPT
        return IdleMove.END
