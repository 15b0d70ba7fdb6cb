"""What promises about what the caller hears are judged by: voice and silence; without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import inf

from agent.sim.simulation.judging import MOVING_S, came_by, without_model
from agent.sim.simulation.record import HeardPiece, Record, Said, Voiced
from agent.sim.simulation.script import CarrierGap

FRAME_MS = 20
_AT_ONCE_S = 0.25
_SURE_S = 0.7
"""Our speech detection takes no longer to be sure that the caller is silent."""
_SOUND_S = 0.4
"""What is shorter, our side may take for a cough, which nobody answers."""


def heard_of(record: Record, voiced: Voiced) -> list[HeardPiece]:
    """What the caller heard of it, in the order of hearing."""
    end = voiced.first + voiced.n
    return [piece for piece in record.heard if voiced.first <= piece.run.first < end]


def cut_short(record: Record, voiced: Voiced) -> bool:
    """Whether the caller did not hear it to its end."""
    return sum(piece.run.n for piece in heard_of(record, voiced)) < voiced.n - FRAME_MS


def was_untold(record: Record, voiced: Voiced) -> bool:
    """Whether the service made it before our side could say anything on its connection."""
    return any(
        seen.resumes and (seen.setup_at or inf) <= voiced.at <= (seen.ready_at or -inf)
        for seen in record.connections.values()
    )


def cut_without_reason(record: Record, voiced: Voiced) -> int:
    """How many ms that came were not heard though neither the caller nor the call's end cut it."""
    pieces = heard_of(record, voiced)
    n = sum(piece.run.n for piece in pieces)
    if n >= voiced.received:
        return 0
    until = voiced.at
    for piece in pieces or _heard_before(record, voiced):  # it waits for what was said before it
        until = max(until, piece.at + piece.run.n / 1000)
    end = record.lasted_until if record.ended is None else record.ended
    spoken_over = _spoken_over(record, voiced.at, until)
    over = until + _AT_ONCE_S >= (end if record.gone_at is None else record.gone_at)
    told = any(voiced.at - 0.1 <= at <= until + 1.0 for at in record.late_results)
    pressed = bool(record.script.keys)
    return 0 if spoken_over or over or told or pressed else voiced.received - n


def _heard_before(record: Record, voiced: Voiced) -> Iterator[HeardPiece]:
    return (piece for piece in record.heard if piece.run.first < voiced.first)


def _spoken_over(record: Record, start: float, stop: float) -> bool:
    """Whether the caller spoke in between, as the model's service hears it: some of it late."""
    for said in record.said:
        heard_to = came_by(record, said)
        if said.from_s <= stop + _AT_ONCE_S and heard_to >= start - 1.0:
            return True
        for gone, back in without_model(record):
            late = start - MOVING_S <= back <= stop + 1.0
            if late and said.from_s <= back + 1.0 and said.to_s >= gone - 2.0:
                return True
    return False


def holes(record: Record, voiced: Voiced) -> list[float]:
    """Silences inside of it, in seconds."""
    pieces = heard_of(record, voiced)
    gaps = (b.at - (a.at + a.run.n / 1000) for a, b in pairwise(pieces))
    return [gap for gap in gaps if gap > 0.001]


def silent_waits(record: Record) -> Iterator[tuple[float, float]]:
    """When a caller who waits, while there is no model, hears nothing at all."""
    end = record.lasted_until if record.ended is None else record.ended
    if record.gone_at is not None:
        end = min(end, record.gone_at)
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
        for start, stop in without_model(record):
            yield from _silences(record, max(start, from_s), min(stop, until))


def _longest_s(record: Record, said: Said) -> float:
    """Its longest piece that the carrier did not lose."""
    lost = [t for t in record.script.troubles if isinstance(t, CarrierGap) and t.lost]
    at, longest = said.from_s, 0.0
    for gap in sorted(lost, key=lambda gap: gap.at_s):
        start = record.began + gap.at_s
        if start + gap.for_s > at:
            longest = max(longest, min(start, said.to_s) - at)
            at = max(at, start + gap.for_s)
    return max(longest, said.to_s - at)


def _silences(record: Record, start: float, stop: float) -> Iterator[tuple[float, float]]:
    at = start
    for begin, end in record.sounds:
        if end <= at or begin >= stop:
            continue
        if begin > at:
            yield at, begin
        at = end
    if at < stop:
        yield at, stop
