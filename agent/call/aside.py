"""Whether the phone is there: a call can be without it for a while, and go on; without I/O.

The call steps aside when told to, as for a transfer: what is being said is heard first, within
limits (`Leaving` is the same as the end of a call, `agent.call.ending`). Or the phone's socket
breaks, and the call waits for the carrier to bring the same call back on another one. Meanwhile
nothing goes to the phone and nobody is silent; what the model says is kept for later.

Source: docs/protocols/twilio.md section 2, R17, R22.
"""

from enum import Enum
from math import inf

from agent.call.effects import Outcome
from agent.errors import LocalProtocolError

LONGEST_WORDS_S = 10.0
"""So much of what is being said is played before the call steps aside."""


class PhoneState(Enum):
    """Where the phone is."""

    HERE = "here"
    LEAVING = "leaving"
    """It is let go once the caller has heard what is being said."""
    AWAY = "away"
    COMING = "coming"
    """Another socket is there; the carrier has not said `start` on it."""


TRANSITIONS: dict[PhoneState, set[PhoneState]] = {
    PhoneState.HERE: {PhoneState.LEAVING, PhoneState.AWAY},
    PhoneState.LEAVING: {PhoneState.HERE, PhoneState.AWAY},
    PhoneState.AWAY: {PhoneState.COMING},
    PhoneState.COMING: {PhoneState.HERE, PhoneState.AWAY},
}


class Aside:
    """One call's phone.

    Attributes:
        state: see `TRANSITIONS`.
        outcome: of the call, if the phone does not come back.
        deadline: when it is not waited for any longer; `inf` unless it is away.
        returns: how often it came back.
    """

    def __init__(self) -> None:
        self.state = PhoneState.HERE
        self.outcome = Outcome.PHONE_LOST
        self.deadline = inf
        self.returns = 0
        self._longest_s = 0.0
        self._left_at = inf
        self._away_s = 0.0

    @property
    def away(self) -> bool:
        """Whether nothing can go to the phone now."""
        return self.state is PhoneState.AWAY or self.state is PhoneState.COMING

    def away_s(self, now: float) -> float:
        """How long it has been away, all in all."""
        return self._away_s + max(0.0, now - self._left_at)

    def leaving(self, longest_s: float, outcome: Outcome) -> None:
        """It will be let go.

        Args:
            longest_s: how long it may then be away,
            outcome: and how the call ends if it does not come back.
        """
        self._move(PhoneState.LEAVING)
        self._longest_s, self.outcome = longest_s, outcome

    def stays(self) -> None:
        """It is not let go after all."""
        if self.state is PhoneState.LEAVING:
            self._move(PhoneState.HERE)

    def lost(self, longest_s: float, now: float) -> None:
        """It has gone; unless that was wanted, it may be away for `longest_s`."""
        if self.state is PhoneState.COMING:
            self._move(PhoneState.AWAY)  # still waited for since it first went
            return
        if self.state is PhoneState.HERE:
            self._longest_s, self.outcome = longest_s, Outcome.PHONE_LOST
        self._move(PhoneState.AWAY)
        self._left_at = now
        self.deadline = now + self._longest_s

    def coming(self) -> None:
        """There is another socket."""
        self._move(PhoneState.COMING)

    def back(self, now: float) -> float:
        """The carrier has begun a stream on it; returns how long the phone was away."""
        self._move(PhoneState.HERE)
        was_away_s = now - self._left_at
        self._away_s += was_away_s
        self._left_at = self.deadline = inf
        self.returns += 1
        return was_away_s

    def _move(self, state: PhoneState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise LocalProtocolError(f"a phone that is {self.state.value} cannot be {state.value}")
        self.state = state
