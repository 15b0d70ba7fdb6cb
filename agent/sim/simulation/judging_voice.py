"""What promises about what the caller hears are judged by: voice and silence; without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

from agent.call.phone_side import PATIENCE_S
from agent.sim.simulation.judging import (
    MOVING_S,
    away_between,
    came_by,
    heard_until,
    without_model,
)
from agent.sim.simulation.record import HeardPiece, Record, Said, Voiced
from agent.sim.simulation.script import CarrierGap

FRAME_MS = 20
_ROUNDING_S = 0.001
_AT_ONCE_S = 0.25
_SURE_S = 0.7
"""Our speech detection takes no longer to be sure that the caller is silent."""
_CROSSED_S = 0.2
"""What the model begins so shortly before or after our asking may have crossed it."""
_SOUND_S = 0.4
"""What is shorter, our side may take for a cough, which nobody answers."""


def heard_of(record: Record, voiced: Voiced) -> list[HeardPiece]:
    """What the caller heard of it, in the order of hearing."""
    end = voiced.first + voiced.n
    return [piece for piece in record.heard if voiced.first <= piece.run.first < end]


def heard_ms(record: Record, voiced: Voiced) -> int:
    """How much of it the caller heard; what he heard again after the line broke counts once."""
    n, expected = 0, voiced.first
    for piece in heard_of(record, voiced):
        end = piece.run.first + piece.run.n
        n += max(end - max(piece.run.first, expected), 0)
        expected = max(expected, end)
    return n


def unsure_ms(record: Record, start: float, stop: float) -> int:
    """Of what was heard up to a break of the line in this time, how much nobody on our side can
    know of: what came out since the carrier was last heard of, in whole frames.
    """
    return sum(
        round((away.from_s - away.alive_s) * 1000) + FRAME_MS
        for away in away_between(record, start - _ROUNDING_S, stop + _ROUNDING_S)
    )


def cut_short(record: Record, voiced: Voiced) -> bool:
    """Whether the caller did not hear it to its end."""
    return heard_ms(record, voiced) < voiced.n - FRAME_MS


def was_untold(record: Record, voiced: Voiced) -> bool:
    """Whether the service made it before our side could say anything on its connection."""
    return any(
        seen.resumes and (seen.setup_at or inf) <= voiced.at <= (seen.ready_at or -inf)
        for seen in record.connections.values()
    )


def cut_without_reason(record: Record, voiced: Voiced) -> int:
    """How many ms that came were not heard though neither the caller nor the call's end cut it."""
    n = heard_ms(record, voiced)
    if n >= voiced.received:
        return 0
    pieces = heard_of(record, voiced)
    until = voiced.at
    for piece in pieces or _heard_before(record, voiced):  # it waits for what was said before it
        until = max(until, piece.at + piece.run.n / 1000)
    spoken_over = _spoken_over(record, voiced.at, until)
    for away in record.away:  # it goes on when the phone is back
        if away.back_s is not None and away.from_s <= until + _AT_ONCE_S <= away.back_s + 1.0:
            until = max(until, away.back_s)
            spoken_over = spoken_over or _spoken_over(record, away.back_s, until)
    over = until + _AT_ONCE_S >= heard_until(record)
    backs = (away.back_s + PATIENCE_S for away in record.away if away.wanted and away.back_s)
    urgent = (*record.late_results, *backs)  # what our side could keep from the model no longer
    told = any(voiced.at - 0.1 <= at <= until + 1.0 for at in urgent)
    told = told or any(abs(voiced.at - at) <= _CROSSED_S for at in _asked(record))
    pressed = bool(record.script.keys)
    return 0 if spoken_over or over or told or pressed else voiced.received - n


def _asked(record: Record) -> Iterator[float]:
    """When our side asked for the rest of a sentence: that cuts what the model begins then."""
    timeline = record.call.timeline
    return (timeline.began_at + e.t for e in timeline if e.name == "agent.asked_to_go_on")


def _heard_before(record: Record, voiced: Voiced) -> Iterator[HeardPiece]:
    return (piece for piece in record.heard if piece.run.first < voiced.first)


def _spoken_over(record: Record, start: float, stop: float) -> bool:
    """Whether the caller spoke in between, as the model's service hears it: some of it late."""
    for said in record.said:
        if any(away.lost[0] <= said.from_s and said.to_s <= away.lost[1] for away in record.away):
            continue
        heard_to = came_by(record, said)
        if said.from_s <= stop + _AT_ONCE_S and heard_to >= start - 1.0:
            return True
        for gone, back in without_model(record):
            late = start - MOVING_S <= back <= stop + 1.0
            again_from = min(gone - 2.0, back - _replayed_s(record, back))
            if late and said.from_s <= back + 1.0 and said.to_s >= again_from:
                return True
    return False


def _replayed_s(record: Record, back: float) -> float:
    """How much of the caller was sent again to the connection that was ready then."""
    timeline = record.call.timeline
    for entry in timeline:
        if entry.name == "model.moved" and abs(timeline.began_at + entry.t - back) < 0.001:
            return float(str(entry.values["replayed_ms"])) / 1000
    return 0.0


def holes(record: Record, voiced: Voiced) -> list[float]:
    """Silences inside of it, in seconds."""
    pieces = heard_of(record, voiced)
    found = []
    for a, b in pairwise(pieces):
        end = a.at + a.run.n / 1000
        if b.at - end > _ROUNDING_S and not away_between(record, end - _ROUNDING_S, b.at):
            found.append(b.at - end)
    return found


def silent_waits(
    record: Record, spans: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """When, within these spans of time, a caller who waits hears nothing at all."""
    end = heard_until(record)
    deaf = [t for t in record.script.troubles if isinstance(t, CarrierGap)]
    for index, said in enumerate(record.said):
        if _longest_s(record, said) < _SOUND_S:
            continue
        until = record.said[index + 1].from_s if index + 1 < len(record.said) else end
        voices = (piece.at for piece in record.heard if piece.at >= said.to_s)
        until = min(until, next(voices, end), end)
        from_s = said.to_s
        for gap in deaf:  # our side learns only then that the caller waits
            if gap.at_s - _SURE_S <= from_s - record.began <= gap.at_s + gap.for_s:
                from_s = record.began + gap.at_s + gap.for_s
        for away in record.away:
            if away.lost[0] - _SURE_S <= from_s <= (away.back_s or inf):
                from_s = away.back_s or inf
        for start, stop in spans:
            yield from _silences(record, max(start, from_s), min(stop, until))


def _longest_s(record: Record, said: Said) -> float:
    """Its longest piece that the carrier did not lose."""
    gaps = (t for t in record.script.troubles if isinstance(t, CarrierGap) and t.lost)
    lost = [(record.began + gap.at_s, record.began + gap.at_s + gap.for_s) for gap in gaps]
    lost += [away.lost for away in record.away]
    at, longest = said.from_s, 0.0
    for start, stop in sorted(lost):
        if stop > at:
            longest = max(longest, min(start, said.to_s) - at)
            at = max(at, stop)
    return max(longest, said.to_s - at)


def _silences(record: Record, start: float, stop: float) -> Iterator[tuple[float, float]]:
    at = start
    sounds = record.sounds
    if record.away:  # not his line
        gone = [(away.from_s, away.back_s or inf) for away in record.away]
        sounds = sorted([*sounds, *gone])
    for begin, end in sounds:
        if end <= at or begin >= stop:
            continue
        if begin > at:
            yield at, begin
        at = end
    if at < stop:
        yield at, stop
