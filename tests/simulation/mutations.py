"""Bugs planted one at a time, each by replacing one method, and what must find each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import pytest

from agent.call import requests
from agent.call.absence import Absence
from agent.call.cover import Cover
from agent.call.effects import Effect
from agent.call.errands import Errands
from agent.call.outgoing import Outgoing
from agent.call.seam import Seam
from agent.gemini.backoff import Backoff
from agent.gemini.carriage import Carriage
from agent.gemini.departure import Departure
from agent.gemini.ledger import Ledger, Plan
from agent.gemini.outbound import Outbound
from agent.gemini.packed import Packed
from agent.gemini.session import LiveSession
from agent.gemini.session_events import HandleUpdated, Leaving
from agent.gemini.talk import Talk

type Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutation:
    """A bug: how it is planted, and the promises of which at least one must break.

    Attributes:
        away: only a call whose phone goes can show it: the first so many are enough.
    """

    plant: Plant
    breaks: frozenset[str]
    away: int | None = None


MUTATIONS: dict[str, Mutation] = {}


def breaks(*promises: str, away: int | None = None) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        MUTATIONS[plant.__name__] = Mutation(plant, frozenset(promises), away)
        return plant

    return register


def _nothing(*_: object, **__: object) -> None:
    return None


@breaks("nothing_is_lost")
def drops_the_ledger(patch: pytest.MonkeyPatch) -> None:
    """What was kept is not sent to the next connection."""
    plan = Ledger.plan

    def empty(self: Ledger, **how: bool) -> Plan:
        made = plan(self, **how)
        self.waiting = Packed()
        return made

    patch.setattr(Ledger, "plan", empty)


@breaks("nothing_is_lost")
def never_replays(patch: pytest.MonkeyPatch) -> None:
    """Only what was never sent is kept; the open utterance is forgotten."""
    patch.setattr(Ledger, "_begin", _nothing)


@breaks("nothing_is_doubled")
def replays_everything(patch: pytest.MonkeyPatch) -> None:
    """All that is still kept is sent again."""

    def all_of_it(self: Ledger, **_: bool) -> int:
        return -(10**9)

    patch.setattr(Ledger, "_begin", all_of_it)
    patch.setattr(Ledger, "acknowledged", _nothing)


@breaks("notices_are_heeded")
def ignores_the_deadline(patch: pytest.MonkeyPatch) -> None:
    """A notice is heard, but nothing comes of it unless a good moment does."""
    go_away = Departure.go_away

    def without_end(self: Departure, time_left_s: float | None, now: float) -> None:
        go_away(self, 3600.0, now)

    patch.setattr(Departure, "go_away", without_end)


@breaks("notices_are_heeded", "waits_are_not_silent", "nothing_is_lost")
def loses_the_timer(patch: pytest.MonkeyPatch) -> None:
    """The session has no deadlines."""
    patch.setattr(LiveSession, "next_timer", _nothing)


@breaks("handles_are_used")
def forgets_the_handle(patch: pytest.MonkeyPatch) -> None:
    """An update without a handle wipes out the one before."""
    note = Talk._note

    def forgetful(self: Talk, event: Any, now: float) -> None:
        note(self, event, now)
        if event == HandleUpdated(False):
            self.handle = None

    patch.setattr(Talk, "_note", forgetful)


@breaks("greeted_once")
def greets_again(patch: pytest.MonkeyPatch) -> None:
    """Every connection is asked to greet."""
    moved = Seam.moved

    def greeting(self: Seam, event: Any, now: float) -> None:
        moved(self, event, now)
        self._errands.tell("Greet the caller now.", now)

    patch.setattr(Seam, "moved", greeting)


@breaks("one_setup_after_the_close")
def sets_up_too_early(patch: pytest.MonkeyPatch) -> None:
    """The next connection is set up while the former one is open."""
    leave = Carriage.leave

    def hasty(self: Carriage, why: Any, now: float) -> None:
        self._policy = replace(self._policy, overlap=True)
        leave(self, why, now)

    patch.setattr(Carriage, "leave", hasty)


@breaks("only_open_connections_are_used")
def sends_to_the_old_connection(patch: pytest.MonkeyPatch) -> None:
    """Audio goes on to the connection that was left."""
    patch.setattr(Outbound, "hold", _nothing)


@breaks("dials_back_off", "timers_move")
def does_not_back_off(patch: pytest.MonkeyPatch) -> None:
    """A failed attempt is repeated at once."""

    def at_once(self: Backoff, *_: object, **__: object) -> float:
        self.attempts += 1
        return 0.001

    patch.setattr(Backoff, "failed", at_once)


@breaks("the_model_is_not_given_up")
def gives_up_at_once(patch: pytest.MonkeyPatch) -> None:
    """The first refusal ends the session."""
    patch.setattr(Backoff, "failed", _nothing)


@breaks("what_came_is_heard", "the_voice_is_whole")
def drops_what_is_queued(patch: pytest.MonkeyPatch) -> None:
    """The agent's audio not yet played is thrown away when the connection goes."""
    left = Seam.left

    def cutting(self: Seam, event: Leaving, now: float) -> None:
        self._talk.playout.clear(now)
        left(self, event, now)

    patch.setattr(Seam, "left", cutting)


