"""What every simulated call must keep of its connections, timers and end; without I/O."""

from __future__ import annotations

from collections.abc import Iterator

from agent.call.effects import Outcome
from agent.gemini.aftermath import MOST_WITH_HANDLE
from agent.sim.simulation.judging import aborts_twice, carriers, refuses_media
from agent.sim.simulation.record import Record, Seen
from agent.sim.simulation.script import Handles, Mishappening, Refused, SlowClose

MOST_TIMERS = 120
"""Calls of `handle_timer` in one second; playout alone takes ten."""
MOST_DIALS, DIALS_WITHIN_S = 12, 5.0
LEAST_NOTICE_S = 0.4
MOST_LEAD_S = 0.301
MOST_REPLAYED_MS = 60_100


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
        ends_at = seen.away_at + seen.away_s
        usable_s = ends_at - max(seen.away_at, seen.ready_at)  # it may be announced before ready
        if usable_s >= LEAST_NOTICE_S and seen.lost_at >= ends_at - 0.01:
            yield f"connection {seen.number} was used to its announced end"


def handles_are_used(record: Record) -> Iterator[str]:
    """A session that can be resumed is resumed; until two set-ups came to nothing (C-23)."""
    spoiling = Handles | Refused | Mishappening | SlowClose
    script = record.script
    if any(isinstance(t, spoiling) for t in script.troubles):
        return
    if refuses_media(script) or aborts_twice(script):
        return
    handles = refused = 0
    for seen in _set_up(record):
        given_up = refused >= MOST_WITH_HANDLE or _began_by_choice(record)
        if handles and not seen.resumes and not given_up:
            yield f"connection {seen.number} began afresh although there was a handle"
        handles += seen.handles
        refused = refused + 1 if seen.resumes and seen.ready_at is None else 0


def dials_back_off(record: Record) -> Iterator[str]:
    """Failed dials are not repeated at once."""
    times = [seen.asked_at for seen in record.connections.values()]
    for first, last in zip(times, times[MOST_DIALS:], strict=False):
        if last - first < DIALS_WITHIN_S:
            yield f"more than {MOST_DIALS} dials within {DIALS_WITHIN_S:g} s"
            return


def buffers_are_bounded(record: Record) -> Iterator[str]:
    """What is kept has bounds."""
    if record.most_lead_s > MOST_LEAD_S:
        yield f"{record.most_lead_s:.2f} s of agent audio at the carrier"
    for entry in record.call.timeline:
        replayed = entry.values.get("replayed_ms", 0)
        if isinstance(replayed, int) and replayed > MOST_REPLAYED_MS:
            yield f"{replayed} ms of the caller's audio sent again or late"


def _set_up(record: Record) -> list[Seen]:
    return [seen for seen in record.connections.values() if seen.setup_at is not None]


def _began_by_choice(record: Record) -> bool:
    """Our own watchdog wanted a session without a past."""
    return any(
        entry.name == "model.watchdog" and entry.values.get("remedy") == "fresh"
        for entry in record.call.timeline
    )
