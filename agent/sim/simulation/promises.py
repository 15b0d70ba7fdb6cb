"""What every simulated call must keep, whatever goes wrong: each promise by itself; without I/O.

A promise takes what was seen of a call and says, for each breach, what was wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.call.effects import Outcome
from agent.sim.server_profiles import PROFILES
from agent.sim.simulation.judging import (
    aborts_twice,
    accounts,
    carriers,
    cut_short,
    cut_without_reason,
    heard_of,
    holes,
    is_calm,
    is_settled,
    only_announced,
    refuses_media,
    repeated,
    silent_waits,
    was_cut_short,
    was_open,
)
from agent.sim.simulation.record import Record, Seen
from agent.sim.simulation.script import BadTurn, Handles, Mishappening, Refused, SlowClose

MOST_TIMERS = 120
"""Calls of `handle_timer` in one second; playout alone takes ten."""
MOST_DIALS, DIALS_WITHIN_S = 12, 5.0
DEAD_AIR_S = 2.5
RESULT_S = 8.0
"""So long a function's result may take to the model, over a move and a talking caller."""
LEAST_NOTICE_S = 0.4
MOST_LEAD_S = 0.301
MOST_REPLAYED_MS = 60_100


class Breach(NamedTuple):
    """A promise that was not kept.

    Attributes:
        promise: the name of it.
        what: how.
    """

    promise: str
    what: str


def nothing_crashes(record: Record) -> Iterator[str]:
    """No method of a core raises, and time passes."""
    yield from record.crashes


def every_call_ends(record: Record) -> Iterator[str]:
    """A call ends, with an outcome and one HangUp, and nothing comes after that."""
    if record.ended is None:
        yield "no HangUp"
    elif record.hang_ups != 1:
        yield f"{record.hang_ups} times HangUp"
    if record.late_effects:
        yield f"{record.late_effects} effects after HangUp"
    if record.ended is not None and record.call.next_timer() is not None:
        yield "a timer is set after the end"


def the_model_is_not_given_up(record: Record) -> Iterator[str]:
    """No trouble here outlasts the budget: no call ends for want of a model."""
    if refuses_media(record.script) and not carriers(record):
        return  # the very first setup was refused as invalid: there is no other
    if record.outcome in {Outcome.MODEL_LOST, Outcome.MODEL_SILENT, Outcome.FAILED}:
        yield f"ended as {record.outcome}"


def timers_move(record: Record) -> Iterator[str]:
    """A timer that fires moves; timers do not storm."""
    if record.stuck_timers:
        yield f"{record.stuck_timers} timers fired and were due still"
    if record.timers > MOST_TIMERS:
        yield f"{record.timers} timers in one second"


def only_open_connections_are_used(record: Record) -> Iterator[str]:
    """Frames go to connections that are open."""
    if record.stray:
        yield f"{record.stray} frames on no open connection"


def connections_are_closed(record: Record) -> Iterator[str]:
    """Every connection that was asked for is gone in the end."""
    if record.ended is None:
        return
    for seen in record.connections.values():
        if seen.lost_at is None:
            yield f"connection {seen.number} was left open"


def one_setup_after_the_close(record: Record) -> Iterator[str]:
    """`setup` goes out once, and only when the former connection is closed (C-22)."""
    for seen in record.connections.values():
        if seen.setups > 1:
            yield f"{seen.setups} setups on connection {seen.number}"
        if seen.early:
            yield f"setup on connection {seen.number} before the former one was closed"


def notices_are_heeded(record: Record) -> Iterator[str]:
    """A connection that announces its end is left before (C-20)."""
    for seen in record.connections.values():
        if not seen.ended_by_service or seen.away_at is None or seen.lost_at is None:
            continue
        if seen.ready_at is None:
            continue  # it was never used
        if seen.away_s >= LEAST_NOTICE_S and seen.lost_at >= seen.away_at + seen.away_s - 0.01:
            yield f"connection {seen.number} was used to its announced end"


def handles_are_used(record: Record) -> Iterator[str]:
    """A session that can be resumed is resumed."""
    spoiling = Handles | Refused | Mishappening | SlowClose
    script = record.script
    if any(isinstance(t, spoiling) for t in script.troubles):
        return
    if refuses_media(script) or aborts_twice(script):
        return
    handles = 0
    for seen in _set_up(record):
        if handles and not seen.resumes and not _began_by_choice(record):
            yield f"connection {seen.number} began afresh although there was a handle"
        handles += seen.handles


def dials_back_off(record: Record) -> Iterator[str]:
    """Failed dials are not repeated at once."""
    times = [seen.asked_at for seen in record.connections.values()]
    for first, last in zip(times, times[MOST_DIALS:], strict=False):
        if last - first < DIALS_WITHIN_S:
            yield f"more than {MOST_DIALS} dials within {DIALS_WITHIN_S:g} s"
            return


def nothing_is_lost(record: Record) -> Iterator[str]:
    """Whatever the caller says, some state of the model includes the whole of it."""
    if refuses_media(record.script):
        return
    for said, missing in accounts(record):
        if missing > said.lost_ms and is_calm(record, said.to_s):
            yield f"of utterance {said.number} no state has {missing} of {said.n} ms"


def nothing_is_doubled(record: Record) -> Iterator[str]:
    """No state has anything twice: where nothing is acknowledged, but the open utterance (C-25)."""
    transparent = PROFILES[record.script.profile].vertex
    for said, number, n in repeated(record):
        if transparent or not was_open(record, said):
            yield f"of utterance {said.number} connection {number} has {n} ms twice"


