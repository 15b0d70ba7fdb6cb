"""What was sent, or should have been, in case the next connection needs it again; without I/O.

Everything for the model passes through here, in order: what waits to be sent, what waits behind a
gate, and what was sent. What the service surely has is forgotten; when a connection is lost, `plan`
says what its successor must be sent, by one of two policies:

- where the service acknowledges (`lastConsumedClientMessageIndex`): all that came after the
  message up to which the state to resume is good, and nothing else;
- elsewhere: what the caller said since the model last answered, if it has not answered that, from
  a little before it began, but nothing that the state to resume includes; and what has not been
  sent at all.

Positions are samples at 16 kHz since the session began.
Source: docs/protocols/gemini-live.md 3.7, C-19, C-24, C-25, C-31.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain

from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.entries import MEDIA, Entry, Kind, Plan
from agent.gemini.lacks import Acknowledged, Guessed, Lacks
from agent.gemini.packed import OVERHEAD_BYTES, Packed
from agent.gemini.session_state import MovePolicy
from agent.gemini.taken_in import TakenIn
from agent.gemini.unanswered import Unanswered
from agent.gemini.under_way import UnderWay

__all__ = ["MOST_BYTES", "MOST_OTHER_BYTES", "OVERHEAD_BYTES", "Entry", "Kind", "Ledger", "Plan"]

PRE_ROLL_S = 0.2
_PRE_ROLL = round(PRE_ROLL_S * UPLINK_RATE_HZ)
MOST_BYTES = 1_968_000
"""Kept in all, overhead included: a minute of audio, and a little beside it."""
MOST_OTHER_BYTES = 256 * 1024
"""Texts and answers kept; beyond that the oldest are dropped. They take the room of audio."""
_FORMER = 1 << 32
"""Taken off the numbers of a former connection: they come before those of the present one."""


class Ledger:
    """The messages of one session.

    Attributes:
        waiting: what is to be sent, in order.
        position: samples handed in.
        dropped: samples that were to be sent, or sent again, and were forgotten instead.
    """

    def __init__(
        self, policy: MovePolicy, counters: Counter[str], *, acknowledges: bool = False
    ) -> None:
        self._acknowledges = acknowledges
        self._ring = round(policy.ring_s * UPLINK_RATE_HZ)
        self._keep = min(round(policy.keep_s * UPLINK_RATE_HZ), self._ring)
        self._counters = counters
        self._sent, self.waiting, self._gated = Packed(), Packed(), Packed()
        self._gated_from: int | None = None
        self._unanswered = Unanswered(self._keep)
        self._covered = 0  # the resumable state is good up to here
        self._unsure = _PRE_ROLL  # but for what was under way then
        self._under_way = UnderWay(PRE_ROLL_S)
        self._taken_in = TakenIn(counters)
        self.position = 0
        self.dropped = 0

    # What is sent

    def add_audio(self, pcm: bytes, index: int) -> None:
        """Caller audio; `index` is 0 when it cannot be sent yet."""
        start = self.position
        self.position += len(pcm) // 2
        if index:
            self._taken_in.sent(index)
            self._sent.add_audio(pcm, start, index)
        elif self._gated_from is None:
            self.waiting.add_audio(pcm, start, 0)
        else:
            self._gated.add_audio(pcm, start, 0)
        if self._samples > self._keep or self._size > MOST_BYTES:
            self._trim()

    def add(self, frame: bytes, index: int, kind: Kind, *, bound: bool = False) -> None:
        """Any other message; one that is sent stands before those that still wait."""
        entry = Entry(kind, frame, self.position, 0, index, bound)
        if kind is Kind.ASKS:
            entry.text = self._unanswered.asked(self.position)
        if index:
            self._taken_in.sent(index)
            self._sent.add(entry)
        else:
            self.waiting.add(entry)
        while self._sent.other_size + self.waiting.other_size > MOST_OTHER_BYTES:
            forgotten = self._sent.drop_other()
            if forgotten is None:
                self.waiting.drop_other()
                self._counters["frames_dropped"] += 1
            else:
                self._taken_in.forgot(forgotten.index)

    def stream_ended(self) -> None:
        """No audio follows for a while; what does is no part of what came before."""
        self._unanswered.stream_ended(self.position)

    @property
    def stream_is_over(self) -> bool:
        """Whether the stream ended, and no audio has followed."""
        return self._unanswered.ended_at == self.position

    def sends(self, now: float) -> None:
        """What is sent next is sent at this time."""
        self._under_way.goes_on(self._sent_to(), now)

    def take(self, index: int) -> Entry:
        """Take out what waits longest, which is sent as number `index` now."""
        entry = self.waiting.pop()
        entry.index = index
        self._taken_in.sent(index)
        self._sent.add(entry)
        return entry

    # Behind a gate

    def gate(self) -> None:
        """Audio that comes now waits for a reason of its own."""
        self._gated_from = self.position

    def ungate(self, *, silence: bool = False) -> bool:
        """What the caller said behind the gate is to be sent; whether he said anything.

        The last moment goes with it in any case: he may have begun, and nobody knows it yet.

        Args:
            silence: the rest is to be sent as well; else it is forgotten.
        """
        begin, self._gated_from = self._gated_from, None
        spoken = self._unanswered
        heard = begin is not None and (spoken.speaking or spoken.spoke_until > begin)
        first = self.position
        if heard and spoken.began is not None:
            first = min(first, spoken.began)
        kept = False
        for entry in self._gated.drain():
            if silence or entry.start + entry.n > first - _PRE_ROLL:
                self.waiting.add(entry)
                kept = True
            else:
                self._counters["audio_samples_gated"] += entry.n
        return kept and (heard or silence)

    def forget_gated(self) -> None:
        """What waits behind the gate is of no use to anybody any more."""
        for entry in self._gated.drain():
            self._counters["audio_samples_gated"] += entry.n

    # What is known of the caller and the model

    @property
    def waits(self) -> bool:
        """Whether the caller speaks, or has said something the model has not answered."""
        unanswered, sent_to = self._unanswered, self._sent_to()
        return unanswered.speaking or unanswered.texts(sent_to) or unanswered.words(sent_to)

    @property
    def listening(self) -> bool:
        """Whether the caller has said something that the model has not answered."""
        return self._unanswered.words(self._sent_to())

    @property
    def unconfirmed(self) -> int | None:
        """Samples that the service has not acknowledged; None where it acknowledges nothing."""
        if not self._acknowledges:
            return None
        unsent = self.waiting.samples + self._gated.samples
        return self._sent.samples_after(self._taken_in.up_to) + unsent

    def speech(self, started: bool, ago: int) -> None:
        """The caller began or stopped to speak so many samples ago."""
        at = max(self.position - ago, 0)
        self._unanswered.speech(started, at, self._sent_to())

    def turn_began(self) -> None:
        """The model began a turn: what it says answers what came before, not what comes now."""
        unsent = self._first_unsent()
        texts = sum(entry.kind is Kind.ASKS for entry in self.waiting.others())
        had = self._under_way.begins(self._sent_to())
        sent_to = None if unsent is None else min(unsent, had)
        self._unanswered.turn_began(sent_to, had, texts)

    def answered(self) -> None:
        """The model speaks."""
        self._unanswered.answered()

    def handle_came(self) -> int:
        """A handle came: its state is good up to here, as far as anybody can tell.

        Returns:
            Up to where it surely is.
        """
        self._covered = self._sent_to()
        self._unsure = max(_PRE_ROLL, self._covered - self._under_way.begins(self._covered))
        return self._covered - self._unsure + _PRE_ROLL

    def resumes_from(self, covered: int) -> None:
        """The state to resume is an older one, surely good up to there only."""
        self._covered, self._unsure = covered, _PRE_ROLL
        self._taken_in.exact = False

    def acknowledged(self, index: int) -> None:
        """The resumable state includes the messages up to `index` of the present connection."""
        self._taken_in.said(index)

    # The next connection

    def plan(self, *, resumed: bool, covers: bool, media: bool) -> Plan:
        """What the new connection is to be sent from now on waits; the rest is forgotten.

        Args:
            resumed: the service has taken up its state; else it knows nothing but the history.
            covers: a handle includes speech that has not ended.
            media: False: audio may be what ended the last connection, and is left out (C-31).
        """
        lacks = self._lacks(resumed=resumed, covers=covers)
        exact = isinstance(lacks, Acknowledged)
        speaks = media and self.listening
        # What the resumed state has of the open utterance: a fresh session would have none of it.
        had_from = self._begin(resumed=False, covers=False) if resumed and media else None
        sent, waiting = self._sent, self.waiting
        self._sent, self.waiting = Packed(), Packed()
        again = repeated = 0
        asks = False
        for entry in chain(sent.drain(), waiting.drain()):
            end = entry.start + entry.n
            if not lacks.of(entry):
                if had_from is not None and entry.n and end > had_from:
                    entry.index -= _FORMER
                    self._sent.add(entry)
            elif not media and entry.kind in MEDIA:
                self.dropped += entry.n
            else:
                again += entry.n if entry.index else 0
                if resumed and not exact:
                    repeated += max(min(end, self._covered) - entry.start, 0)
                asks = asks or entry.kind is Kind.ASKS
                entry.index = 0
                self.waiting.add(entry)
        replayed = self.waiting.samples
        self._taken_in.begin(exact=exact)  # lost again before a word: the handle is the same
        return Plan(replayed, again, repeated, asks or (speaks and replayed > 0), exact)

    def _lacks(self, *, resumed: bool, covers: bool) -> Lacks:
        if resumed and self._taken_in.exact:
            return Acknowledged(self._taken_in.up_to, self._unanswered)
        begin = self._begin(resumed=resumed, covers=covers)
        texts = self._unanswered.texts(self._sent_to())
        return Guessed(begin, self._covered if resumed else 0, texts, self._unanswered)

    def _begin(self, *, resumed: bool, covers: bool) -> int | None:
        """From which sample on what was sent already is sent again; None: none of it is."""
        begin = self._unanswered.begins(_PRE_ROLL)
        if begin is None or not self.listening:
            return None
        if resumed and covers:
            begin = max(begin, self._covered - self._unsure)
        return begin

    def abandon(self) -> None:
        """No connection follows: what none was sent is lost."""
        self.dropped += self.waiting.samples + self._gated.samples
        self._sent, self.waiting, self._gated = Packed(), Packed(), Packed()

    def _first_unsent(self) -> int | None:
        """Where the first message lies that was not sent; None: all was."""
        front = self.waiting.front or self._gated.front
        return None if front is None else front.start

    def _sent_to(self) -> int:
        """The sample up to which everything has been sent."""
        unsent = self._first_unsent()
        return self.position if unsent is None else unsent

    # Bounds

    @property
    def _samples(self) -> int:
        return self._sent.samples + self.waiting.samples + self._gated.samples

    @property
    def _size(self) -> int:
        return self._sent.size + self.waiting.size + self._gated.size

    def _trim(self) -> None:
        """Forget the oldest: what no policy would send again, else what exceeds the ring."""
        needed = self.position - self._keep
        if self._unanswered.began is not None and self.listening:
            needed = min(needed, self._unanswered.began - _PRE_ROLL)
        while (oldest := self._sent.front) is not None:
            unsure = self._acknowledges and oldest.index > self._taken_in.up_to
            if (oldest.start + oldest.n > needed or unsure) and not self._overflows():
                return
            self._taken_in.forgot(oldest.index)
            self._sent.drop()
        while self._overflows():
            self._drop_unsent(self.waiting or self._gated)

    def _overflows(self) -> bool:
        return self._samples > self._ring or self._size > MOST_BYTES

    def _drop_unsent(self, queue: Packed) -> None:
        n = queue.pop().n
        if n:
            self.dropped += n
            self._counters["audio_samples_dropped"] += n
        else:
            self._counters["frames_dropped"] += 1
