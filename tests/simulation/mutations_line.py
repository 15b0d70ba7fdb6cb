"""Bugs that only calls whose phone goes can show; see `tests.simulation.mutations`."""

from __future__ import annotations

from typing import Any

import pytest

from agent.call.aside import Aside, PhoneState
from agent.call.conversation import Conversation
from agent.call.phone_side import PhoneSide
from agent.call.quiet import Quiet
from agent.gemini.session_events import Why
from tests.simulation.mutations import MUTATIONS, breaks


def _nothing(*_: object) -> None:
    return None


@breaks("what_came_is_heard", "the_voice_is_whole", away=40)
def drops_the_queue_at_a_break(patch: pytest.MonkeyPatch) -> None:
    """What the caller has not heard when the line breaks is thrown away."""
    line_broke = Conversation.line_broke

    def cutting(self: Conversation, at: float, now: float) -> None:
        line_broke(self, at, now)
        self.playout.clear(now)

    patch.setattr(Conversation, "line_broke", cutting)


@breaks("the_voice_is_whole", away=80)
def believes_in_a_dead_line(patch: pytest.MonkeyPatch) -> None:
    """What went to a line that gave no sign of life any more counts as heard."""
    leave = PhoneSide.leave

    def trusting(self: PhoneSide, now: float) -> None:
        self._life.phone.heard_from_at = now
        leave(self, now)

    patch.setattr(PhoneSide, "leave", trusting)


@breaks("nothing_crashes", "the_carrier_takes_all", away=40)
def writes_to_the_old_stream(patch: pytest.MonkeyPatch) -> None:
    """The next stream is spoken to under the name of the one before."""
    comes = PhoneSide.comes

    def clinging(self: PhoneSide, leg: Any, tell: str | None, now: float) -> None:
        before = self.leg
        comes(self, leg, tell, now)
        leg.media, leg.mark, leg.clear = before.media, before.mark, before.clear
        before._check_started = _nothing  # type: ignore[attr-defined]

    patch.setattr(PhoneSide, "comes", clinging)


@breaks("nobody_away_is_prompted", away=40)
def asks_who_is_away(patch: pytest.MonkeyPatch) -> None:
    """A caller whose phone has gone is asked whether he is there."""
    since = Quiet.since

    def deaf(self: Quiet) -> float:
        state, self._aside.state = self._aside.state, PhoneState.HERE
        at = since(self)
        self._aside.state = state
        return at

    patch.setattr(Quiet, "since", deaf)


@breaks("the_phone_is_waited_for", away=40)
def does_not_wait_for_the_phone(patch: pytest.MonkeyPatch) -> None:
    """The call is given up while its phone may still come back."""
    lost = Aside.lost

    def hasty(self: Aside, longest_s: float, now: float) -> None:
        lost(self, longest_s / 2, now)

    patch.setattr(Aside, "lost", hasty)


@breaks("the_model_does_not_notice", away=40)
def moves_with_the_phone(patch: pytest.MonkeyPatch) -> None:
    """A lost line takes the model's connection with it."""
    leave = PhoneSide.leave

    def moving(self: PhoneSide, now: float) -> None:
        leave(self, now)
        self._session.move(now, Why.SILENT)

    patch.setattr(PhoneSide, "leave", moving)


ALL = MUTATIONS
"""These and the others."""