def effects_take_place_once(record: Record) -> Iterator[str]:
    """A function takes effect once for each request of the caller."""
    for request, times in record.tools.effects.items():
        if times > 1:
            yield f"request {request} took effect {times} times"


def results_reach_the_model(record: Record) -> Iterator[str]:
    """What a function brought is told to the model."""
    for request, (_, at) in record.tools.results.items():
        if request not in record.tools.told and is_calm(record, at + RESULT_S):
            yield f"the result of request {request} was not told"


def greeted_once(record: Record) -> Iterator[str]:
    """The caller hears one greeting (C-34).

    A second one after one that the caller cut short may be the service's own: a state from before
    its answer to our text still holds the text.
    """
    heard = [v for v in record.voiced if v.label == "greeting" and heard_of(record, v)]
    whole = [v for v in heard if not cut_short(record, v)]
    if len(heard) > 1 and whole[:1] == heard[:1]:
        yield f"{len(heard)} greetings were heard"


def the_voice_is_whole(record: Record) -> Iterator[str]:
    """Nothing of the agent's voice is heard twice, or left out in the middle."""
    for voiced in record.voiced:
        runs = heard_of(record, voiced)
        expected = voiced.first
        for piece in runs:
            if piece.run.first < expected:
                yield f"{voiced.label}: {expected - piece.run.first} ms heard twice"
            elif piece.run.first > expected:
                yield f"{voiced.label}: {piece.run.first - expected} ms left out"
            expected = piece.run.first + piece.run.n


def what_came_is_heard(record: Record) -> Iterator[str]:
    """What came of the agent's voice is heard, unless the caller or the call's end cut it."""
    if any(isinstance(t, Mishappening | BadTurn) for t in record.script.troubles):
        return
    for voiced in record.voiced:
        if n := cut_without_reason(record, voiced):
            yield f"{voiced.label}: {n} of {voiced.received} ms that came were not heard"


def announced_moves_are_not_heard(record: Record) -> Iterator[str]:
    """Where every end is announced: nothing of the agent or the caller lost, and no gap, unless the
    notice ran out in mid-sentence.
    """
    if not only_announced(record.script) or not is_settled(record):
        return
    continuity = record.report.continuity
    if continuity.drops:
        yield f"{continuity.drops} drops"
    for name in ("agent_ms_cut", "caller_ms_lost", "tool_effects_doubled"):
        if value := getattr(continuity, name):
            yield f"{name} is {value}"
    if was_cut_short(record):
        return
    if continuity.gap_ms:
        yield f"gap_ms is {continuity.gap_ms}"
    for voiced in record.voiced:
        for gap in holes(record, voiced):
            yield f"{voiced.label}: a hole of {gap * 1000:.0f} ms"


def waits_are_not_silent(record: Record) -> Iterator[str]:
    """A caller who waits while there is no model hears something within 2.5 s."""
    for start, end in silent_waits(record):
        if end - start >= DEAD_AIR_S:
            yield f"{end - start:.2f} s of silence from {start - record.began:.2f} s on"


def figures_tell_the_truth(record: Record) -> Iterator[str]:
    """The call's own figures hide nothing."""
    figures = record.report.continuity
    calm = [(said, n - said.lost_ms) for said, n in accounts(record) if is_calm(record, said.to_s)]
    lost = sum(max(n, 0) for _, n in calm)
    if lost > figures.caller_ms_lost:
        yield f"caller_ms_lost is {figures.caller_ms_lost}, but it was {lost}"
    carried = carriers(record)
    if figures.moves + figures.drops < len(carried) - 1:
        yield f"{len(carried)} connections carried, {figures.moves}+{figures.drops} changes told"
    most: Counter[int] = Counter()  # a state passes on to the next what it has twice
    for said, _, n in repeated(record):
        most[said.number] = max(most[said.number], n)
    twice = most.total()
    if twice > figures.caller_ms_repeated + 100:
        yield f"caller_ms_repeated is {figures.caller_ms_repeated}, but it was {twice}"


def buffers_are_bounded(record: Record) -> Iterator[str]:
    """What is kept has bounds."""
    if record.most_lead_s > MOST_LEAD_S:
        yield f"{record.most_lead_s:.2f} s of agent audio at the carrier"
    for entry in record.call.timeline:
        replayed = entry.values.get("replayed_ms", 0)
        if isinstance(replayed, int) and replayed > MOST_REPLAYED_MS:
            yield f"{replayed} ms of the caller's audio sent again or late"


type Promise = Callable[[Record], Iterator[str]]

PROMISES: tuple[Promise, ...] = (
    nothing_crashes,
    every_call_ends,
    the_model_is_not_given_up,
    timers_move,
    only_open_connections_are_used,
    connections_are_closed,
    one_setup_after_the_close,
    notices_are_heeded,
    handles_are_used,
    dials_back_off,
    nothing_is_lost,
    nothing_is_doubled,
    effects_take_place_once,
    results_reach_the_model,
    greeted_once,
    the_voice_is_whole,
    what_came_is_heard,
    announced_moves_are_not_heard,
    waits_are_not_silent,
    figures_tell_the_truth,
    buffers_are_bounded,
)


def breaches(record: Record) -> list[Breach]:
    """Every promise that this call did not keep."""
    return [Breach(p.__name__, what) for p in PROMISES for what in p(record)]


def _set_up(record: Record) -> list[Seen]:
    return [seen for seen in record.connections.values() if seen.setup_at is not None]


def _began_by_choice(record: Record) -> bool:
    """Our own watchdog wanted a session without a past."""
    return any(
        entry.name == "model.watchdog" and entry.values.get("remedy") == "fresh"
        for entry in record.call.timeline
    )
