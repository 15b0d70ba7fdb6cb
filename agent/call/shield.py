"""The greeting of a call that we placed, guarded from who answers; without I/O.

Whoever answers says "Hello?", mostly just when the agent begins. The model's service would take
that for an interruption and stop. So the called's sound waits here until the greeting is generated
whole, which takes a second or two: then nothing that the service hears can stop it. It follows
then, and is answered after the greeting. And what is heard meanwhile, by us or by the service, does
not cut the greeting while it plays.
"""

from math import inf

from agent.audio.pcm import Pcm16

PATIENCE_S = 10.0
"""A greeting that has not come by then is not waited for."""


class Shield:
    """Guards the greeting of one call.

    Args:
        protect_s: so long from the agent's first sound on; 0: it is not guarded.

    Attributes:
        holds: the called's sound waits.
    """

    def __init__(self, protect_s: float) -> None:
        self.holds = protect_s > 0
        self._protect_s = protect_s
        self._until = inf if self.holds else -inf
        self._held: list[Pcm16] = []
        self._since: float | None = None

    def up(self, now: float) -> bool:
        """Whether nothing cuts the agent."""
        return now < self._until

    def began(self, now: float) -> None:
        """The called hears the agent."""
        if self._until == inf:
            self._until = now + self._protect_s

    def heard(self) -> None:
        """The greeting was heard to its end."""
        self._until = -inf

    def take(self, packets: list[Pcm16], now: float, *, said: bool) -> list[Pcm16]:
        """Hold what the called says, or hand it on with all that was held.

        Args:
            said: the greeting is generated whole, or its rest does not come by itself.
        """
        if not self.holds:
            return packets
        self._since = now if self._since is None else self._since
        self._held += packets
        if now >= self._since + PATIENCE_S and self._until == inf:
            self._until = -inf
        return self.release() if said or now >= self._until else []

    def release(self) -> list[Pcm16]:
        """Hold nothing any more; returns what was held."""
        held, self._held, self.holds = self._held, [], False
        return held
