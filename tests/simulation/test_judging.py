"""What promises are judged by, asked of calls that were made for it."""

from __future__ import annotations

from math import inf

import pytest

from agent.sim.mishaps import At, Cut, Planned, Stall, ending
from agent.sim.simulation.judging import catching_up, ends_from, told_by, without_model
from agent.sim.simulation.judging_voice import cut_without_reason, silent_waits
from agent.sim.simulation.judging_words import PER_MS, is_held_back, settled_accounts, was_open
from agent.sim.simulation.record import Record, Said, Voiced
from agent.sim.simulation.script import (
    CarrierGap,
    Ending,
    LineBreak,
    Mishappening,
    Script,
    SlowDial,
    Trouble,
    Utterance,
)
from agent.sim.simulation.simulated import simulate

ASKS, ORDERS, LEAVES = Utterance(1, 1000), Utterance(2, 1000, "tool"), Utterance(3, 600, "end")
DROPPED = Ending((Planned(At(4.0), Cut(), 1, 1),))
STALLED = Mishappening(Planned(At(4.5), Stall(3.0), 1, 1))


def call(*troubles: Trouble, profile: str = "dev-3.8", end: bool = False) -> Record:
    utterances = (ASKS, ORDERS, LEAVES) if end else (ASKS, ORDERS)
    return simulate(Script(1, profile, utterances, troubles=troubles))


def silence_after(first: Said, record: Record, lost: tuple[CarrierGap, ...]) -> float:
    """The longest wait without a sound, had this been lost and nothing been heard since."""
    script = Script(1, "dev-3.8", (ASKS,), troubles=lost)
    record.script, record.said = script, [first]
    record.heard.clear()
    record.sounds.clear()
    for seen in record.connections.values():
        seen.ready_at = None
    waits = silent_waits(record, without_model(record))
    return max((end - start for start, end in waits), default=0.0)


@pytest.mark.parametrize(
    ("lost", "waits"),
    [
        ((), True),
        ((CarrierGap(2.0, 0.5, lost=True),), True),
        ((CarrierGap(2.0, 0.9, lost=True),), False),
        ((CarrierGap(1.0, 6.0, lost=True),), False),
        ((CarrierGap(2.0, 0.4, lost=True), CarrierGap(2.5, 0.4, lost=True)), False),
        ((CarrierGap(0.5, 1.0, lost=True),), True),
        ((CarrierGap(2.0, 0.9, lost=False),), True),
    ],
)
def test_nobody_waits_after_an_utterance_of_which_the_carrier_lost_nearly_all(
    lost: tuple[CarrierGap, ...], waits: bool
) -> None:
    record = call()
    said = Said(1, 1, 1000, record.began + 2.0, record.began + 3.0)
    assert (silence_after(said, record, lost) > 2.5) is waits


def test_no_time_to_tell_something_runs_without_a_model() -> None:
    record = call(DROPPED, SlowDial(2, 2.0))
    (_, first), (gone, back) = without_model(record)
    assert back - gone > 2.0
    assert told_by(record, first + 0.1, 1.0) == first + 1.1
    assert told_by(record, gone - 0.5, 1.0) == back + 1.0
    assert told_by(record, gone - 2.0, 1.0) == gone - 1.0
    assert told_by(record, back, 1.0) == back + 1.0


def test_a_call_ends_from_its_last_words_on() -> None:
    record = call(end=True)
    assert record.ended is not None
    assert record.began < ends_from(record) < record.ended
    assert ends_from(call()) == inf


@pytest.mark.parametrize(("profile", "held"), [("dev-3.8", True), ("vertex-3.8", False)])
def test_what_a_stalling_service_has_is_not_known_unless_it_acknowledges(
    profile: str, held: bool
) -> None:
    late = Ending(ending(At(9.0), 10.0), 10.0)
    record = call(STALLED, late, profile=profile)
    assert is_held_back(record, record.said[0]) is held
    assert (record.said[0] in [said for said, _ in settled_accounts(record)]) is not held


def test_a_service_that_stalls_for_ever_holds_nothing_back() -> None:
    record = call(Mishappening(Planned(At(4.5), Stall(), 1, 1)))
    assert not is_held_back(record, record.said[0])
    assert not is_held_back(call(), record.said[0])


@pytest.mark.parametrize("first", [True, False])
def test_either_part_of_words_that_a_broken_line_tore_must_be_somewhere(first: bool) -> None:
    long = Utterance(1, 3000)
    record = simulate(Script(1, "dev-3.8", (long,), troubles=(LineBreak(3.3, 0.4),)))
    [said], [away] = record.said, record.away
    assert said.from_s < away.lost[0] < away.lost[1] < said.to_s
    assert [missing for _, missing in settled_accounts(record)] == [said.lost_ms]
    tear = (said.first + round((away.lost[1] - said.from_s) * 1000)) * PER_MS
    record.placed = [placed for placed in record.placed if (placed.at < tear) is not first]
    part_s = away.lost[0] - said.from_s if first else said.to_s - away.lost[1]
    [(_, missing)] = settled_accounts(record)
    assert missing == said.lost_ms + round(part_s * 1000)


@pytest.mark.parametrize(
    ("profile", "held"), [("vertex-2.5-half-cascade", True), ("dev-3.8", False)]
)
def test_what_is_held_back_for_a_function_is_still_to_be_sent_where_the_model_wants_it(
    profile: str, held: bool
) -> None:
    record = call(profile=profile)
    [asked_at] = [e.t for e in record.call.timeline if e.name == "tool.requested"]
    at = record.call.timeline.began_at + asked_at
    for over, is_held in ((at + 1.0, held), (at + 30.0, False)):
        record.ended = over
        assert any(start == pytest.approx(at) for start, _ in catching_up(record)) is is_held


def test_an_answer_to_words_that_the_carrier_held_back_comes_after_them() -> None:
    gap = CarrierGap(2.4, 2.8, lost=False)
    record = call(gap)
    said = record.said[0]
    came_at = record.began + gap.at_s + gap.for_s
    assert said.to_s < came_at
    record.connections[1].left_at = came_at + 3.0
    for at, open_still in ((said.to_s + 0.5, True), (came_at + 0.5, False)):
        record.voiced = [Voiced("reply-1", 1, 1000, at, received=1000, came_at=at + 2.0)]
        assert was_open(record, said) is open_still


@pytest.mark.parametrize(
    ("label", "open_still"),
    [
        ("reply-1", False),
        ("result", False),
        ("result-1", False),
        ("reply-2", False),
        ("typed", True),
        ("greeting", True),
    ],
)
def test_what_answers_something_else_leaves_an_utterance_open(label: str, open_still: bool) -> None:
    record = call()
    said = record.said[0]
    record.connections[1].left_at = said.to_s + 3.0
    record.voiced = [Voiced(label, 1, 1000, said.to_s + 0.5, received=1000)]
    assert was_open(record, said) is open_still
    assert was_open(record, Said(2, 1, 1, said.from_s, said.to_s)) is (
        open_still or label in {"reply-1", "result-1"}
    )


def test_what_waits_behind_other_words_when_the_caller_hangs_up_was_not_cut() -> None:
    record = call()
    first = record.voiced[0]
    late = Voiced("result", first.first + first.n, 800, first.at + 0.1, received=800)
    record.heard = [piece for piece in record.heard if piece.run.first < late.first]
    until = record.heard[-1].at + record.heard[-1].run.n / 1000
    record.gone_at = until + 0.1
    assert cut_without_reason(record, late) == 0
    record.gone_at = until + 3.0
    assert cut_without_reason(record, late) == 800
