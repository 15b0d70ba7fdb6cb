"""One session over its connections: dials when told, moves bytes, keeps time, decides nothing.

What is decided, is decided by `agent.gemini.session.LiveSession`. After each fact `flush` takes its
effects and events out, synchronously, and is the one place that performs them. When `run` returns,
no task, timer or socket of the session is left.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import assert_never

from agent.gemini.content import UPLINK_RATE_HZ
from agent.gemini.ledger import MOST_BYTES, MOST_OTHER_BYTES, OVERHEAD_BYTES
from agent.gemini.session import LiveSession, SessionState
from agent.gemini.session_events import (
    CloseConnection,
    OpenConnection,
    SendFrame,
    SessionEvent,
)
from agent.live.link import Dialler, Link

UNSENT_LIMIT = 1024 * 1024
"""Bytes that may wait for a socket before a sender does."""

HELD_SHARE = 2 / 3
"""Of the audio that a session can keep for the next connection, before a sender waits: with the
ordinary policy half a minute and more, which is as long as it goes on without one."""

HELD_OTHER_LIMIT = MOST_OTHER_BYTES // 2
"""The same for everything else, in bytes."""


class Driver:
    """Runs one session from its start until it is closed.

    Args:
        told: learns of each event as it happens.
        room: waited for before a frame is read, so that a program that takes no events makes the
            service wait.
        ring_s: how much audio the session keeps for the next connection.
    """

    def __init__(
        self,
        session: LiveSession,
        dialler: Dialler,
        told: Callable[[SessionEvent], None],
        room: Callable[[], Awaitable[None]],
        ring_s: float,
    ) -> None:
        self.session = session
        self._dialler = dialler
        self._told = told
        self._room = room
        self._held_limit = HELD_SHARE * min(ring_s * 2 * UPLINK_RATE_HZ, MOST_BYTES)
        self._held_audio = self._held_other = 0
        self._links: dict[int, Link] = {}
        self._moved = asyncio.Event()  # the time to wake at, or that there is no more to do
        self._lighter = asyncio.Event()  # less waits to be sent, or perhaps
        self._due: float | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def now(self) -> float:
        """The session's time."""
        return self._loop.time()

    async def run(self) -> None:
        """Live the session until it is closed, by whichever side, and its sockets with it."""
        async with asyncio.TaskGroup() as self._group:
            if self.session.state is SessionState.NEW:
                self.session.start(self.now)
                self.flush()
            try:
                while self._links or self.session.state is not SessionState.CLOSED:
                    await self._wait()
            except asyncio.CancelledError:
                self.close()
                raise

    def close(self) -> None:
        """End the session from this side; `run` returns once its sockets are closed."""
        self.session.close(self.now)
        self.flush()

    def flush(self) -> None:
        """Perform what the session wants done, and hand on what it says."""
        for effect in self.session.effects():
            match effect:
                case SendFrame(number, frame):
                    if number in self._links:
                        self._links[number].put(frame)
                case OpenConnection(number):
                    self._links[number] = Link(number, self._lighter.set)
                    self._group.create_task(self._run_link(self._links[number]))
                case CloseConnection(number, code, _):
                    if number in self._links:
                        self._links[number].close(code)
                case _:
                    assert_never(effect)
        for event in self.session.events():
            self._told(event)
        if self.session.ready:
            self._held_audio = self._held_other = 0
        self._lighter.set()
        due = self.session.next_timer()
        ended = self.session.state is SessionState.CLOSED
        if ended or (due is not None and (self._due is None or due < self._due)):
            self._moved.set()

    def holds(self, audio: int = 0, other: int = 0) -> None:
        """A message of so many bytes was handed to the session; without a connection it is kept."""
        if not self.session.ready:
            self._held_audio += (audio + OVERHEAD_BYTES) if audio else 0
            self._held_other += (other + OVERHEAD_BYTES) if other else 0

    async def room(self) -> None:
        """Wait until less than the limits waits to be sent, or the session is over."""
        while self.session.state is not SessionState.CLOSED and self._full():
            await self.change()

    async def change(self) -> None:
        """Wait until something has happened."""
        self._lighter.clear()
        await self._lighter.wait()

    def _full(self) -> bool:
        unsent = sum(link.unsent for link in self._links.values())
        held = self._held_audio > self._held_limit or self._held_other > HELD_OTHER_LIMIT
        return held or unsent > UNSENT_LIMIT

    async def _wait(self) -> None:
        """Wake the session when it asks for it; an earlier time sets `_moved`."""
        self._moved.clear()
        self._due = due = self.session.next_timer()
        alarm = None if due is None else self._loop.call_at(due, self._moved.set)
        try:
            await self._moved.wait()
        finally:
            if alarm is not None:
                alarm.cancel()
        if due is not None and due <= self.now:
            self.session.handle_timer(self.now)
            self.flush()

    async def _run_link(self, link: Link) -> None:
        """One connection; however it ends, the session learns of it."""
        connected = partial(self._connected, link.number)
        received = partial(self._received, link.number)
        loss = await link.run(self._dialler, connected, received, self._room_for_events)
        del self._links[link.number]
        self.session.lost(link.number, loss, self.now)
        self.flush()
        self._moved.set()

    def _connected(self, number: int) -> None:
        self.session.connected(number, self.now)
        self.flush()

    def _received(self, number: int, frame: bytes) -> None:
        self.session.receive(number, frame, self.now)
        self.flush()

    async def _room_for_events(self) -> None:
        """Wait for it, but never while a connection is being set up: that is to be heard."""
        if self.session.ready:
            await self._room()
