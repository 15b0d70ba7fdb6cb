"""How long the caller waits for a sound after having spoken; without I/O.

The agent's voice ends a wait, and so does the caller, who speaks again. Cover sound only breaks it:
the caller hears that the line lives, and waits on when the sound is over.

Source: docs/design.md section 2.
"""


class DeadAir:
    """One call's."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._longest_s = 0.0

    def waits(self, at: float) -> None:
        """The caller had finished speaking at `at`, and nothing sounded."""
        self._since = at

    def over(self, at: float) -> None:
        """The agent is heard from `at` on, or the caller speaks again."""
        if self._since is not None:
            self.lasted(at - self._since)
            self._since = None

    def covered(self, at: float, until: float) -> None:
        """Cover sound was heard between these times."""
        if self._since is not None:
            self.lasted(at - self._since)
            self._since = max(self._since, until)

    def lasted(self, seconds: float) -> None:
        """A wait of this length is known."""
        self._longest_s = max(self._longest_s, seconds)

    def longest_s(self, now: float) -> float:
        """The longest wait so far, one that still lasts included."""
        waiting_s = now - self._since if self._since is not None else 0.0
        return max(self._longest_s, waiting_s)
