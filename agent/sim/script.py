"""What a scripted caller does, step by step; without I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.sim.carrier import HangUp
from agent.sim.clips import Clip


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a clip and wait until its last word is said; silence behind that plays on."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class WaitForAgent:
    """Wait until the agent has spoken, and then been quiet for `quiet_s`.

    Only what the agent says after the caller's last words counts, or after the last such wait.
    """

    quiet_s: float = 1.0
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class BargeIn:
    """Speak a clip once the agent has been heard for `after_s` since this step began."""

    clip: Clip
    after_s: float = 1.0
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys, one every `every_s`."""

    digits: str
    every_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WaitForEnd:
    """Wait for the agent to end the call."""

    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Leave:
    """Hang up. A script that does not end with this or `WaitForEnd` hangs up politely.

    Attributes:
        linger_s: with `STOP_ONLY`, how long the socket stays open.
    """

    how: HangUp = HangUp.STOP_THEN_CLOSE
    linger_s: float = 2.0


type Step = Say | WaitForAgent | BargeIn | Press | Pause | WaitForEnd | Leave
type Script = Sequence[Step]
