"""The agent's audio on its way to the caller: converted, queued, paced; without I/O.

Theory. The carrier plays what it gets at once and in order, so the audio it still holds is known
without asking it:

    end = max(now, end) + n_samples / 8000        (docs/protocols/twilio.md 3.4)

`end - now` is the lead. Whatever goes out keeps the lead within `lead_ms`; a message is due when a
whole `message_ms` fits under it. `end` is an absolute time, counted in samples from the moment the
line last ran dry, so lateness of a wake-up is made good by the next message and never adds up.

What the model says between two pauses of its own making (a turn, or the stretch up to a function
call) is a part. Parts follow one another in the queue; each ends on a frame's border, padded with
silence, and is followed by a mark that comes back when the caller has heard it.

A model that delivers slower than real time lets the line run dry in the middle of a part. From then
on playing resumes only with a cushion, which grows with every such hole and shrinks with every part
that had none.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from math import inf

import numpy as np

from agent.audio import mulaw
from agent.audio.pcm import Pcm16, silence
from agent.audio.resample import Resampler

RATE_HZ = 8000
MODEL_RATE_HZ = 24000
FRAME = 160
"""Samples of one 20 ms frame, the carrier's grain."""
LONGEST_QUEUE_S = 120
"""docs/protocols/gemini-live.md C-8: the model is far ahead of real time at its best."""
GATHER_S = 0.1
"""Smaller chunks are converted together, since a conversion costs the same for one as for five;"""
PLENTY_S = 0.5
"""but only while so much is queued that nobody waits for them."""
CUSHION_STEP_S = 0.1
LARGEST_CUSHION_S = 0.4
REMEMBERED_PARTS = 32
MARK_PATIENCE_S = 2.0
"""A mark overdue by more than this was lost: the clock is believed without it."""

_TAIL = 72
"""Silence, at 24 kHz, that brings the last of a part out of the resampling filter: 3 ms."""
_EPSILON = 1e-3
"""Of a sample: an exact deadline must not miss its message by a rounding."""
_SILENCE = bytes([mulaw.SILENCE])


