"""What may be kept of a call, and when not: consent before, pauses in between; without I/O.

While a card number is spoken or keyed nothing may be kept of it: not in our recording, where
silence takes its place so that time stays right, nor in the tape, the transcript, the timeline, or
the carrier's recording. The agent begins such a pause with a function and ends it with another;
one that it forgets to end ends by itself. Words come after the sound they belong to, so those of
the turns that a pause touches, and of the one after it, are not kept either.
"""

from math import inf

from agent.call.recording import Recording
from agent.call.timeline import Timeline


class Keeping:
    """One call's.

    Args:
        records: both sides' sound is kept by this service.
        tells: others keep something of the call, and are to be told when they may.
        longest_pause_s: so long a pause lasts at most.

    Attributes:
        recording: the sound, from when it may be kept; None until then.
        due: when the pause ends by itself; `inf`: there is none.
    """

    def __init__(
        self, timeline: Timeline, *, records: bool, tells: bool, longest_pause_s: float
    ) -> None:
        self.recording: Recording | None = None
        self.due = inf
        self.longest_pause_s = longest_pause_s
        self._timeline = timeline
        self._records = records
        self._tells = tells
        self._begun = False
        self._told = False
        self._after = False

    @property
    def paused(self) -> bool:
        """Whether nothing may be kept for the moment."""
        return self.due != inf

    def begin(self, now: float) -> bool:
        """The caller knows; returns whether the sound is recorded from now on, and was not."""
        if self._begun:
            return False
        self._begun = True
        if not self._records:
            return False
        self.recording = Recording(now)
        if self.paused:
            self.recording.pause(now)
        self._timeline.add(now, "recording.began")
        return True

    def pause(self, now: float) -> None:
        """Keep nothing from now on; a pause that goes on already lasts the longer."""
        if not self.paused:
            self._timeline.add(now, "recording.paused")
            if self.recording is not None:
                self.recording.pause(now)
        self.due = now + self.longest_pause_s

    def resume(self, now: float, by: str = "agent") -> None:
        """Keep again what is said from now on."""
        if self.paused:
            self.due = inf
            self._after = True
            self._timeline.add(now, "recording.resumed", by=by)
            if self.recording is not None:
                self.recording.resume()

    def advance(self, now: float) -> None:
        """End a pause that is due."""
        if now >= self.due:
            self.resume(now, "time")

    @property
    def hides(self) -> bool:
        """Whether words that come now are not to be kept."""
        return self.paused or self._after

    def turn_began(self) -> bool:
        """A turn begins; returns whether its words are not to be kept."""
        hides, self._after = self.hides, False
        return hides

    def news(self) -> bool | None:
        """Whether others may keep what is said, when that has changed since they were told."""
        if not self._tells:
            return None
        may = self._begun and not self.paused
        if may is self._told:
            return None
        self._told = may
        return may
