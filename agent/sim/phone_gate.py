"""Something that can be shut for a while; used by one event loop."""

import asyncio


class Gate:
    """Open, unless it was shut and its time is not over."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._opens: asyncio.TimerHandle | None = None

    def shut(self, for_s: float) -> None:
        """Shut it, for so long from now; whatever was said before does not count any more."""
        self.open()
        self._open.clear()
        self._opens = asyncio.get_running_loop().call_later(for_s, self.open)

    def open(self) -> None:
        """Open it."""
        if self._opens is not None:
            self._opens.cancel()
            self._opens = None
        self._open.set()

    @property
    def is_shut(self) -> bool:
        """Whether it lets nobody pass."""
        return not self._open.is_set()

    async def passed(self) -> None:
        """Wait until it is open."""
        await self._open.wait()
