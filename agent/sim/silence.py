"""A server that stops sending for a while, or for good, without I/O."""

from __future__ import annotations

from collections.abc import Iterable

from agent.sim.server_io import Close, Drop, Send, ServerOutput

MOST_HELD = 5_000
"""Frames kept for afterwards; with more, the oldest are lost."""


class Silence:
    """Holds frames back while it lasts.

    Attributes:
        until: when it ends; None when it does not last, or never ends.
    """

    def __init__(self) -> None:
        self.until: float | None = None
        self._lasts = False
        self._held: list[ServerOutput] = []

    @property
    def holds_nothing(self) -> bool:
        """Whether nothing waits for it to be over."""
        return not self._held

    def begin(self, seconds: float | None, now: float) -> None:
        """From now on; None is for ever."""
        self._lasts = True
        self.until = None if seconds is None else now + seconds

    def end(self, now: float) -> None:
        """It is over, if it is time."""
        if self.until is not None and self.until <= now:
            self._lasts, self.until = False, None

    def kept(self, outputs: Iterable[ServerOutput]) -> list[ServerOutput]:
        """What may go out of these, in order; a close goes out at once, and nothing after it."""
        if not self._lasts:
            held, self._held = self._held, []
            return [*held, *outputs]
        passing: list[ServerOutput] = []
        for output in outputs:
            if isinstance(output, Send):
                self._held.append(output)
                continue
            passing.append(output)
            if isinstance(output, Close | Drop):
                self._held = []
        del self._held[:-MOST_HELD]
        return passing
