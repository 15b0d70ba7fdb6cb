"""What a server of tools may not exceed, and how its connection says that it is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

OPEN_S = 30.0
"""How long a server may take until it answers: some are fetched from a registry first."""
PATIENCE_S = 60.0
"""How long it may take to answer a call: no tool's `timeout` is longer."""
LISTING_BYTES = 8 * 1024 * 1024
"""Of a message, while the tools are listed: a server may have many, of which few are allowed."""
ANSWER_BYTES = 256 * 1024
"""Of a message, while calls run: taking it apart holds up their sound, and the model is told
8 KiB of it at most."""
PAGES = 100
"""Of a list of tools."""
NOISE = 100
"""Messages that are none; a server that sends more is ended."""
WRITE_S = 5.0
"""How long a server may take no message, or no connection."""
NOTE_S = 1.0
"""How long it may take a message that has no answer, when those that follow wait for that."""


@dataclass(slots=True)
class Bounds:
    """Of one connection.

    Attributes:
        message_bytes: the longest message that is read; a longer one is dropped.
        lost: set once the connection is of no more use.
        why: in words, for the log.
    """

    message_bytes: int = LISTING_BYTES
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""

    def lose(self, why: str) -> None:
        """The connection is over; the first reason holds."""
        if not self.lost.is_set():
            self.why = why
            self.lost.set()
