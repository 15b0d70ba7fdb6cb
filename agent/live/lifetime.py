"""One session after the other under one object: begun, resumed, lost, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.errors import DialError, LocalProtocolError
from agent.gemini.session import LiveSession
from agent.gemini.session_events import Moved, Ready, SessionEvent, SessionFailed
from agent.live.driver import Driver
from agent.live.event_queue import EventQueue
from agent.live.link import Dialler

type NewSession = Callable[[str | None], LiveSession]
"""Makes a session that has not been started; with a handle, one that resumes another."""


class SessionClosedError(LocalProtocolError):
    """The session has been closed by this program, and something was still asked of it."""


class Lifetime:
    """What lies under an `AsyncSession`.

    Each session runs in a task of its own, which ends by itself: when the session is lost, and soon
    after it was closed.

    Args:
        ring_s: how much audio each session keeps for the next connection.

    Attributes:
        queue: the events of all sessions.
        callbacks: told of each move.
        driver: of the newest session.
    """

    driver: Driver

    def __init__(self, new: NewSession, dialler: Dialler, ring_s: float) -> None:
        self.queue = EventQueue()
        self.callbacks: list[Callable[[Moved], object]] = []
        self._new = new
        self._dialler = dialler
        self._ring_s = ring_s
        self._resumed_from: str | None = None
        self._closed = False
        self._error: Exception | None = None
        self._running: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._resuming = asyncio.Lock()

    @property
    def handle(self) -> str | None:
        """The newest one; a secret."""
        return self.driver.session.handle or self._resumed_from

    async def begin(self, handle: str | None) -> None:
        """Start; returns when the service is ready.

        Raises:
            DialError: it will not be.
        """
        self._begin(handle, None)
        await self._settle()

    async def resume(self, handle: str) -> None:
        """End the session and begin another from this handle; returns when the service is ready.

        Raises:
            DialError: it will not be.
            SessionClosedError: all is over.
        """
        async with self._resuming:
            self._check_open()
            before = self._running
            self.driver.close()
            self._begin(handle, before)
            await self._settle()

    async def close(self) -> None:
        """End the session; returns when nothing of it is left."""
        self._closed = True
        self.queue.end(self._error)
        running = self._running
        if running is None or running.done():
            return
        self.driver.close()
        await asyncio.wait({running})

    async def abandon(self) -> None:
        """Close as `close` does; when cancelled meanwhile, close at once."""
        try:
            await self.close()
        finally:
            if self._running is not None and not self._running.done():
                self._running.cancel()
                await asyncio.wait({self._running})

    def sending(self) -> Driver:
        """Whom to give what is to be sent; to be followed by `sent`.

        Raises:
            SessionClosedError: all is over.
            AgentError: what ended the session.
        """
        self._check()
        return self.driver

    async def sent(self, driver: Driver) -> None:
        """Something was given to the driver: send it, and wait while too much waits.

        Raises:
            SessionClosedError, AgentError: as `sending` does.
        """
        driver.flush()
        await driver.room()
        self._check()

    def _begin(self, handle: str | None, before: asyncio.Task[None] | None) -> None:
        self._error = None
        self._resumed_from = handle
        self.queue.reopen()
        self._settled.clear()
        session = self._new(handle)
        self.driver = Driver(session, self._dialler, self._told, self.queue.room, self._ring_s)
        self._running = asyncio.create_task(_run(self.driver, before))
        self._running.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if task is self._running:
            if isinstance(error, Exception):  # a bug: it must not stay hidden
                self._fail(error)
            self._settled.set()

    def _told(self, event: SessionEvent) -> None:
        match event:
            case SessionFailed(error):
                self._fail(error)
                return
            case Ready() if self._resumed_from and self.driver.session.handle is None:
                # A session without memory is not what was asked for.
                text = "the service does not take the handle: it is unknown or too old"
                self._fail(DialError(text, retryable=False))
                self.driver.close()
                return
            case Ready():
                self._settled.set()
            case Moved():
                for callback in self.callbacks:
                    asyncio.get_running_loop().call_soon(callback, event)
        self.queue.put(event)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.queue.end(error)
        self._settled.set()

    async def _settle(self) -> None:
        await self._settled.wait()
        self._check()

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosedError("the session is closed")

    def _check(self) -> None:
        self._check_open()
        if self._error is not None:
            raise self._error


async def _run(driver: Driver, before: asyncio.Task[None] | None) -> None:
    if before is not None:  # a session cannot be resumed while it is connected (C-22)
        try:
            await asyncio.wait({before})
        except asyncio.CancelledError:
            before.cancel()
            await asyncio.wait({before})
            raise
    await driver.run()
