"""What every simulated call must keep while its phone is away, and then; without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from agent.call.effects import Outcome
from agent.call.limits import MEDIA_S
from agent.sim.simulation.judging import ends_from, without_model
from agent.sim.simulation.line import ASIDE_S, CALLBACK_S
from agent.sim.simulation.record import Away, Record
from agent.sim.simulation.script import CarrierGap, LineBreak, SteppingAside

REATTACH_S = 20.0
PROMPT_S = 5.0
"""These calls wait so long: for their phone, and for a caller who says nothing."""
TOLD_S = 0.1
_SOON_S = 0.01


def the_carrier_takes_all(record: Record) -> Iterator[str]:
    """What is sent to the carrier is as it wants it, on a stream that it opened, and of which our
    side does not know that it is gone.
    """
    yield from record.refused
    if record.astray:
        yield f"{record.astray} frames to a phone that was away"


def the_phone_is_waited_for(record: Record) -> Iterator[str]:
    """A call whose phone is away waits for it: as long as it should, and no longer."""
    away = record.away[-1] if record.away else None
    if away is None or away.back_s is not None or record.ended is None:
        return
    if away.told_s is None and ends_from(record) <= record.ended < away.alive_s + MEDIA_S:
        return  # the call was ending, and nobody knew
    expected, outcome = _given_up(record, away)
    told_s = inf if record.gone_at is None else record.gone_at + CALLBACK_S
    at_once = abs(told_s - expected) < _SOON_S  # either may be first
    if told_s < expected + _SOON_S:
        expected, outcome = told_s, outcome if at_once else Outcome.CALLER_HUNG_UP
    if abs(record.ended - expected) > _SOON_S:
        yield f"ended {record.ended - expected:+.2f} s from when it should have"
    hung_up = at_once and record.outcome is Outcome.CALLER_HUNG_UP
    if not (record.outcome is outcome or hung_up) and ends_from(record) > record.ended:
        yield f"ended as {record.outcome}, and should as {outcome}"


def _given_up(record: Record, away: Away) -> tuple[float, Outcome]:
    """When and how the call is to end if the phone does not come back."""
    told_s = _known_from(away)
    timeline = record.call.timeline
    left = [entry for entry in timeline if entry.name == "phone.left"]
    if left and left[-1].values["wanted"]:
        return told_s + ASIDE_S, Outcome.TRANSFERRED
    return told_s + REATTACH_S, Outcome.PHONE_LOST


def _known_from(away: Away) -> float:
    """When our side knew, at the latest: a line without a sound is as good as gone."""
    silent_s = away.alive_s + MEDIA_S
    return silent_s if away.told_s is None else min(silent_s, away.told_s)


def nobody_away_is_prompted(record: Record) -> Iterator[str]:
    """Nobody is asked whether he is there while he cannot be, nor soon after. A model that is to
    ask since before, or was told so before, may be told now: on its next connection.
    """
    for away in record.away:
        until = record.lasted_until if away.back_s is None else away.back_s + PROMPT_S
        from_s = _known_from(away)
        if any(at <= from_s + TOLD_S for at in record.prompts):
            continue
        for at in record.prompts:
            no_model = without_model(record)
            late = any(start <= from_s and stop >= at - TOLD_S for start, stop in no_model)
            if at < until - _SOON_S and not late:
                yield f"prompted {at - from_s:.2f} s after the phone had gone"


def the_model_does_not_notice(record: Record) -> Iterator[str]:
    """Where nothing befalls the model's connections, one is enough for the whole call."""
    line = LineBreak | SteppingAside | CarrierGap
    if record.away and all(isinstance(t, line) for t in record.script.troubles):
        n = len(record.connections)
        if n != 1:
            yield f"{n} connections"
