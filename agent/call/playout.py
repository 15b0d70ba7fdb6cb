"""The agent's audio on its way to the caller: converted, queued, paced; without I/O.

The carrier's queue is known by the clock (`agent.call.lead`). Whatever goes out keeps the lead
within `lead_ms`; a message is due when a whole `message_ms` fits under it.

What the model says between two pauses of its own making (a turn, or the stretch up to a function
call) is a part. Parts follow one another in the queue; each ends on a frame's border, padded with
silence, and is followed by a mark that comes back when the caller has heard it.

Cover sound, for a caller who waits without a model, goes out on the same line while the agent has
nothing to say. It is no audio of the agent's: no part, no mark, and what is said here of queued,
audible, heard or dropped audio does not count it.
"""

from math import inf

from agent.audio import mulaw
from agent.audio.pcm import Pcm16
from agent.audio.resample import Resampler
from agent.call import cover as covering
from agent.call.cover import Cover, CoverPlan
from agent.call.gather import Gather
from agent.call.lead import FRAME, RATE_HZ, Lead
from agent.call.parts import REMEMBERED_PARTS, Cushion, Part, Parts
from agent.call.pieces import Mark, Play
from agent.call.sound import Converter

__all__ = ["FRAME", "RATE_HZ", "REMEMBERED_PARTS", "Mark", "Part", "Play", "Playout"]

MODEL_RATE_HZ = 24000
LONGEST_QUEUE_S = 120
"""docs/protocols/gemini-live.md C-8: the model is far ahead of real time at its best."""
GATHER_S = 0.18
"""Smaller chunks are converted together, since a conversion costs the same for one as for nine;"""
PLENTY_S = 0.5
"""but only while so much is queued that nobody waits for them."""

_SILENCE = bytes([mulaw.SILENCE])


