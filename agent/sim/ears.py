"""When the agent spoke and when it was quiet, from what a caller heard; without I/O."""

from dataclasses import dataclass
from typing import Final

from agent.sim.carrier import HeardFrame
from agent.sim.clips import FRAME, RATE_HZ

# Shorter silence is a breath inside a sentence: no new start of speech after it.
BREATH: Final = int(0.2 * RATE_HZ)
# An interrupted agent counts as silent when it stayed so for this long.
SILENCED: Final = int(0.3 * RATE_HZ)
# Less loud audio than this is no answer.
SPOKEN: Final = 5 * FRAME


@dataclass(slots=True)
class Utterance:
    """One thing the caller said, and what came of it; positions in samples of the call.

    Attributes:
        label: of the clip.
        start, end: first and last loud sample of the clip.
        barge_in: it was said into the agent's speech.
        answered_at: first loud sample of the agent's next speech after `end`.
        silenced_at: last loud sample of the speech it interrupted.
    """

    label: str
    start: int
    end: int
    barge_in: bool = False
    answered_at: int | None = None
    silenced_at: int | None = None

    @property
    def answered_after_s(self) -> float | None:
        """How long the caller waited for the answer."""
        return None if self.answered_at is None else (self.answered_at - self.end) / RATE_HZ

    @property
    def silenced_after_s(self) -> float | None:
        """How long the agent talked on into the caller's words."""
        if self.silenced_at is None:
            return None
        return max(self.silenced_at - self.start, 0) / RATE_HZ


class Ears:
    """Follows the agent's speech frame by frame.

    Attributes:
        position: heard up to this sample.
        first_at: first loud sample of the call.
        loud: loud samples, counted in frames, since the last `forget`.
        quiet: samples since the last loud frame.
        utterances: of the caller, in order, as handed to `said`.
    """

    def __init__(self) -> None:
        self.position = 0
        self.first_at: int | None = None
        self.loud = 0
        self.quiet = 0
        self.utterances: list[Utterance] = []
        self._spoke = False  # at all

    def said(self, utterance: Utterance) -> None:
        """Watch for the answer to this, or for the silence it asks for."""
        self.utterances.append(utterance)

    def forget(self) -> None:
        """Count what the agent says from here on."""
        self.loud = 0

    def hear(self, frame: HeardFrame) -> None:
        """Take the next frame."""
        self.position = frame.end
        before = self.quiet
        if frame.loud_at is None:
            self.quiet += FRAME
            self._silenced()
            return
        self.quiet = 0
        self.loud += FRAME
        if self.first_at is None:
            self.first_at = frame.loud_at
        elif before < BREATH:
            return
        if self.utterances:
            last = self.utterances[-1]
            if last.answered_at is None and frame.loud_at >= last.end:
                last.answered_at = frame.loud_at

    def _silenced(self) -> None:
        if self.quiet < SILENCED or not self.utterances:
            return
        last = self.utterances[-1]
        if last.barge_in and last.silenced_at is None and self.position > last.start:
            last.silenced_at = self.position - self.quiet