@dataclass(frozen=True, slots=True)
class Play:
    """Send this audio, whole 20 ms frames of mu-law, now.

    Attributes:
        part: the name of the part that begins with it, which its mark will have; else None.
        turn: the turn that the audio belongs to.
        at: when, by the clock, the caller begins to hear it.
    """

    mulaw: bytes
    part: str | None
    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Send this mark now."""

    name: str


@dataclass(slots=True)
class Part:
    """A stretch of one turn without a pause of the model's own making.

    Attributes:
        queue: mu-law not yet sent.
        closed: nothing will be added; `queue` is whole frames.
        hold: not started (or resumed) before so many samples are queued,
        hold_until: or this time has come.
        start: position, in samples sent to the carrier, of its first one.
        sent: samples sent.
        whole: no hole so far.
    """

    turn: int
    name: str
    hold: int
    hold_until: float
    queue: bytearray = field(default_factory=bytearray)
    closed: bool = False
    start: int = 0
    sent: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Outstanding:
    """A mark sent and not yet back: where in the stream, and when it should be heard."""

    position: int
    due: float


class Playout:
    """One caller's ear.

    Attributes:
        queued: samples not yet sent, but for a few small chunks behind `PLENTY_S` of audio.
        end: when the caller will have heard all that was sent, by the clock.
        epoch: clears so far; part of every mark's name.
        gap_s, underruns: silence inside parts because audio came late, and how often.
        dropped: samples refused because the queue was full.
        round_trip_s: latest delay of a mark against the clock: network both ways and the
            carrier's own; None before the first.
    """

    def __init__(self, *, lead_ms: int, message_ms: int, start_ms: int) -> None:
        self.queued = 0
        self.end = -inf
        self.epoch = 0
        self.gap_s = 0.0
        self.underruns = 0
        self.dropped = 0
        self.round_trip_s: float | None = None
        self._lead = lead_ms * RATE_HZ // 1000
        self._message = message_ms * RATE_HZ // 1000
        self._start_s = start_ms / 1000
        self._cushion_s = 0.0
        self._resampler = Resampler(MODEL_RATE_HZ, RATE_HZ)
        self._gathered: list[Pcm16] = []
        self._n_gathered = 0
        self._parts: deque[Part] = deque()
        self._sent_parts: deque[Part] = deque(maxlen=REMEMBERED_PARTS)
        self._sent = 0
        self._run_from = 0.0
        self._run = 0
        self._confirmed = 0
        self._marks: dict[str, _Outstanding] = {}
        self._last_name = (0, 0)

    def left_s(self, now: float) -> float:
        """Audio the caller has yet to hear, sent or not, in seconds."""
        return self.queued / RATE_HZ + max(0.0, self.end - now)

    def audible(self, now: float) -> bool:
        """Whether the agent is speaking to the caller's ear: by the clock, not by the model."""
        return self.queued > 0 or now < self.end

    def all_heard(self) -> bool:
        """Whether everything was sent and every mark has come back."""
        return not self._parts and not self._marks

    def push(self, turn: int, pcm24k: Pcm16, now: float) -> int:
        """Queue a chunk of `turn`.

        Returns:
            The samples queued, at 8 kHz; what found no room was dropped and counted.
        """
        if not pcm24k.size:
            return 0
        part = self._parts[-1] if self._parts else None
        if part is None or part.closed or part.turn != turn:
            self.finish()
            part = self._open(turn, now)
        elif part.sent and now >= self.end and len(part.queue) < FRAME:
            self._ran_dry(part, now)
        self._gathered.append(pcm24k)
        self._n_gathered += pcm24k.size
        if self._n_gathered < GATHER_S * MODEL_RATE_HZ and self.plenty:
            return pcm24k.size * RATE_HZ // MODEL_RATE_HZ
        told = (self._n_gathered - pcm24k.size) * RATE_HZ // MODEL_RATE_HZ
        return self._convert(part) - told

    @property
    def plenty(self) -> bool:
        """Whether so much is queued that what comes now changes nothing for a while."""
        return PLENTY_S <= self.queued / RATE_HZ < LONGEST_QUEUE_S - 1

    def _convert(self, part: Part) -> int:
        """Queue what was gathered; returns the samples that found room."""
        if not self._gathered:
            return 0
        pcm24k = np.concatenate(self._gathered) if len(self._gathered) > 1 else self._gathered[0]
        self._gathered.clear()
        self._n_gathered = 0
        return self._append(part, mulaw.encode(self._resampler.process(pcm24k)))

    def finish(self) -> None:
        """Close the open part, if any: its last audio is complete, a mark will follow it."""
        part = self._parts[-1] if self._parts else None
        if part is None or part.closed:
            return
        self._convert(part)
        self._append(part, mulaw.encode(self._resampler.process(silence(_TAIL))))
        self._resampler.reset()
        self._append(part, _SILENCE * (-len(part.queue) % FRAME))
        part.closed = True
        if part.whole:
            self._cushion_s = max(0.0, self._cushion_s - CUSHION_STEP_S)

    def take(self, now: float) -> list[Play | Mark]:
        """Return what must be sent now, in order; each call counts it as sent."""
        if self._gathered and not self.plenty:
            self._convert(self._parts[-1])
        out: list[Play | Mark] = []
        while self._parts:
            part = self._parts[0]
            if len(part.queue) >= FRAME:
                if self._held(part, now) or not (n := self._room(now)):
                    break
                out.append(self._send(part, min(n, len(part.queue) // FRAME * FRAME), now))
            elif part.closed:
                self._parts.popleft()
                if len(self._marks) == REMEMBERED_PARTS:
                    del self._marks[next(iter(self._marks))]
                self._marks[part.name] = _Outstanding(self._sent, self.end)
                out.append(Mark(part.name))
            else:
                break
        return out

    @property
    def next_due(self) -> float:
        """When `take` next has something, if nothing is pushed before; `inf`: not before that."""
        if not self._parts:
            return inf
        part = self._parts[0]
        if len(part.queue) < FRAME and not part.closed:
            return inf
        due = self.end - (self._lead - self._message) / RATE_HZ
        if part.hold and not part.closed and len(part.queue) < part.hold:
            return max(due, part.hold_until)
        return due

    def clear(self, now: float) -> dict[int, float]:
        """Forget all that was not yet heard; the caller of this tells the carrier.

        Returns:
            For each turn that had some, what the caller will never hear of it, in seconds: by the
            clock, within what the marks prove (at least the audio before the last mark that came
            back was heard, at most the audio before the first one that has not).
        """
        if self._gathered:
            self._convert(self._parts[-1])
        heard = self._heard(now)
        unheard: Counter[int] = Counter()
        for part in self._sent_parts:
            over = min(part.sent, part.start + part.sent - heard)
            if over > 0:
                unheard[part.turn] += over
        for part in self._parts:
            if part.queue:
                unheard[part.turn] += len(part.queue)
        self._parts.clear()
        self._sent_parts.clear()
        self._marks.clear()
        self._resampler.reset()
        self._sent = self._confirmed = heard
        self.queued = 0
        self.end = min(self.end, now)
        self._run_from, self._run = self.end, 0
        self.epoch += 1
        return {turn: samples / RATE_HZ for turn, samples in unheard.items()}

    def marked(self, name: str, now: float) -> bool:
        """A mark came back because the audio before it was played.

        Returns:
            Whether it was waited for. Those sent before it are no longer.
        """
        mark = self._marks.get(name)
        if mark is None:
            return False
        self._marks = {n: m for n, m in self._marks.items() if m.position > mark.position}
        self._confirmed = mark.position
        self.round_trip_s = max(0.0, now - mark.due)
        return True

    def _heard(self, now: float) -> int:
        clock = self._sent - max(0, round((self.end - now) * RATE_HZ)) if self._sent else 0
        for mark in self._marks.values():
            if now - mark.due < MARK_PATIENCE_S:
                clock = min(clock, mark.position)
                break
        return max(self._confirmed, clock)

    def _open(self, turn: int, now: float) -> Part:
        last_turn, last_number = self._last_name
        self._last_name = (turn, last_number + 1 if turn == last_turn else 1)
        name = f"e{self.epoch}:t{turn}:{self._last_name[1]}"
        wait_s = max(self._start_s, self._cushion_s)
        part = Part(turn, name, round(wait_s * RATE_HZ), now + wait_s)
        self._parts.append(part)
        return part

    def _ran_dry(self, part: Part, now: float) -> None:
        self._cushion_s = min(LARGEST_CUSHION_S, self._cushion_s + CUSHION_STEP_S)
        part.whole = False
        part.hold = round(self._cushion_s * RATE_HZ)
        part.hold_until = now + self._cushion_s

    def _append(self, part: Part, coded: bytes) -> int:
        room = LONGEST_QUEUE_S * RATE_HZ - self.queued
        if len(coded) > room:
            self.dropped += len(coded) - room
            coded = coded[:room]
        part.queue += coded
        self.queued += len(coded)
        return len(coded)

    def _held(self, part: Part, now: float) -> bool:
        if part.hold:
            if not part.closed and len(part.queue) < part.hold and now < part.hold_until:
                return True
            part.hold = 0
        return False

    def _room(self, now: float) -> int:
        """Samples that may be sent now, whole frames; none unless a whole message fits."""
        room = self._lead - max(0.0, (self.end - now) * RATE_HZ) + _EPSILON
        return int(room) // FRAME * FRAME if room >= self._message else 0

    def _send(self, part: Part, n: int, now: float) -> Play:
        if now > self.end:
            if part.sent:
                self.underruns += 1
                self.gap_s += now - self.end
            self._run_from, self._run = now, 0
        begins = not part.sent
        if begins:
            part.start = self._sent
            self._sent_parts.append(part)
        audio = bytes(part.queue[:n])
        del part.queue[:n]
        part.sent += n
        self.queued -= n
        self._sent += n
        at = self._run_from + self._run / RATE_HZ
        self._run += n
        self.end = self._run_from + self._run / RATE_HZ
        return Play(audio, part.name if begins else None, part.turn, at)
