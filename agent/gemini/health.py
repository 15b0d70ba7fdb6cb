"""Signs that a connection that looks alive is not, without I/O.

Source: docs/protocols/gemini-live.md C-5, C-29, B39.
"""

from __future__ import annotations

from math import inf

FALLEN_TO = 0.5
"""Of the context, what a resumed session must still have, or it has forgotten the conversation;"""
FALLEN_BY = 150
"""and by so many tokens less: a short conversation proves nothing."""
MAY_BE_COMPRESSED = 0.5
"""Of where compression begins: a larger context may have been cut, and proves nothing."""


class Health:
    """Of one session's connections.

    Attributes:
        compress_from: the context at which the service cuts the oldest turns, in tokens.
    """

    def __init__(self, silence_s: float, compress_from: int) -> None:
        self._silence_s = silence_s
        self.compress_from = compress_from
        self._spoke_at: float | None = None  # the caller, since the last frame
        self._context = 0
        self._before = 0  # the context before a move, until the first turn after it

    def heard(self) -> None:
        """A frame came."""
        self._spoke_at = None

    def caller_spoke(self, now: float) -> None:
        """The caller spoke; the service should have something to say about it."""
        if self._spoke_at is None:
            self._spoke_at = now

    @property
    def dead_at(self) -> float:
        """When the connection is taken for dead."""
        return inf if self._spoke_at is None else self._spoke_at + self._silence_s

    def moved(self, resumed: bool) -> None:
        """Another connection carries the session."""
        self._spoke_at = None
        if not resumed:
            self._context = 0
        self._before = self._context

    def used(self, prompt_tokens: int) -> bool:
        """A turn's context; whether it shows that the conversation is forgotten (B39)."""
        if not prompt_tokens:
            return False  # not said
        before, self._before = self._before, 0
        self._context = prompt_tokens
        if before >= self.compress_from * MAY_BE_COMPRESSED:
            return False
        return prompt_tokens < before * FALLEN_TO and before - prompt_tokens > FALLEN_BY
