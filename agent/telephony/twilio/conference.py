"""A warm transfer: the caller waits, a person is called, hears a summary, and takes the call.

The machine is told what the carrier reports, in whatever order and however often it does so, and
answers with what is to be done. The caller is brought back to the agent unless the person has
pressed the key that takes the call; after that the two are connected, and nothing brings the
caller back. Whatever comes out of its place is counted and changes nothing. Without I/O.

Source: docs/protocols/twilio.md 5.2, 5.3, R21, R24.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final

from agent.telephony.twilio.dial import FAILURES

ACCEPT, REFUSE = "1", "2"

ASKING_S: Final = 60.0
"""How long the person may take to hear the summary and press a key."""

MACHINE = "an answering machine took the call"
REFUSED = "the person cannot take the call now"
NO_KEY = "the person answered and did not take the call"
NO_PERSON = "the call could not be put through"


class WarmState(Enum):
    """How far a warm transfer has come."""

    CALLING = "calling"
    """The person's telephone rings, or is about to."""
    ASKING = "asking"
    """The person has answered and hears the summary."""
    CONNECTED = "connected"
    """The person has taken the call."""
    RETURNING = "returning"
    """It did not come about: the caller goes back to the agent."""
    OVER = "over"
    """The caller is not there any more, or was, until the end of the talk."""


TRANSITIONS: Final[dict[WarmState, set[WarmState]]] = {
    WarmState.CALLING: {
        WarmState.ASKING, WarmState.CONNECTED, WarmState.RETURNING, WarmState.OVER,
    },
    WarmState.ASKING: {WarmState.CONNECTED, WarmState.RETURNING, WarmState.OVER},
    WarmState.CONNECTED: {WarmState.OVER},
    WarmState.RETURNING: {WarmState.OVER},
    WarmState.OVER: set(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HangUpPerson:
    """End the person's side; it may have ended by itself."""

    sid: str


@dataclass(frozen=True, slots=True)
class BringBack:
    """Take the caller out of the conference and back to the agent, who is told why."""

    why: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The two talk: the agent's part is over."""


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller has hung up before it came about."""


type WarmAction = HangUpPerson | BringBack | Connected | CallerGone


class WarmTransfer:
    """One of them.

    Args:
        now: when the person's telephone is made to ring.
        ring_s: how long it may.

    Attributes:
        state: see `TRANSITIONS`.
        why: it did not come about; empty: it did, or nobody knows yet.
        counters: `out_of_place` reports.
        deadline: when `handle_timer` has something to do; None: never.
    """

    def __init__(self, now: float, ring_s: float) -> None:
        self.state = WarmState.CALLING
        self.why = ""
        self.counters: Counter[str] = Counter()
        self.deadline: float | None = now + ring_s + ASKING_S
        self._person = ""
        self._hung_up = False

    @property
    def waiting(self) -> bool:
        """Whether the caller waits for the person."""
        return self.state in {WarmState.CALLING, WarmState.ASKING}

    def called(self, sid: str) -> list[WarmAction]:
        """The carrier has taken the order to call the person; it may come too late."""
        self._person = sid
        return [] if self.waiting or self.state is WarmState.CONNECTED else self._hang_up()

    def answered(self, now: float) -> bool:
        """The person's side asks what to hear; returns whether that is the summary."""
        if self.state is WarmState.CALLING:
            self._move(WarmState.ASKING)
            self.deadline = now + ASKING_S
        return self.state is WarmState.ASKING

    def not_understood(self, now: float) -> bool:
        """The person is asked again; returns whether anybody still waits for the answer."""
        if self.waiting:
            self.deadline = now + ASKING_S
        return self._waits()

    def pressed(self, key: str) -> list[WarmAction]:
        """The person pressed a key, or none within the time: an empty one."""
        if not self.waiting:
            self.counters["out_of_place"] += 1
            return []
        if key == ACCEPT:
            self._move(WarmState.CONNECTED)
            self.deadline = None
            return [Connected()]
        return self._fail(NO_KEY if key == "" else REFUSED)

    def machine_heard(self) -> list[WarmAction]:
        """The carrier takes the person for a machine; a key that was pressed proves it wrong."""
        return self._fail(MACHINE) if self._waits() else []

    def person_ended(self, status: str) -> list[WarmAction]:
        """The person's side is over, with the carrier's word for how it ended."""
        self._hung_up = True
        return self._fail(FAILURES.get(status, NO_KEY)) if self._waits() else []

    def not_called(self) -> list[WarmAction]:
        """The carrier did not take the order."""
        return self._fail(NO_PERSON) if self._waits() else []

    def caller_left(self, *, hung_up: bool) -> list[WarmAction]:
        """The caller's side has left the conference.

        Args:
            hung_up: the call is over; else the carrier asks what to do with it.
        """
        if self.state is WarmState.CONNECTED:
            self._move(WarmState.OVER)
            return []
        if not hung_up:
            return self._fail(NO_PERSON) if self._waits() else []
        if self.state is WarmState.OVER:
            return []
        self._move(WarmState.OVER)
        self.deadline = None
        return [CallerGone(), *self._hang_up()]

    def handle_timer(self, now: float) -> list[WarmAction]:
        """The time of `deadline` has come, or any other."""
        if self.deadline is None or now < self.deadline:
            return []
        return self._fail(NO_KEY if self.state is WarmState.ASKING else FAILURES["no-answer"])

    def _waits(self) -> bool:
        if not self.waiting:
            self.counters["out_of_place"] += 1
        return self.waiting

    def _fail(self, why: str) -> list[WarmAction]:
        self._move(WarmState.RETURNING)
        self.why, self.deadline = why, None
        return [BringBack(why), *self._hang_up()]

    def _hang_up(self) -> list[WarmAction]:
        if self._hung_up or not self._person:
            return []
        self._hung_up = True
        return [HangUpPerson(self._person)]

    def _move(self, state: WarmState) -> None:
        assert state in TRANSITIONS[self.state], (self.state, state)
        self.state = state