class Playout:
    """One caller's ear.

    Args:
        cover: what is heard while the caller waits without a model; None: nothing.
        resampler: from the model's rate to the telephone's; None: the real one.

    Attributes:
        queued: samples not yet sent, but for a few small chunks behind `PLENTY_S` of audio.
        end: when the caller will have heard all of the agent's audio that was sent, by the clock.
        cover_until: likewise, of the cover.
        epoch: clears so far; part of every mark's name.
        gap_s, underruns: time inside parts without the agent's audio because it came late, and how
            often.
        dropped: samples refused because the queue was full.
        away: there is no line: nothing goes out, and what comes in waits for the next one.
    """

    def __init__(
        self,
        *,
        lead_ms: int,
        message_ms: int,
        start_ms: int,
        cover: Cover | None = None,
        resampler: Converter | None = None,
    ) -> None:
        self.queued = 0
        self.end = -inf
        self.cover_until = -inf
        self.epoch = 0
        self.gap_s = 0.0
        self.underruns = 0
        self.dropped = 0
        self.away = False
        self._dialled = 0
        self._lead = Lead()
        self._most = lead_ms * RATE_HZ // 1000
        self._least = message_ms * RATE_HZ // 1000
        self._cushion = Cushion(start_ms / 1000)
        self._gather = Gather(resampler or Resampler(MODEL_RATE_HZ, RATE_HZ))
        self._book = Parts()
        self._parts = self._book.waiting
        self._cover = cover or Cover(CoverPlan())
        self._cover_most = min(self._most, covering.LEAD_MS * RATE_HZ // 1000)
        self._cover_least = min(self._least, covering.MESSAGE_MS * RATE_HZ // 1000)

    # What is heard.

    @property
    def line_end(self) -> float:
        """When the caller will have heard all that was sent, cover included, by the clock."""
        return self._lead.end

    @property
    def round_trip_s(self) -> float | None:
        """Latest delay of a mark against the clock; see `Lead`."""
        return self._lead.round_trip_s

    def left_s(self, now: float) -> float:
        """Audio the caller has yet to hear, sent or not, in seconds; an apology is part of it."""
        owed = self._cover.owed
        end = self._lead.end if owed else self.end
        return (self.queued + owed) / RATE_HZ + max(0.0, end - now)

    def audible(self, now: float) -> bool:
        """Whether the agent is speaking to the caller's ear: by the clock, not by the model."""
        return not self.away and (self.queued > 0 or now < self.end)

    def all_heard(self) -> bool:
        """Whether everything was sent, an apology too, and every mark has come back."""
        return not self._parts and not self._lead.marks and not self._cover.owed

    def marked(self, name: str, now: float) -> bool:
        """A mark came back because the audio before it was played.

        Returns:
            Whether it was waited for. Those sent before it are no longer.
        """
        return self._lead.marked(name, now)

    # What comes in.

    def push(self, turn: int, pcm24k: Pcm16, now: float) -> int:
        """Queue a chunk of `turn`.

        Returns:
            The samples queued, at 8 kHz; what found no room was dropped and counted.
        """
        if not pcm24k.size:
            return 0
        part = self._book.latest
        if part is None or part.closed or part.turn != turn:
            self.finish()
            part = self._book.open(turn, self.epoch)
            self._cushion.begins(part, now)
        elif part.sent and now >= self.end and len(part.queue) < FRAME:
            self._cushion.ran_dry(part, now)
        self._gather.add(pcm24k)
        if self._gather.n < GATHER_S * MODEL_RATE_HZ and self.plenty:
            return pcm24k.size * RATE_HZ // MODEL_RATE_HZ
        told = (self._gather.n - pcm24k.size) * RATE_HZ // MODEL_RATE_HZ
        return self._append(part, self._gather.take()) - told

    @property
    def plenty(self) -> bool:
        """Whether so much is queued that what comes now changes nothing for a while."""
        return PLENTY_S <= self.queued / RATE_HZ < LONGEST_QUEUE_S - 1

    def finish(self) -> None:
        """Close the open part, if any: its last audio is complete, a mark will follow it."""
        part = self._book.latest
        if part is None or part.closed:
            return
        self._append(part, self._gather.rest())
        self._append(part, _SILENCE * (-len(part.queue) % FRAME))
        part.closed = True
        self._cushion.finished(part)

    def dial(self, tones: bytes) -> None:
        """Queue the sound of dialling, whole frames of mu-law, behind all that is queued."""
        self.finish()
        self._dialled += 1
        part = Part(-self._dialled, f"e{self.epoch}:d{self._dialled}", closed=True)
        self._parts.append(part)
        self._append(part, tones)

    def hold_back(self, turn: int, hold_ms: int, now: float) -> None:
        """Play `turn`, whose audio comes slower than real time, in longer stretches from now on.

        A part of it begins, or goes on after a hole, once so much is queued, or waited for.
        """
        self._cushion.ask(turn, hold_ms / 1000, self._book.latest, now)

    # What goes out.

    def take(self, now: float) -> list[Play | Mark]:
        """Return what must be sent now, in order; each call counts it as sent."""
        if self._gather.n and not self.plenty:
            self._append(self._parts[-1], self._gather.take())
        out: list[Play | Mark] = []
        if self.away:
            return out
        if self._cover.on and self._agent_next() and not self._end_cover(out, now):
            return out
        while self._parts:
            part = self._parts[0]
            if len(part.queue) >= FRAME:
                n = 0 if part.held(now) else self._lead.room(self._most, self._least, now)
                if not n:
                    break
                out.append(self._send(part, min(n, len(part.queue) // FRAME * FRAME), now))
            elif part.closed:
                self._parts.popleft()
                self._lead.mark(part.name)
                out.append(Mark(part.name))
            else:
                break
        while self._cover.on and not self._agent_next():
            if not self._send_cover(out, now):
                break
        return out

    @property
    def next_due(self) -> float:
        """When `take` next has something, if nothing is pushed before; `inf`: not before that."""
        if self.away:
            return inf
        agent_next = self._agent_next()
        if self._cover.on and (not agent_next or self._cover.ending):
            return self._lead.due(self._cover_most, self._cover_least)
        if not self._parts:
            return inf
        part = self._parts[0]
        if not agent_next and not part.closed:
            return inf
        due = self._lead.due(self._most, self._least)
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
        if self._gather.n:
            self._append(self._parts[-1], self._gather.take())
        heard = self._lead.heard(now)
        unheard = self._book.clear(heard)
        self._gather.reset()
        if self.end > now:
            self._lead.clear(heard, now)
            self.end = now
            self.cover_until = min(self.cover_until, now)
        self._lead.marks.clear()
        self.queued = 0
        self.epoch += 1
        return {turn: samples / RATE_HZ for turn, samples in unheard.items()}

    def line_broke(self, at: float) -> set[str]:
        """There is no line since then: what the caller has not heard goes out on the next one.

        What was heard is known as in `clear`.

        Returns:
            The parts that were begun and not heard to their end, by the names they had.
        """
        self.away = True
        self.epoch += 1
        names, queued = self._book.break_off(self._lead.heard(at), self.epoch)
        self.queued += queued
        self._lead.restart(at)
        self.end = min(self.end, at)
        self.cover_until = min(self.cover_until, at)
        return names

    def _append(self, part: Part, coded: bytes) -> int:
        room = LONGEST_QUEUE_S * RATE_HZ - self.queued
        if len(coded) > room:
            self.dropped += len(coded) - room
            coded = coded[:room]
        part.queue += coded
        self.queued += len(coded)
        return len(coded)

    # The line.

    def _agent_next(self) -> bool:
        """Whether audio of the agent is next in the queue, ready or held."""
        return bool(self._parts) and len(self._parts[0].queue) >= FRAME

    def _send(self, part: Part, n: int, now: float) -> Play:
        at = self._lead.add(n, now)
        begins = not part.sent
        if at > self.end and (part.torn or not begins):
            self.underruns += not begins
            self.gap_s += at - self.end
        audio = self._book.send(part, n, self._lead.sent)
        self.queued -= n
        self.end = self._lead.end
        return Play(audio, part.name if begins else None, part.turn, at)

    def _end_cover(self, out: list[Play | Mark], now: float) -> bool:
        """Let a phrase that is nearly over end before the agent speaks; return whether it has."""
        while not self._cover.yields():
            if not self._send_cover(out, now):
                return False
        return True

    def _send_cover(self, out: list[Play | Mark], now: float) -> bool:
        """Send cover as far as it fits under its own lead, which is shorter than the agent's."""
        lead = self._lead
        n = lead.room(self._cover_most, self._cover_least, now)
        if n:
            kind, audio = self._cover.take(n, max(now, lead.end), self.end)
            out.append(Play(audio, None, 0, lead.add(len(audio), now), kind))
            self.cover_until = lead.end
        return n > 0
