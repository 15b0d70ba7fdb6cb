"""The agent's utterances as they go out, are heard, or are cut; without I/O.

An utterance is what a mark follows: a stretch of one turn. Each that begins ends in the timeline.
"""

from collections import deque
from collections.abc import Container
from math import inf

from agent.call.cover import CoverSound
from agent.call.playout import RATE_HZ, REMEMBERED_PARTS, Play
from agent.call.shield import Shield
from agent.call.telling import Telling
from agent.call.timeline import Timeline
from agent.call.turn import Turn
from agent.call.turns import Turns


class Utterances:
    """Those of one call.

    Attributes:
        first_audio_at: when the caller first heard the agent; None: not yet.
        audible_since: when the latest utterance began; `inf`: none has.
        gap_s: time without the agent's voice inside utterances that were cut and gone on with.
    """

    def __init__(self, turns: Turns, shield: Shield, telling: Telling, timeline: Timeline) -> None:
        self.first_audio_at: float | None = None
        self.audible_since = inf
        self.gap_s = 0.0
        self._turns = turns
        self._shield = shield
        self._telling = telling
        self._timeline = timeline
        # Begun and not known to have been heard; the carrier may lose marks.
        self._sounding: deque[str] = deque(maxlen=REMEMBERED_PARTS)
        self._voice_end = inf  # none yet
        self._seam = 0
        self._cover: CoverSound | None = None

    def go_on_with(self, turn: Turn) -> None:
        """What comes next of this turn continues an utterance that was cut."""
        self._seam = turn.number

    def goes_out(self, item: Play, now: float) -> None:
        """This audio goes to the caller now."""
        until = item.at + len(item.mulaw) / RATE_HZ
        if item.cover is not None:
            self._turns.dead_air.covered(item.at, until)
        elif item.part is not None:
            self._begin(item.part, item, now)
        if item.cover is None:
            self._voice_end = until
        if item.cover is not self._cover:
            self._cover = item.cover
            if item.cover in {CoverSound.PHRASE, CoverSound.APOLOGY}:
                self._timeline.add(item.at, f"cover.{item.cover.value}")

    def heard(self, name: str, now: float) -> None:
        """The caller has heard this one, and earlier ones as well, should their marks be lost."""
        part = None
        while self._sounding and part != name:
            part = self._sounding.popleft()
            self._timeline.add(now, "agent.audio_ended", id=part, cut=False)

    def silenced(self, now: float) -> None:
        """All that is not heard yet is cut."""
        self.over(self._sounding, now)

    def over(self, unheard: Container[str], now: float) -> None:
        """All are over; of them, these were cut."""
        for part in self._sounding:
            self._timeline.add(now, "agent.audio_ended", id=part, cut=part in unheard)
        self._sounding.clear()

    def _begin(self, part: str, item: Play, now: float) -> None:
        number = item.turn
        self.audible_since = now
        if self.first_audio_at is None:
            self.first_audio_at = now
            self._shield.began(now)
        if number == self._seam:
            self._seam = 0
            self.gap_s += max(0.0, item.at - self._voice_end)
        turn = self._turns.open
        if turn is not None and turn.number == number:
            self._telling.caller(turn, now)
        latency_s = self._turns.audio_sent(number, now)
        if latency_s is not None:
            latency_s = round(latency_s, 3)
        self._sounding.append(part)
        self._timeline.add(now, "agent.audio_started", id=part, turn=number, latency_s=latency_s)
