"""One turn of the model while it is delivered, without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from agent.sim.faults import TurnFault
from agent.sim.turn_plan import FOREVER, Step, StepKind


class Turn:
    """The steps not yet sent, and what has been.

    The service assumes that audio is played as it arrives, without a pause: `playback_ends_at` is
    when the last of it has been heard. It times `turnComplete` and what an interruption cut off.

    Attributes:
        ordinal: 1 for the session's first turn.
        faults: what goes wrong with it.
        audio_s: audio sent.
        text: text sent, in TEXT modality.
        words: what the audio says.
    """

    def __init__(self, ordinal: int, faults: frozenset[TurnFault], *, real_time: bool) -> None:
        self.ordinal = ordinal
        self.faults = faults
        self.audio_s = 0.0
        self.text = ""
        self.words = ""
        self.playback_ends_at = 0.0
        self._real_time = real_time
        self._origin = 0.0
        self._steps: deque[Step] = deque()

    @property
    def sending(self) -> bool:
        """Whether any step is left."""
        return bool(self._steps)

    def deliver(self, steps: Iterable[Step], now: float) -> None:
        """Send these from now on."""
        self._origin = now
        self._steps.extend(steps)

    def next_at(self) -> float | None:
        """When the next step is due; None when there is none, or it never comes."""
        if not self._steps:
            return None
        step = self._steps[0]
        at = self._origin + step.at_s
        if step.kind is StepKind.COMPLETE and self._real_time:
            at = max(at, self.playback_ends_at)
        return at if at < FOREVER else None

    def take(self, now: float) -> Step:
        """The next step, which is sent now."""
        step = self._steps.popleft()
        if step.audio_s:
            self.audio_s += step.audio_s
            self.playback_ends_at = max(self.playback_ends_at, now) + step.audio_s
        self.text += step.text
        return step

    def played_s(self, now: float) -> float:
        """How much of the audio sent has been heard by now, as the service assumes."""
        return self.audio_s - max(self.playback_ends_at - now, 0.0)

    def played_words(self, now: float) -> str:
        """The words that have been heard by now, at an even pace over all the audio."""
        words = self.words.split()
        whole_s = self.audio_s + sum(step.audio_s for step in self._steps)
        share = self.played_s(now) / whole_s if whole_s else 0.0
        return " ".join(words[: int(share * len(words) + 1e-6)])
