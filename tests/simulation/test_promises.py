"""Each promise tells its breach: a record of a good call, falsified in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.call.effects import Outcome
from agent.sim.mishaps import At, Cut, Planned, ending
from agent.sim.simulation.promises import PROMISES, breaches
from agent.sim.simulation.promises_links import MOST_DIALS, MOST_TIMERS, handles_are_used
from agent.sim.simulation.record import Away, HeardPiece, Record, Seen
from agent.sim.simulation.script import Ending, LineBreak, Script, Utterance
from agent.sim.simulation.simulated import simulate

SCRIPT = Script(
    1,
    "dev-3.8",
    (Utterance(1, 800), Utterance(2, 1000, "tool"), Utterance(3, 600, reply_words=10)),
    troubles=(Ending(ending(At(3.0), 10.0), 10.0),),
)

type Falsify = Callable[[Record], object]


def never_ended(record: Record) -> None:
    record.ended = None


def gave_up(record: Record) -> None:
    record.outcome = Outcome.MODEL_LOST


def left_open(record: Record) -> None:
    record.connections[2].lost_at = None


def two_setups(record: Record) -> None:
    record.connections[2].setups = 2


def hasty(record: Record) -> None:
    record.connections[2].early = True


def used_up(record: Record) -> None:
    seen = record.connections[1]
    seen.ended_by_service, seen.lost_at = True, (seen.away_at or 0.0) + seen.away_s


def began_afresh(record: Record) -> None:
    record.connections[2].resumes = False


def dialled_often(record: Record) -> None:
    for number in range(3, MOST_DIALS + 4):
        record.connections[number] = Seen(number, record.began, lost_at=record.began)


def forgot_words(record: Record) -> None:
    record.placed = record.placed[len(record.placed) // 2 :]


def doubled_effect(record: Record) -> None:
    record.tools.effects = Counter({"2": 2})


def kept_result(record: Record) -> None:
    record.tools.told.clear()
    record.tools.results = {"2": ("done-2", record.began)}


def greeted_twice(record: Record) -> None:
    record.voiced.append(replace(record.voiced[0]))


def heard_twice(record: Record) -> None:
    record.heard.insert(1, record.heard[0])


def left_out(record: Record) -> None:
    del record.heard[1]


def lost_the_end(record: Record) -> None:
    last = record.voiced[0].first + record.voiced[0].n
    record.heard = [piece for piece in record.heard if piece.run.first + piece.run.n != last]


def tore(record: Record) -> None:
    record.heard[1:] = [HeardPiece(piece.at + 0.3, piece.run) for piece in record.heard[1:]]


def silent(record: Record) -> None:
    record.sounds.clear()
    record.heard.clear()
    for seen in record.connections.values():
        seen.ready_at = None


def hid_moves(record: Record) -> None:
    record.session.figures.moves = 0
    record.stops(record.lasted_until)


def hoarded(record: Record) -> None:
    record.most_lead_s = 0.5


@pytest.mark.parametrize(
    ("promise", "falsify"),
    [
        ("nothing_crashes", lambda r: r.crashes.append("ValueError")),
        ("every_call_ends", never_ended),
        ("every_call_ends", lambda r: setattr(r, "hang_ups", 2)),
        ("every_call_ends", lambda r: setattr(r, "late_effects", 1)),
        ("the_model_is_not_given_up", gave_up),
        ("timers_move", lambda r: setattr(r, "stuck_timers", 1)),
        ("timers_move", lambda r: setattr(r, "timers", MOST_TIMERS + 1)),
        ("only_open_connections_are_used", lambda r: setattr(r, "stray", 1)),
        ("connections_are_closed", left_open),
        ("one_setup_after_the_close", two_setups),
        ("one_setup_after_the_close", hasty),
        ("notices_are_heeded", used_up),
        ("handles_are_used", began_afresh),
        ("dials_back_off", dialled_often),
        ("nothing_is_lost", forgot_words),
        ("figures_tell_the_truth", forgot_words),
        ("effects_take_place_once", doubled_effect),
        ("results_reach_the_model", kept_result),
        ("greeted_once", greeted_twice),
        ("the_voice_is_whole", heard_twice),
        ("the_voice_is_whole", left_out),
        ("what_came_is_heard", lost_the_end),
        ("announced_moves_are_not_heard", tore),
        ("waits_are_not_silent", silent),
        ("slow_answers_are_covered", silent),
        ("figures_tell_the_truth", hid_moves),
        ("buffers_are_bounded", hoarded),
    ],
)
def test_a_breach_is_told(promise: str, falsify: Falsify) -> None:
    record = simulate(SCRIPT)
    assert breaches(record) == []
    falsify(record)
    assert promise in {breach.promise for breach in breaches(record)}


@pytest.mark.parametrize(("failed", "told"), [(0, True), (1, True), (2, False)])
def test_a_handle_is_given_up_after_two_set_ups_and_not_before(failed: int, told: bool) -> None:
    record = simulate(SCRIPT)
    last = record.connections.pop(2)
    for number in range(2, 2 + failed):
        record.connections[number] = replace(last, number=number, resumes=True, ready_at=None)
    record.connections[9] = replace(last, number=9, resumes=False)
    said = "connection 9 began afresh although there was a handle"
    assert (said in list(handles_are_used(record))) is told


def test_what_the_model_has_twice_is_told() -> None:
    record = simulate(SCRIPT)
    state = record.connections[2].states
    assert state is not None
    state.spans.append(state.spans[-1])
    assert "nothing_is_doubled" in {breach.promise for breach in breaches(record)}


def test_a_drop_is_no_breach_of_what_holds_for_announced_moves() -> None:
    dropped = Ending((Planned(At(4.0), Cut(), 1, 1),))
    assert breaches(simulate(replace(SCRIPT, troubles=(dropped,)))) == []


def test_every_promise_says_what_it_is() -> None:
    assert len({promise.__name__ for promise in PROMISES}) == len(PROMISES)
    assert all(promise.__doc__ for promise in PROMISES)


# The phone goes.

BROKEN = Script(1, "dev-3.8", (Utterance(1, 800, pause_s=3.0),), troubles=(LineBreak(1.2, 1.0),))
NEVER = replace(BROKEN, troubles=(LineBreak(1.2, None),), patience_s=40.0)


def again(record: Record, ms: int) -> None:
    """The caller heard so much more again when the phone was back."""
    at = next(i for i, piece in enumerate(record.heard) if piece.at >= (record.away[0].back_s or 0))
    piece = record.heard[at]
    run = piece.run._replace(first=piece.run.first - ms, n=piece.run.n + ms)
    record.heard[at] = HeardPiece(piece.at, run)


def ended_early(record: Record) -> None:
    record.ended = (record.ended or 0.0) - 5.0


@pytest.mark.parametrize(
    ("script", "promise", "falsify"),
    [
        (BROKEN, "the_voice_is_whole", lambda r: again(r, 300)),
        (BROKEN, "what_came_is_heard", lost_the_end),
        (BROKEN, "the_carrier_takes_all", lambda r: setattr(r, "astray", 1)),
        (BROKEN, "the_carrier_takes_all", lambda r: r.refused.append("a message before start")),
        (BROKEN, "nobody_away_is_prompted", lambda r: r.prompts.append(r.away[0].from_s + 0.5)),
        (BROKEN, "nobody_away_is_prompted", lambda r: r.prompts.append(r.away[0].back_s + 4.0)),
        (BROKEN, "the_model_does_not_notice", dialled_often),
        (NEVER, "the_phone_is_waited_for", ended_early),
        (NEVER, "the_phone_is_waited_for", lambda r: setattr(r, "outcome", Outcome.IDLE)),
    ],
)
def test_a_breach_around_a_broken_line_is_told(
    script: Script, promise: str, falsify: Falsify
) -> None:
    record = simulate(script)
    assert breaches(record) == []
    falsify(record)
    assert promise in {breach.promise for breach in breaches(record)}


def test_what_nobody_can_know_to_be_heard_may_be_heard_again() -> None:
    record = simulate(BROKEN)
    [away] = record.away
    away.alive_s = away.from_s - 0.5
    again(record, 300)
    assert breaches(record) == []


def test_a_prompt_that_was_due_before_the_line_broke_may_come_later() -> None:
    record = simulate(BROKEN)
    [away] = record.away
    record.prompts += [away.from_s - 1.0, away.from_s + 0.5]
    assert breaches(record) == []


def test_a_call_that_cannot_tell_of_itself_is_judged_no_further() -> None:
    record = simulate(SCRIPT)
    record.reports = False
    record.crashes.append("OverflowError in the report")
    assert breaches(record) == [("nothing_crashes", "OverflowError in the report")]
    record.away.append(Away(record.began, record.began, wanted=False))
    assert len(breaches(record)) == 1
