"""Each promise tells its breach: a record of a good call, falsified in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.call.effects import Outcome
from agent.sim.mishaps import At, Cut, Planned, ending
from agent.sim.simulation.promises import PROMISES, breaches
from agent.sim.simulation.promises_links import MOST_DIALS, MOST_TIMERS
from agent.sim.simulation.record import HeardPiece, Record, Seen
from agent.sim.simulation.script import Ending, Script, Utterance
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
        ("figures_tell_the_truth", hid_moves),
        ("buffers_are_bounded", hoarded),
    ],
)
def test_a_breach_is_told(promise: str, falsify: Falsify) -> None:
    record = simulate(SCRIPT)
    assert breaches(record) == []
    falsify(record)
    assert promise in {breach.promise for breach in breaches(record)}


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
