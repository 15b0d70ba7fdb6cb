"""What every simulated call must keep of what is said, heard and done in it; without I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.sim.server_profiles import PROFILES
from agent.sim.simulation.judging import (
    carriers,
    catching_up,
    ends_from,
    is_calm,
    is_settled,
    only_announced,
    refuses_media,
    told_by,
    was_cut_short,
    without_model,
)
from agent.sim.simulation.judging_voice import (
    cut_short,
    cut_without_reason,
    heard_of,
    holes,
    silent_waits,
    unsure_ms,
    was_untold,
)
from agent.sim.simulation.judging_words import (
    joined_ms,
    repeated,
    settled_accounts,
    was_open,
)
from agent.sim.simulation.record import Record
from agent.sim.simulation.script import BadTurn, Mishappening

DEAD_AIR_S = 2.5
UNANSWERED_S = 5.5
"""A model that is there may take 4 s; that he has stopped is noticed a little later."""
RESULT_S = 8.0
"""So long a function's result may take to a model that is there, over a talking caller."""


def nothing_is_lost(record: Record) -> Iterator[str]:
    """Whatever the caller says, some state of the model includes the whole of it."""
    if refuses_media(record.script):
        return
    for said, missing in settled_accounts(record):
        if missing > said.lost_ms:
            yield f"of utterance {said.number} no state has {missing} of {said.n} ms"


def nothing_is_doubled(record: Record) -> Iterator[str]:
    """No state has anything twice: where nothing is acknowledged, but the open utterance (C-25)."""
    transparent = PROFILES[record.script.profile].vertex
    for said, number, n in repeated(record):
        if transparent or (n > joined_ms(record, said) and not was_open(record, said)):
            yield f"of utterance {said.number} connection {number} has {n} ms twice"


def effects_take_place_once(record: Record) -> Iterator[str]:
    """A function takes effect once for each request of the caller."""
    for request, times in record.tools.effects.items():
        if times > 1:
            yield f"request {request} took effect {times} times"


def results_reach_the_model(record: Record) -> Iterator[str]:
    """What a function brought is told to the model, unless the call is ending by then: its last
    words are not cut short.
    """
    until = ends_from(record)
    for request, (_, at) in record.tools.results.items():
        latest = told_by(record, at, RESULT_S)
        if request not in record.tools.told and latest < until and is_calm(record, latest):
            yield f"the result of request {request} was not told"


def greeted_once(record: Record) -> Iterator[str]:
    """The caller hears one greeting (C-34).

    A second one after one that the caller cut short may be the service's own: a state from before
    its answer to our text still holds the text. One that it begins before it was told anything on
    a new connection surely is.
    """
    heard = [v for v in record.voiced if v.label == "greeting" and heard_of(record, v)]
    heard = [v for v in heard if not was_untold(record, v)]
    whole = [v for v in heard if not cut_short(record, v)]
    if len(heard) > 1 and whole[:1] == heard[:1]:
        yield f"{len(heard)} greetings were heard"


def the_voice_is_whole(record: Record) -> Iterator[str]:
    """Nothing of the agent's voice is heard twice, or left out in the middle; but when the line
    broke, what may not have been heard is heard again.
    """
    for voiced in record.voiced:
        expected, until = voiced.first, record.began
        for piece in heard_of(record, voiced):
            again = expected - piece.run.first
            if again > 0 and again > unsure_ms(record, until, piece.at):
                yield f"{voiced.label}: {again} ms heard twice"
            elif again < 0:
                yield f"{voiced.label}: {-again} ms left out"
            expected = piece.run.first + piece.run.n
            until = piece.at + piece.run.n / 1000


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
    names = ["agent_ms_cut", "tool_effects_doubled"]
    if not any(catching_up(record)):  # else the end came before the rest of it
        names.append("caller_ms_lost")
    for name in names:
        if value := getattr(continuity, name):
            yield f"{name} is {value}"
    if was_cut_short(record):
        return
    if continuity.gap_ms and not record.away:
        yield f"gap_ms is {continuity.gap_ms}"
    for voiced in record.voiced:
        for gap in holes(record, voiced):
            yield f"{voiced.label}: a hole of {gap * 1000:.0f} ms"


def waits_are_not_silent(record: Record) -> Iterator[str]:
    """A caller who waits while there is no model hears something within 2.5 s."""
    for start, end in silent_waits(record, without_model(record)):
        if end - start >= DEAD_AIR_S:
            yield f"{end - start:.2f} s of silence from {start - record.began:.2f} s on"


def slow_answers_are_covered(record: Record) -> Iterator[str]:
    """A caller who waits hears something within 5.5 s, whatever keeps the model.

    But for the end, which comes by itself when the model does not say goodbye.
    """
    for start, end in silent_waits(record, [(record.began, ends_from(record))]):
        if end - start >= UNANSWERED_S:
            yield f"{end - start:.2f} s of silence from {start - record.began:.2f} s on"


def figures_tell_the_truth(record: Record) -> Iterator[str]:
    """The call's own figures hide nothing."""
    figures = record.report.continuity
    lost = sum(max(n - said.lost_ms, 0) for said, n in settled_accounts(record))
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
