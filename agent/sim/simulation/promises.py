"""What every simulated call must keep, whatever goes wrong: each promise by itself; without I/O.

A promise takes what was seen of a call and says, for each breach, what was wrong. `promises_links`
has those about connections, timers and the end, `promises_talk` those about what is said and heard,
`promises_line` those about a phone that is away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.sim.simulation import promises_line as of_line
from agent.sim.simulation import promises_links as of_links
from agent.sim.simulation import promises_talk as of_talk
from agent.sim.simulation.record import Record


class Breach(NamedTuple):
    """A promise that was not kept.

    Attributes:
        promise: the name of it.
        what: how.
    """

    promise: str
    what: str


type Promise = Callable[[Record], Iterator[str]]

PROMISES: tuple[Promise, ...] = (
    of_links.nothing_crashes,
    of_links.every_call_ends,
    of_links.the_model_is_not_given_up,
    of_links.timers_move,
    of_links.only_open_connections_are_used,
    of_links.connections_are_closed,
    of_links.one_setup_after_the_close,
    of_links.notices_are_heeded,
    of_links.handles_are_used,
    of_links.dials_back_off,
    of_talk.nothing_is_lost,
    of_talk.nothing_is_doubled,
    of_talk.effects_take_place_once,
    of_talk.results_reach_the_model,
    of_talk.greeted_once,
    of_talk.the_voice_is_whole,
    of_talk.what_came_is_heard,
    of_talk.announced_moves_are_not_heard,
    of_talk.waits_are_not_silent,
    of_talk.slow_answers_are_covered,
    of_talk.figures_tell_the_truth,
    of_links.buffers_are_bounded,
    of_line.the_carrier_takes_all,
    of_line.the_phone_is_waited_for,
    of_line.nobody_away_is_prompted,
    of_line.the_model_does_not_notice,
)


def breaches(record: Record) -> list[Breach]:
    """Every promise that this call did not keep; if it cannot tell of itself, that it crashed."""
    if not record.reports:
        return [Breach(of_links.nothing_crashes.__name__, what) for what in record.crashes]
    return [Breach(p.__name__, what) for p in PROMISES for what in p(record)]
