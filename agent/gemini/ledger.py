"""What was sent, or should have been, in case the next connection needs it again; without I/O.

Everything for the model passes through here, in order. What the service surely has is forgotten;
when a connection is lost, `plan` says what its successor must be sent, by one of two policies:

- where the service acknowledges (`lastConsumedClientMessageIndex`): all that came after the
  message up to which the state to resume is good, and nothing else;
- elsewhere: what the caller said since the model last answered, if it has not answered that, from
  a little before it began, but nothing that the state to resume includes; and what has not been
  sent at all.

Positions are samples at 16 kHz since the session began.
Source: docs/protocols/gemini-live.md 3.7, C-19, C-24, C-25, C-31.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice

from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.entries import MEDIA, SPOKEN, Entry, Kind, Plan
from agent.gemini.session_state import MovePolicy

__all__ = ["Entry", "Kind", "Ledger", "Plan"]

PRE_ROLL_S = 0.2
OVERHEAD_BYTES = 220
"""Of one entry, beside its payload."""
MOST_BYTES = 1_980_000
"""Kept in all, overhead included; in small packets that is a little less than a minute of audio."""
MOST_OTHER_BYTES = 256 * 1024
"""Texts and answers kept; beyond that the oldest are dropped."""


class Ledger:
    """The messages of one session.

    Attributes:
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
        self._entries: deque[Entry] = deque()
        self._samples = self._bytes = 0
        self._other_bytes = 0  # of the bytes, those that are not audio
        self._turn_at = 0
        self._open_from: int | None = None  # where the caller began what is not answered
        self._speaking = False
        self._spoke_until = 0
        self._covered = 0  # the resumable state is good up to here
        self._exact = False  # what it includes has been acknowledged, and the rest is all here
        self._taken = 0  # entries it includes, at the left end
        self._hole = 0  # the index of the last one that was forgotten before its time
        self._confirmed = 0  # the index that was acknowledged last
        self._text_at: int | None = None  # where a text was sent that is not answered
        self._texts = self._texts_before_turn = self._texts_answered = 0
        self.position = 0
        self.dropped = 0

    # What is sent

    def add_audio(self, pcm: bytes, index: int) -> Entry:
        """Caller audio; `index` is 0 when it could not be sent yet."""
        n = len(pcm) // 2
        entry = Entry(Kind.AUDIO, pcm, self.position, n, index)
        self.position += n
        self._samples += n
        self._bytes += len(pcm) + OVERHEAD_BYTES
        self._entries.append(entry)
        if self._samples > self._keep or self._bytes > MOST_BYTES:
            self._trim()
        return entry

    def add(self, frame: bytes, index: int, kind: Kind, *, bound: bool = False) -> Entry:
        """Any other message; one that is sent stands before those that still wait."""
        entry = Entry(kind, frame, self.position, 0, index, bound)
        waiting = sum(1 for _ in self._unsent()) if index else 0
        self._entries.insert(len(self._entries) - waiting, entry)
        self._bytes += len(frame) + OVERHEAD_BYTES
        self._other_bytes += len(frame) + OVERHEAD_BYTES
        if kind is Kind.ASKS:
            self._text_at = self.position
            self._texts += 1
            entry.text = self._texts
        while self._other_bytes > MOST_OTHER_BYTES:
            self._drop_other()
        return entry

    # What is known of the caller and the model

    @property
    def waits(self) -> bool:
        """Whether the caller speaks, or has said something the model has not answered."""
        return self._speaking or self._text_open() or self._unanswered()

    @property
    def listening(self) -> bool:
        """Whether the caller has said something that the model has not answered."""
        return self._unanswered()

    @property
    def unconfirmed(self) -> int | None:
        """Samples that the service has not acknowledged; None where it acknowledges nothing."""
        if not self._acknowledges:
            return None
        return sum(entry.n for entry in islice(self._entries, self._taken, None))

    @property
    def speaking(self) -> bool:
        """Whether the caller speaks, as far as anybody has said."""
        return self._speaking

    def speech(self, started: bool, ago: int) -> None:
        """The caller began or stopped to speak so many samples ago."""
        at = max(self.position - ago, 0)
        self._speaking = started
        if not started:
            self._spoke_until = max(at, self._spoke_until)
        elif self._open_from is None or not self._unanswered():
            self._open_from = at

    def turn_began(self) -> None:
        """The model began a turn: what it says answers what came before, not what comes now."""
        starts = [entry.start for entry in self._unsent()]
        self._turn_at = min(starts) - 1 if starts else self.position
        waiting = sum(entry.kind is Kind.ASKS for entry in self._unsent())
        self._texts_before_turn = self._texts - waiting

    def answered(self) -> None:
        """The model speaks."""
        if self._open_from is not None and self._turn_at >= self._open_from and not self._speaking:
            self._open_from = None
        self._texts_answered = self._texts_before_turn
        if self._texts_before_turn == self._texts:
            self._text_at = None

    def handle_came(self) -> None:
        """A handle came: its state is good up to here, as far as anybody can tell."""
        self._covered = self._sent_to()

    def acknowledged(self, index: int) -> None:
        """The resumable state includes the messages up to `index` of the present connection.

        One that is less than the last is counted and says nothing new; one beyond what was sent
        means all that was.
        """
        if index < self._confirmed:
            self._counters["acknowledgements_backwards"] += 1
        self._confirmed = max(index, self._confirmed)
        self._exact = self._exact or index >= self._hole
        while self._taken < len(self._entries):
            if not 0 < self._entries[self._taken].index <= index:
                break
            self._taken += 1

    # The next connection

    def plan(self, *, resumed: bool, covers: bool, media: bool) -> Plan:
        """What the new connection is to be sent; the rest is forgotten.

        Args:
            resumed: the service has taken up its state; else it knows nothing but the history.
            covers: a handle includes speech that has not ended.
            media: False: audio may be what ended the last connection, and is left out (C-31).
        """
        exact = resumed and self._exact
        if exact:
            kept = [e for e in islice(self._entries, self._taken, None) if not self._heard_of(e)]
        else:
            begin = self._begin(resumed=resumed, covers=covers)
            kept = [e for e in self._entries if self._again(e, begin, resumed)]
        if not media:
            self.dropped += sum(e.n for e in kept)
            kept = [e for e in kept if e.kind not in MEDIA]
        repeated = 0
        if resumed and not exact:
            repeated = sum(max(min(e.start + e.n, self._covered) - e.start, 0) for e in kept)
        spoken = media and self._unanswered() and any(e.n for e in kept)
        asks = any(e.kind is Kind.ASKS for e in kept) or spoken
        had = self._still_open(kept) if resumed and media else []
        self._forget_all()
        for entry in (*had, *kept):
            self._entries.append(entry)
            self._samples += entry.n
            self._bytes += len(entry.payload) + OVERHEAD_BYTES
            self._other_bytes += 0 if entry.n else len(entry.payload) + OVERHEAD_BYTES
        for entry in kept:
            entry.index = 0
        self._exact = exact  # lost again before a word from the service: the handle is the same
        self._taken = len(had) if exact else 0
        return Plan(kept, sum(entry.n for entry in kept), repeated, asks, exact)

    def _still_open(self, kept: list[Entry]) -> list[Entry]:
        """What the resumed state has of the open utterance: a fresh session would have none."""
        begin = self._begin(resumed=False, covers=False)
        if begin is None:
            return []
        first = min((e.start for e in kept), default=self.position)
        spoken = (e for e in self._entries if e.kind is Kind.AUDIO and e.index)
        return [e for e in spoken if e.start + e.n > begin and e.start < first]

    def _heard_of(self, entry: Entry) -> bool:
        """A text that was answered: the caller has heard the answer, and once is enough (C-34)."""
        return entry.kind is Kind.ASKS and 0 < entry.text <= self._texts_answered

    def _begin(self, *, resumed: bool, covers: bool) -> int | None:
        """From which sample on what was sent already is sent again; None: none of it is."""
        if self._open_from is None or not self._unanswered():
            return None
        margin = round(PRE_ROLL_S * UPLINK_RATE_HZ)
        begin = self._open_from - margin
        if resumed and covers:
            begin = max(begin, self._covered - margin)
        return begin

    def _again(self, entry: Entry, begin: int | None, resumed: bool) -> bool:
        if entry.bound:
            return False
        if not entry.index:
            return True
        if entry.kind in SPOKEN:
            return begin is not None and entry.start + entry.n > begin
        open_ = entry.text > self._texts_answered and self._text_open()
        return open_ and not (resumed and entry.start < self._covered)

    def _unsent(self) -> Iterator[Entry]:
        """What waits to be sent, the newest first; it lies behind all that was."""
        for entry in reversed(self._entries):
            if entry.index:
                return
            yield entry

    def _sent_to(self) -> int:
        """The sample up to which everything has been sent."""
        return min((entry.start for entry in self._unsent()), default=self.position)

    def _text_open(self) -> bool:
        """Whether a text is to be answered; one that long went unanswered needed no answer."""
        return self._text_at is not None and self._sent_to() - self._text_at <= self._keep

    def _unanswered(self) -> bool:
        """What the model has long had and did not answer was no question."""
        if self._open_from is None:
            return False
        return self._speaking or self._sent_to() - self._spoke_until <= self._keep

    def heard_since(self, begin: int) -> list[Entry]:
        """Audio that has waited, from `begin` on: what the caller said; silence is forgotten."""
        waiting = [entry for entry in self._unsent() if entry.n and entry.start >= begin]
        waiting.reverse()
        spoke = self._open_from is not None and (self._speaking or self._spoke_until > begin)
        first = (self._open_from or 0) - round(PRE_ROLL_S * UPLINK_RATE_HZ)
        kept = [entry for entry in waiting if spoke and entry.start + entry.n > first]
        for entry in waiting[: len(waiting) - len(kept)]:
            self._take_out(entry)
        return kept

    def _take_out(self, entry: Entry) -> None:
        self._entries.remove(entry)
        self._samples -= entry.n
        self._bytes -= len(entry.payload) + OVERHEAD_BYTES
        self._counters["audio_samples_gated"] += entry.n

    def forget_waiting(self, begin: int) -> None:
        """Audio that has waited, from `begin` on, is of no use to anybody any more."""
        for entry in [e for e in self._unsent() if e.n and e.start >= begin]:
            self._take_out(entry)

    def abandon(self) -> None:
        """No connection follows: what none was sent is lost."""
        self.dropped += sum(entry.n for entry in self._entries if not entry.index)
        self._forget_all()

    # Bounds

    def _trim(self) -> None:
        """Forget the oldest audio: what no policy would send again, else what exceeds the ring."""
        needed = self.position - self._keep
        if self._open_from is not None and self._unanswered():
            margin = round(PRE_ROLL_S * UPLINK_RATE_HZ)
            needed = min(needed, self._open_from - margin)
        while self._entries:
            oldest = self._entries[0]
            unsure = self._acknowledges and not self._taken
            kept_for_now = oldest.start + oldest.n > needed or not oldest.index or unsure
            if kept_for_now and self._samples <= self._ring and self._bytes <= MOST_BYTES:
                return
            if not self._taken and oldest.index:
                self._exact, self._hole = False, oldest.index
            self._drop(0)

    def _drop_other(self) -> None:
        """Forget the oldest message that is not audio."""
        self._drop(next(place for place, entry in enumerate(self._entries) if not entry.n))

    def _drop(self, place: int) -> None:
        """Forget one entry, and say so if it was still to be sent."""
        entry = self._entries[place]
        del self._entries[place]
        if place < self._taken:
            self._taken -= 1
        size = len(entry.payload) + OVERHEAD_BYTES
        self._bytes -= size
        self._samples -= entry.n
        self._other_bytes -= 0 if entry.n else size
        if entry.index:
            return
        if entry.n:
            self.dropped += entry.n
            self._counters["audio_samples_dropped"] += entry.n
        else:
            self._counters["frames_dropped"] += 1

    def _forget_all(self) -> None:
        self._entries.clear()
        self._samples = self._bytes = self._other_bytes = 0
        self._taken = self._hole = self._confirmed = 0
        self._exact = False
