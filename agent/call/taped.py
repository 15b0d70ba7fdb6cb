"""A call that keeps a tape of what it is told and of what comes out of it; without I/O."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.call.core import Call
from agent.call.effects import Effect, Keep, Outcome
from agent.call.policy import CallPlan
from agent.call.tape import (
    Advised,
    Began,
    CallerWrote,
    Dialled,
    Drained,
    Fact,
    Finished,
    LeftMessage,
    ModelConnected,
    ModelLost,
    ModelSaid,
    Paused,
    PhoneBack,
    PhoneLost,
    PhoneSaid,
    Rang,
    Resumed,
    SteppedAside,
    Tape,
    ToolFinished,
    WrappedUp,
    out_of,
)
from agent.gemini.session import LiveSession
from agent.gemini.session_events import Loss
from agent.telephony.leg import PhoneLeg

FEW = 32
"""Bytes that a fact takes besides its texts; about."""


class TapedCall(Call):
    """A call like any other; each fact is on the tape before the call learns of it.

    Nothing is noted between `Keep(False)` and `Keep(True)`. What had been noted before the first
    `Keep(True)` may be kept from that moment on.

    Args:
        began: what the call is made of, for the tape.
    """

    def __init__(
        self,
        plan: CallPlan,
        leg: PhoneLeg,
        session: LiveSession,
        began: Began,
        tape: Tape,
    ) -> None:
        super().__init__(plan, leg, session, began.at)
        self._tape = tape
        self._noting = True
        tape.note(began, 0)

    def phone_received(self, text: bytes | str, now: float) -> bool:
        """See `Call`."""
        if self._noting:
            sent = text.encode() if isinstance(text, str) else bytes(text)
            self._tape.note(PhoneSaid(now, sent), len(sent) + FEW)
        return super().phone_received(text, now)

    def phone_lost(self, now: float) -> None:
        """See `Call`."""
        self._note(PhoneLost(now))
        super().phone_lost(now)

    def step_aside(
        self,
        longest_s: float,
        now: float,
        *,
        then: Outcome = Outcome.PHONE_LOST,
        after_words: bool = False,
    ) -> bool:
        """See `Call`."""
        self._note(SteppedAside(now, longest_s, then.value, after_words))
        return super().step_aside(longest_s, now, then=then, after_words=after_words)

    def phone_back(self, leg: PhoneLeg, now: float, *, tell: str | None = None) -> None:
        """See `Call`."""
        self._note(PhoneBack(now, tell), len(tell or ""))
        super().phone_back(leg, now, tell=tell)

    def caller_wrote(self, text: str, now: float) -> None:
        """See `Call`."""
        self._note(CallerWrote(now, text), len(text))
        super().caller_wrote(text, now)

    def advise(self, text: str, now: float) -> None:
        """See `Call`."""
        self._note(Advised(now, text), len(text))
        super().advise(text, now)

    def dial(self, keys: str, now: float) -> None:
        """See `Call`."""
        super().dial(keys, now)  # first, as it raises for what are no keys
        self._note(Dialled(now, keys), len(keys))

    def model_connected(self, connection: int, now: float) -> None:
        """See `Call`."""
        self._note(ModelConnected(now, connection))
        super().model_connected(connection, now)

    def model_received(self, connection: int, frame: bytes | str, now: float) -> bool:
        """See `Call`."""
        if self._noting:
            sent = frame.encode() if isinstance(frame, str) else bytes(frame)
            self._tape.note(ModelSaid(now, connection, sent), len(sent) + FEW)
        return super().model_received(connection, frame, now)

    def model_lost(self, connection: int, loss: Loss, now: float) -> None:
        """See `Call`."""
        self._note(ModelLost(now, connection, loss), len(loss.reason))
        super().model_lost(connection, loss, now)

    def tool_finished(self, id: str, response: Mapping[str, object], now: float) -> None:
        """See `Call`."""
        if self._noting:
            answer = msgspec.json.encode(response, enc_hook=repr)
            self._note(ToolFinished(now, id, answer), len(answer))
        super().tool_finished(id, response, now)

    def finish(self, outcome: str, now: float) -> None:
        """See `Call`."""
        self._note(Finished(now, outcome))
        super().finish(outcome, now)

    def wrap_up(self, now: float) -> None:
        """See `Call`."""
        self._note(WrappedUp(now))
        super().wrap_up(now)

    def leave_message(self, text: str, now: float, *, to_machine: bool = True) -> None:
        """See `Call`."""
        self._note(LeftMessage(now, text, to_machine), len(text))
        super().leave_message(text, now, to_machine=to_machine)

    def handle_timer(self, now: float) -> None:
        """See `Call`."""
        self._note(Rang(now))
        super().handle_timer(now)

    def effects(self, now: float) -> list[Effect]:
        """See `Call`."""
        effects = super().effects(now)
        if self._noting:
            out = tuple(map(out_of, effects))
            self._note(Drained(now, out), sum(FEW + len(each.shown) for each in out))
        for effect in effects:
            if isinstance(effect, Keep):
                self._keep(effect.on, now)
        return effects

    def _keep(self, on: bool, now: float) -> None:
        if on:
            self._tape.allow()
        if on is self._noting:
            return
        self._noting = on
        self._tape.note(Resumed(now) if on else Paused(now), FEW)

    def _note(self, fact: Fact, size: int = 0) -> None:
        if self._noting:
            self._tape.note(fact, size + FEW)
