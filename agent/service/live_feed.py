"""The live feed: what the calls are doing, as it happens, to however many pages look on.

All viewers share one beat. On each beat whoever wakes first works out what has changed, once, and
everybody gets the same bytes; so a viewer costs little more than writing to his socket. A viewer
who was too slow for a beat gets the whole picture instead of what he missed: nothing queues.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from agent.service.live_tap import LevelTap
from agent.service.live_view import CallView, Row, changed
from agent.service.running import RunningCall

BEAT_S = 0.25
MOST_ENDED: Final = 50
"""Calls whose last words can still be read after their end."""
MOST_ENTRIES: Final = 400
"""Entries of a timeline in one message."""

_encode = msgspec.json.Encoder().encode


class LiveFeed:
    """What the calls are doing.

    Args:
        running: the calls that run now.

    Attributes:
        version: of the list, from 1.
    """

    def __init__(self, running: Callable[[], Iterable[RunningCall]]) -> None:
        self.version = 1
        self._running = running
        self._beat = -1
        self._views: dict[str, CallView] = {}
        self._ended: OrderedDict[str, CallView] = OrderedDict()
        self._rows: dict[str, Row] = {}
        self._latest = b""
        self._whole: bytes | None = None

    def update(self, now: float) -> None:
        """Look at the calls, unless that was done on this beat already."""
        beat = math.floor(now / BEAT_S)
        if beat == self._beat:
            return
        self._beat = beat
        self._follow()
        rows = {id: view.row() for id, view in self._views.items()}
        news = []
        for id, row in rows.items():
            before = self._rows.get(id)
            if before is None:
                news.append(row)
            elif fields := changed(before, row):
                news.append({"id": id, **fields})
        gone = [id for id in self._rows if id not in rows]
        if not news and not gone:
            return
        self._rows = rows
        self.version += 1
        self._whole = None
        self._latest = _encode({"kind": "calls", "whole": False, "rows": news, "gone": gone})

    def since(self, version: int) -> bytes | None:
        """The list for somebody who has seen this version of it, 0 being none.

        Returns:
            What has changed, or all of it for who missed more; None: nothing is new.
        """
        if version == self.version:
            return None
        if version and version == self.version - 1:
            return self._latest
        if self._whole is None:
            rows = list(self._rows.values())
            self._whole = _encode({"kind": "calls", "whole": True, "rows": rows, "gone": []})
        return self._whole

    def call(self, id: str, read: int) -> Iterator[tuple[bytes, int]]:
        """What a call has added to its timeline for somebody who has read so many entries.

        Returns:
            Messages, each with how many entries have been read after it; none when nothing is new.
        """
        view = self._views.get(id) or self._ended.get(id)
        if view is None:
            return
        entries = view.timeline.since(read)
        while entries:
            some, entries = entries[:MOST_ENTRIES], entries[MOST_ENTRIES:]
            message: dict[str, Any] = {"kind": "call", "id": id, "from": read, "entries": some}
            read += len(some)
            yield _encode(message), read

    def tap(self, id: str) -> LevelTap:
        """What the sound of a running call goes through."""
        return self._views[id].tap

    def _follow(self) -> None:
        running = {call.id: call for call in self._running()}
        for id in [id for id in self._views if id not in running]:
            view = self._ended[id] = self._views.pop(id)
            view.ended()
            if len(self._ended) > MOST_ENDED:
                self._ended.popitem(last=False)
        for id, call in running.items():
            known = self._views.get(id)
            if known is None or known.timeline is not call.call.timeline:
                self._ended.pop(id, None)
                self._views[id] = CallView(call)
