"""Messages in order, the audio among them packed, without I/O.

A minute of PCM16 at 16 kHz is 1.92 MB. An object for each of its 1,500 packets, and their base64,
would be half as much again; so packets that follow one another lie in one buffer, a second of them
at most, beside a table of their sizes. Taken out, each is again the packet that was put in.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator

from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.entries import Entry, Kind

RUN_BYTES = 2 * UPLINK_RATE_HZ
"""Of audio in one buffer; at most half of one is dead while its packets are taken out."""
RUN_PACKETS = 250
"""In one buffer, be they ever so small."""
RUN_OVERHEAD = 360
"""Bytes of a run of packets beside its buffer,"""
PACKET_OVERHEAD = 4
"""and of each of its packets."""
OVERHEAD_BYTES = 220
"""Bytes of any other message beside its payload."""


class _Run:
    """Packets of audio, each beginning where the last one ends, numbered one after the other.

    Attributes:
        start, end: where they lie.
        index: of the first; 0: none of them has a number.
    """

    __slots__ = ("end", "index", "pcm", "sizes", "start")

    def __init__(self, start: int, index: int) -> None:
        self.start = self.end = start
        self.index = index
        self.sizes = array("I")
        self.pcm = bytearray()

    @property
    def n(self) -> int:
        """Samples of the first packet."""
        return self.sizes[0]

    def takes(self, start: int, index: int) -> bool:
        """Whether a packet goes on from here."""
        count = len(self.sizes)
        follows = self.index + count if self.index else 0
        room = len(self.pcm) < RUN_BYTES and count < RUN_PACKETS
        return room and start == self.end and index == follows

    def seal(self) -> None:
        """Nothing is added any more: give back the room kept for it."""
        self.pcm = bytearray(self.pcm)
        self.sizes = array("I", self.sizes)


class Packed:
    """A queue of messages.

    Attributes:
        samples: of audio in it.
        size: bytes of memory, nearly.
        other_size: of these, what is not audio.
    """

    def __init__(self) -> None:
        self._items: deque[_Run | Entry] = deque()
        self._open: _Run | None = None  # the last item, if it is audio
        self.samples = self.size = self.other_size = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[Entry]:
        for item in self._items:
            if isinstance(item, Entry):
                yield item
            else:
                yield from _packets(item)

    @property
    def front(self) -> _Run | Entry | None:
        """The oldest message, as far as `start`, `n` and `index` go."""
        return self._items[0] if self._items else None

    def others(self) -> Iterator[Entry]:
        """What is not audio."""
        return (item for item in self._items if isinstance(item, Entry))

    def samples_after(self, index: int) -> int:
        """Samples of the packets with a higher number."""
        total = 0
        for item in self._items:
            if isinstance(item, _Run):
                total += sum(item.sizes[max(index + 1 - item.index, 0) :])
        return total

    def add_audio(self, pcm: bytes, start: int, index: int) -> None:
        """Put a packet at the end.

        Args:
            pcm: not empty.
        """
        run = self._open
        if run is None or not run.takes(start, index):
            if run is not None:
                run.seal()
            run = self._open = _Run(start, index)
            self._items.append(run)
            self.size += RUN_OVERHEAD
        n = len(pcm) // 2
        run.pcm += pcm
        run.sizes.append(n)
        run.end += n
        self.samples += n
        self.size += len(pcm) + PACKET_OVERHEAD

    def add(self, entry: Entry) -> None:
        """Put any message at the end."""
        if entry.n:
            self.add_audio(entry.payload, entry.start, entry.index)
            return
        if self._open is not None:
            self._open.seal()
            self._open = None
        self._items.append(entry)
        self._grow(entry, 1)

    def pop(self) -> Entry:
        """Take the oldest message out."""
        item = self._items[0]
        if isinstance(item, Entry):
            entry = item
        else:
            n = item.sizes[0]
            entry = Entry(Kind.AUDIO, bytes(item.pcm[: 2 * n]), item.start, n, item.index)
        self.drop()
        return entry

    def drop(self) -> None:
        """Forget the oldest message."""
        item = self._items[0]
        if isinstance(item, Entry):
            self._items.popleft()
            self._grow(item, -1)
            return
        n = item.sizes.pop(0)
        self.samples -= n
        self.size -= 2 * n + PACKET_OVERHEAD
        if item.sizes:
            del item.pcm[: 2 * n]
            item.start += n
            item.index += 1 if item.index else 0
            return
        self._items.popleft()
        self.size -= RUN_OVERHEAD
        if self._open is item:
            self._open = None

    def drop_other(self) -> Entry | None:
        """Forget the oldest message that is not audio, and return it."""
        entry = next(self.others(), None)
        if entry is not None:
            self._items.remove(entry)
            self._grow(entry, -1)
        return entry

    def drain(self) -> Iterator[Entry]:
        """Take out one message after the other; what was taken out takes no room any more."""
        while self._items:
            yield self.pop()

    def _grow(self, entry: Entry, times: int) -> None:
        size = times * (len(entry.payload) + OVERHEAD_BYTES)
        self.size += size
        self.other_size += size


def _packets(run: _Run) -> Iterator[Entry]:
    place, start, index = 0, run.start, run.index
    for n in run.sizes:
        yield Entry(Kind.AUDIO, bytes(run.pcm[place : place + 2 * n]), start, n, index)
        place += 2 * n
        start += n
        index += 1 if index else 0
