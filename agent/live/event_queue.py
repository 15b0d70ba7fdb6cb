"""Events on their way from a session to the program, bounded by memory, none ever dropped."""

import asyncio
from collections import deque

from agent.errors import LocalProtocolError
from agent.gemini.session_events import ModelAudio, SessionEvent

MEMORY_LIMIT = 16 * 1024 * 1024
"""Bytes of events that may wait: more than five minutes of speech."""

EVENT_BYTES = 512
"""What an event is counted for besides its sound: more than almost any of them takes."""


class EventQueue:
    """Holds events until the program asks for them.

    Whoever reads the service's socket waits with `room` before each frame. So a program that does
    not iterate makes the service wait, by way of TCP; what has been read is kept.
    """

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._limit = limit
        self._events: deque[SessionEvent] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()  # an event came, or the end
        self._lighter = asyncio.Event()  # an event was taken
        self._taking = False
        self._ended = False
        self._error: Exception | None = None

    @property
    def n_bytes(self) -> int:
        """What waits."""
        return self._bytes

    def put(self, event: SessionEvent) -> None:
        """Add an event, whether there is room or not: those that come of timers are few."""
        self._events.append(event)
        self._bytes += _size(event)
        self._changed.set()

    def end(self, error: Exception | None = None) -> None:
        """None follows; with an error, that is what `take` raises after the last event."""
        self._ended, self._error = True, error
        self._changed.set()

    def reopen(self) -> None:
        """Events follow after all, and the error is past."""
        self._ended, self._error = False, None

    async def take(self) -> SessionEvent:
        """The next event; cancelling loses none.

        Raises:
            StopAsyncIteration: there is none and none follows.
            Exception: the error given to `end`, each time.
            LocalProtocolError: somebody else is waiting already.
        """
        if self._taking:
            raise LocalProtocolError("two tasks iterate over the same session")
        while not self._events:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            self._taking = True
            try:
                await self._changed.wait()
            finally:
                self._taking = False
        event = self._events.popleft()
        self._bytes -= _size(event)
        self._lighter.set()
        return event

    async def room(self) -> None:
        """Wait until less than the limit is kept."""
        while self._bytes >= self._limit:
            self._lighter.clear()
            await self._lighter.wait()


def _size(event: SessionEvent) -> int:
    return EVENT_BYTES + (event.pcm24k.nbytes if isinstance(event, ModelAudio) else 0)
