"""The person who calls: follows a script, hears the agent, gives up in the end; without I/O.

The caller acts on frame borders only, so it needs no timers besides its line's. Whatever it waits
for has a time limit; when that passes it says why in `failure` and hangs up.
"""

from collections import Counter
from enum import Enum
from typing import Final, assert_never

from agent.sim.carrier import CarrierOutput, CarrierStream
from agent.sim.clips import RATE_HZ, Clip
from agent.sim.ears import SPOKEN, Ears, Utterance
from agent.sim.script import (
    BargeIn,
    Leave,
    Pause,
    Press,
    Say,
    Script,
    Step,
    WaitForAgent,
    WaitForEnd,
)


class CallerState(Enum):
    """How far the caller is."""

    TALKING = "talking"
    DONE = "done"
    FAILED = "failed"


_END: Final = Leave()


class Caller:
    """Plays one script on one line.

    Args:
        script: what to do. An empty one hangs up at once.
        line: a stream of its own; drive it through this object only.

    Attributes:
        state: `FAILED` says why in `failure`.
        ears: what was heard and how long things took.
    """

    def __init__(self, script: Script, line: CarrierStream) -> None:
        self.state = CallerState.TALKING
        self.failure: str | None = None
        self.line = line
        self.ears = Ears()
        self._steps = list(script)
        if not self._steps or not isinstance(self._steps[-1], Leave | WaitForEnd):
            self._steps.append(_END)
        self._number = 0
        self._began = False
        self._since = 0  # position at which the step began
        self._said_at: int | None = None  # position at which its clip has been said
        self._keys = ""  # not pressed yet

    @property
    def counters(self) -> Counter[str]:
        """Those of the line."""
        return self.line.counters

    def next_timer(self) -> float | None:
        """When `handle_timer` must be called; None when the line is over."""
        return self.line.next_timer()

    def handle_timer(self, now: float) -> None:
        """Let the line do what is due, hear it, and act."""
        self.line.handle_timer(now)
        for frame in self.line.listen():
            self.ears.hear(frame)
            self._act(now)

    def receive(self, frame: bytes | str, now: float, *, binary: bool = False) -> None:
        """Take one frame of the service."""
        self.line.receive(frame, now, binary=binary)

    def outputs(self, now: float) -> list[CarrierOutput]:
        """Drain what goes to the service."""
        return self.line.outputs(now)

    def peer_closed(self, now: float) -> None:
        """The service closed the socket or it broke."""
        self.line.peer_closed(now)
        if self.state is not CallerState.TALKING:
            return
        if isinstance(self._step, WaitForEnd):
            self.state = CallerState.DONE
        else:
            self._fail("the service closed the connection")

    @property
    def _step(self) -> Step:
        return self._steps[self._number]

    def _act(self, now: float) -> None:
        """Go through the steps as far as this frame allows."""
        while self.state is CallerState.TALKING:
            step = self._step
            if not self._began:
                self._began = True
                self._since = self.ears.position
                self._begin(step, now)
            if not self._finished(step):
                self._check_patience(step, now)
                return
            self._number += 1
            self._began = False

    def _begin(self, step: Step, now: float) -> None:
        match step:
            case Say(clip):
                self._speak(clip, barge_in=False)
            case BargeIn():
                self._said_at = None
                self.ears.forget()
            case Press(digits):
                self._keys = digits
            case Leave(how, linger_s):
                self.state = CallerState.DONE
                self.line.hang_up(now, how, linger_s=linger_s)
            case WaitForAgent() | Pause() | WaitForEnd():
                pass
            case _:
                assert_never(step)

    def _finished(self, step: Step) -> bool:
        waited = self.ears.position - self._since
        match step:
            case Say():
                return self._has_said()
            case BargeIn(clip, after_s):
                if self._said_at is None and self.ears.loud >= after_s * RATE_HZ:
                    self._speak(clip, barge_in=True)
                return self._has_said()
            case WaitForAgent(quiet_s):
                enough = self.ears.loud >= SPOKEN and self.ears.quiet >= quiet_s * RATE_HZ
                if enough:
                    self.ears.forget()
                return enough
            case Press(digits, every_s):
                pressed = len(digits) - len(self._keys)
                if self._keys and waited >= pressed * every_s * RATE_HZ:
                    self.line.press(self._keys[0])
                    self._keys = self._keys[1:]
                return not self._keys
            case Pause(seconds):
                return waited >= seconds * RATE_HZ
            case WaitForEnd() | Leave():
                return False
            case _:
                assert_never(step)

    def _check_patience(self, step: Step, now: float) -> None:
        if not isinstance(step, WaitForAgent | BargeIn | WaitForEnd) or self._said_at is not None:
            return
        if self.ears.position - self._since >= step.timeout_s * RATE_HZ:
            self._fail(f"nothing of the kind within {step.timeout_s:g} s")
            self.line.hang_up(now)

    def _speak(self, clip: Clip, *, barge_in: bool) -> None:
        start = self.line.say(clip)
        self._said_at = start + clip.speech_end
        self.ears.said(Utterance(clip.label, start, self._said_at, barge_in))

    def _has_said(self) -> bool:
        if self._said_at is None or self.ears.position < self._said_at:
            return False
        self._said_at = None
        self.ears.forget()
        return True

    def _fail(self, reason: str) -> None:
        self.state = CallerState.FAILED
        step = type(self._step).__name__
        self.failure = f"step {self._number + 1} of {len(self._steps)}, {step}: {reason}"