@breaks("results_reach_the_model")
def forgets_open_calls(patch: pytest.MonkeyPatch) -> None:
    """A function's result is dropped once its connection has gone."""
    lost, finished = Errands.lost, Errands.finished

    def forgetting(self: Errands, ids: Any, now: float) -> None:
        lost(self, ids, now)
        self._forgotten = True  # type: ignore[attr-defined]

    def dropping(self: Errands, run: str, response: Any, now: float) -> None:
        if not hasattr(self, "_forgotten"):
            finished(self, run, response, now)

    patch.setattr(Errands, "lost", forgetting)
    patch.setattr(Errands, "finished", dropping)


@breaks("effects_take_place_once")
def runs_effects_again(patch: pytest.MonkeyPatch) -> None:
    """What the model asks for is done, whatever was done before."""
    made = iter(range(10**6))
    patch.setattr(requests, "effect_key", lambda *_: str(next(made)))
    patch.setattr(requests.Requests, "find", _nothing)


@breaks("waits_are_not_silent")
def covers_nothing(patch: pytest.MonkeyPatch) -> None:
    """The caller hears nothing while there is no model."""
    patch.setattr(Cover, "waiting", _nothing)


@breaks("slow_answers_are_covered")
def is_patient_with_the_model(patch: pytest.MonkeyPatch) -> None:
    """While there is a model, no wait is too long."""
    patch.setattr(Absence, "_due", lambda *_: inf)


@breaks("connections_are_closed")
def leaves_connections_open(patch: pytest.MonkeyPatch) -> None:
    """The end of the session closes no connection."""
    patch.setattr(Carriage, "close", lambda self: self._end())


@breaks("every_call_ends")
def hangs_up_twice(patch: pytest.MonkeyPatch) -> None:
    """The end is not remembered."""
    effects = Outgoing.effects

    def again(self: Outgoing, now: float) -> list[Effect]:
        self._hung_up = False
        return effects(self, now)

    patch.setattr(Outgoing, "effects", again)


@breaks("timers_move")
def does_not_do_what_is_due(patch: pytest.MonkeyPatch) -> None:
    """A timer of the session fires, and nothing is done about it."""
    patch.setattr(LiveSession, "handle_timer", _nothing)


@breaks("figures_tell_the_truth", "announced_moves_are_not_heard")
def counts_no_moves(patch: pytest.MonkeyPatch) -> None:
    """The figures say that nothing happened."""
    count = Talk._count

    def hiding(self: Talk, *args: Any, **keys: Any) -> None:
        count(self, *args, **keys)
        self.figures.moves = self.figures.drops = -5

    patch.setattr(Talk, "_count", hiding)
