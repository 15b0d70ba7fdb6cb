"""Whole simulated calls: deterministic, and what they show is what happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.call.effects import Outcome, StepAside
from agent.sim.faults import TurnFault
from agent.sim.mishaps import At, Cut, Planned, Refusal, Resumption, Stall, ending
from agent.sim.simulation.draw import PROFILES
from agent.sim.simulation.judging import carriers
from agent.sim.simulation.judging_voice import heard_of
from agent.sim.simulation.judging_words import accounts
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.record import Record
from agent.sim.simulation.script import (
    BadTurn,
    CarrierGap,
    Ending,
    Handles,
    LineBreak,
    Mishappening,
    Refused,
    Script,
    SlowClose,
    SlowDial,
    SlowSetup,
    SteppingAside,
    Trouble,
    Utterance,
)
from agent.sim.simulation.simulated import _Simulation, simulate

ASKS, ORDERS, LEAVES = Utterance(1, 800), Utterance(2, 1000, "tool"), Utterance(3, 600, "end")
QUIET = Script(1, "dev-3.8", (ASKS, ORDERS))
PLANNED = Ending(ending(At(4.0), 10.0), 10.0)
DROPPED = Ending((Planned(At(4.0), Cut(), 1, 1),))


def call(*troubles: Trouble, script: Script = QUIET) -> Record:
    return simulate(replace(script, troubles=troubles))


def told_of(script: Script, *troubles: Trouble) -> list[tuple[float, str]]:
    """What a trace says."""
    told: list[tuple[float, str]] = []
    simulate(replace(script, troubles=troubles), lambda at, text: told.append((at, text)))
    return told


def test_a_call_without_trouble_keeps_every_promise() -> None:
    record = call()
    assert breaches(record) == []
    assert record.outcome is Outcome.CALLER_HUNG_UP
    assert [voiced.label for voiced in record.voiced] == ["greeting", "reply-1", "result-2"]
    assert all(sum(p.run.n for p in heard_of(record, v)) == v.n for v in record.voiced)
    assert [missing for _, missing in accounts(record)] == [0, 0]
    assert record.tools.effects == {"2": 1}


@pytest.mark.parametrize("profile", sorted(set(PROFILES)))
def test_every_model_can_be_talked_to(profile: str) -> None:
    assert breaches(call(script=replace(QUIET, profile=profile))) == []


def test_the_same_script_is_the_same_call() -> None:
    first, second = told_of(QUIET, DROPPED), told_of(QUIET, DROPPED)
    assert first == second
    assert len(first) > 30


def test_watching_a_call_does_not_change_it() -> None:
    watched = simulate(replace(QUIET, troubles=(DROPPED,)), lambda at, text: None)
    assert repr(call(DROPPED).connections) == repr(watched.connections)


def test_an_announced_end_is_a_move() -> None:
    record = call(PLANNED)
    assert breaches(record) == []
    assert len(carriers(record)) == 2
    assert record.session.figures.moves == 1


def test_a_lost_socket_is_a_drop() -> None:
    record = call(DROPPED)
    assert breaches(record) == []
    assert record.session.figures.drops == 1
    assert record.connections[1].ended_by_service


def test_refused_dials_are_tried_again() -> None:
    refused = Refused(Refusal(times=3, status=503, redials_of=0))
    record = call(DROPPED, refused)
    assert breaches(record) == []
    assert record.session.figures.failed_attempts == 3


def test_a_session_without_handles_begins_afresh() -> None:
    record = call(DROPPED, Handles(Resumption(handles="none")))
    assert breaches(record) == []
    assert record.session.figures.fresh_starts == 1


@pytest.mark.parametrize(
    "trouble",
    [
        SlowDial(2, 1.0),
        SlowClose(0.2),
        SlowSetup(0.5),
        CarrierGap(3.0, 0.6, lost=False),
        BadTurn(2, TurnFault.GARBAGE),
        Mishappening(Planned(At(5.0), Stall(2.0))),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_what_is_slow_or_odd_harms_nobody(trouble: Trouble) -> None:
    assert breaches(call(PLANNED, trouble)) == []


def test_what_the_carrier_loses_is_not_held_against_the_call() -> None:
    record = call(CarrierGap(2.0, 6.0, lost=True))
    assert sum(said.lost_ms for said in record.said) > 0
    assert breaches(record) == []


def test_the_model_may_end_the_call() -> None:
    record = call(script=replace(QUIET, utterances=(ASKS, LEAVES)))
    assert breaches(record) == []
    assert record.outcome is Outcome.AGENT_ENDED


def test_a_caller_who_falls_silent_is_bidden_goodbye() -> None:
    record = call(script=replace(QUIET, utterances=(ASKS,), leaves="silent"))
    assert breaches(record) == []
    assert record.outcome is Outcome.IDLE


def test_a_caller_may_interrupt_press_keys_and_leave_early() -> None:
    hasty = replace(ORDERS, barge_in_s=0.4)
    script = replace(QUIET, utterances=(ASKS, hasty), keys=((2.0, "5"),), hang_up_s=9.0)
    record = call(script=script)
    assert breaches(record) == []
    assert record.gone_at is not None
    assert record.gone_at < record.began + 9.5


# The phone goes.


def stretches(record: Record) -> list[tuple[bool, bool]]:
    """Of each time without the phone: was it told, and did it come back?"""
    return [(away.told_s is not None, away.back_s is not None) for away in record.away]


@pytest.mark.parametrize("told_s", [0.0, 0.5, None])
@pytest.mark.parametrize("start_s", [0.0, 0.4])
def test_a_line_that_breaks_is_found_again(told_s: float | None, start_s: float) -> None:
    later = replace(QUIET, utterances=(replace(ASKS, pause_s=3.0), ORDERS))
    record = call(LineBreak(1.2, 1.5, told_s, start_s), script=later)
    assert breaches(record) == []
    assert stretches(record) == [(True, True)]
    assert record.report.returns == 1
    assert len(record.connections) == 1
    assert record.outcome is Outcome.CALLER_HUNG_UP
    assert [voiced.label for voiced in record.voiced] == ["greeting", "reply-1", "result-2"]


@pytest.mark.parametrize("told_s", [0.0, 0.5, None])
def test_what_is_said_into_a_broken_line_is_lost_at_the_carrier(told_s: float | None) -> None:
    record = call(LineBreak(3.0, 4.0, told_s))
    assert breaches(record) == []
    [away] = record.away
    assert record.said[0].lost_ms > 0
    assert away.lost[0] <= away.from_s < away.lost[1] <= (away.back_s or 0.0)
    assert away.lost[0] <= record.said[0].to_s - record.said[0].lost_ms / 1000


def test_it_may_break_twice_also_as_it_comes_back() -> None:
    record = call(LineBreak(1.2, 1.0, start_s=0.4), LineBreak(2.4, 1.0))
    assert breaches(record) == []
    assert stretches(record) == [(True, True)]
    assert record.report.returns == 1
    record = call(LineBreak(1.2, 0.5), LineBreak(1.9, 0.5))
    assert breaches(record) == []
    assert record.report.returns == 2


@pytest.mark.parametrize("told_s", [0.0, None])
def test_a_phone_that_does_not_come_back_is_given_up(told_s: float | None) -> None:
    record = call(
        LineBreak(1.2, None, told_s), script=replace(QUIET, utterances=(), leaves="silent")
    )
    assert breaches(record) == []
    assert record.outcome is Outcome.PHONE_LOST


def test_a_caller_may_hang_up_while_the_line_is_broken() -> None:
    record = call(LineBreak(1.2, 1.0, leaves=True))
    assert breaches(record) == []
    assert record.outcome is Outcome.CALLER_HUNG_UP
    assert stretches(record) == [(True, False)]


@pytest.mark.parametrize(("for_s", "outcome"), [(2.0, "caller_hung_up"), (None, "transferred")])
def test_a_phone_may_be_let_go(for_s: float | None, outcome: str) -> None:
    script = replace(QUIET, utterances=(ASKS,), patience_s=20.0)
    record = call(SteppingAside(1.2, for_s), script=script)
    assert breaches(record) == []
    assert record.outcome == outcome
    [away] = record.away
    assert away.wanted
    assert away.from_s > record.began + 1.2  # what was being said was heard


def test_the_line_may_break_while_the_last_words_are_heard() -> None:
    record = call(SteppingAside(1.0, 2.0), LineBreak(1.2, 1.0))
    assert breaches(record) == []
    assert stretches(record) == [(True, True)]


def test_a_phone_that_is_let_go_unasked_is_told() -> None:
    record = simulate(QUIET)
    assert record.refused == []
    phone = _Simulation(QUIET, None)
    phone._phone.handle_timer()
    phone._do(StepAside())
    assert phone._record.refused == ["a phone that was there was let go"]
