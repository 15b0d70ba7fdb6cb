"""The caller's voice, as our own detection hears it; without I/O."""

from math import inf

from agent.audio.speech import SpeechEnded, SpeechStarted
from agent.call.bargein import BargeIn
from agent.call.playout import Playout
from agent.call.timeline import Timeline
from agent.call.turns import Turns
from agent.call.uplink import Uplink

QUIET_LINE_DBFS = -45.0
"""On a line noisier than this our own detection may miss a voice: it is never sure of silence."""


class CallerVoice:
    """That of one call.

    Attributes:
        until: when it was last heard, by a caller who is silent now.
    """

    def __init__(
        self, turns: Turns, playout: Playout, barge_in: BargeIn, timeline: Timeline
    ) -> None:
        self.until = -inf
        self._turns = turns
        self._playout = playout
        self._barge_in = barge_in
        self._timeline = timeline
        self._floor_dbfs = inf

    def listen(self, uplink: Uplink, now: float) -> list[SpeechStarted | SpeechEnded]:
        """Note what was heard in the caller's latest packet, and return it."""
        self._floor_dbfs = uplink.detector.floor_dbfs
        found = uplink.speech()
        for event in found:
            at = uplink.time_of(event.at_sample, now)
            if isinstance(event, SpeechStarted):
                self._turns.caller_started(at)
                self._barge_in.caller_started()
                self._timeline.add(at, "caller.speech_started")
            else:
                self._turns.caller_stopped(at, self._playout.audible(now))
                self.until = at
                self._timeline.add(at, "caller.speech_ended")
        return found

    def heard_at(self, now: float) -> float:
        """When it may last have been heard: he speaks, or our ears cannot be sure."""
        if self._turns.caller_speaking or self._floor_dbfs > QUIET_LINE_DBFS:
            return now
        return self.until
