"""What promises are judged by: questions to the record of a call; without I/O.

About the whole of it, and when there was a model; `judging_words` asks about the caller's words,
`judging_voice` about what the caller heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from agent.sim.mishaps import Shut
from agent.sim.simulation.record import Away, Record, Said, Seen
from agent.sim.simulation.script import CarrierGap, Ending, LineBreak, Script, SteppingAside
from agent.sim.wire import INVALID_PAYLOAD, POLICY

CALM_S = 1.5
"""What is said so shortly before the end may be under way still."""
MOVING_S = 4.0
"""A move takes that long, with what is sent again, where the script makes nothing longer."""
REPLAY_SPEED = 4.0
GATED_S = 3.0
"""So long the answer of a function may take, as these calls are planned."""


def only_announced(script: Script) -> bool:
    """Whether nothing befalls the model but what is announced in good time."""
    troubles = (t for t in script.troubles if not isinstance(t, LineBreak | SteppingAside))
    return all(isinstance(t, Ending) and (t.notice_s or 0) >= 3 for t in troubles)


def away_between(record: Record, start: float, stop: float) -> list[Away]:
    """When the phone went from `start` to `stop`."""
    return [away for away in record.away if start <= away.from_s <= stop]


def heard_until(record: Record) -> float:
    """When the caller could hear something last."""
    end = record.over
    if record.gone_at is not None:
        end = min(end, record.gone_at)
    if record.away and record.away[-1].back_s is None:
        end = min(end, record.away[-1].from_s)
    return end


def carriers(record: Record) -> list[Seen]:
    """The connections that carried the session, in order: not one given up before it was ready."""
    ended = record.over
    return [
        seen
        for seen in record.connections.values()
        if seen.ready_at is not None and seen.ready_at < min(ended, seen.left_at or ended)
    ]


def without_model(record: Record) -> list[tuple[float, float]]:
    """When no connection carried the session, from the beginning on."""
    spans = []
    since: float | None = record.began
    until = record.over
    for seen in carriers(record):
        assert seen.ready_at is not None
        if since is not None and seen.ready_at > since:
            spans.append((since, min(seen.ready_at, until)))
        since = gone_at(seen)
    if since is not None and since < until:
        spans.append((since, until))
    return spans


def is_calm(record: Record, at: float) -> bool:
    """Whether the call went on long enough after `at` for everything to have settled."""
    ended = record.over
    if at > ended - CALM_S:
        return False
    spans = [span for span in without_model(record) if span[1] > ended - MOVING_S]
    spans += catching_up(record)
    return all(at < start - MOVING_S for start, _ in spans)


def came_by(record: Record, said: Said) -> float:
    """When the carrier had handed all of this over, which it may have held back for a while."""
    came_s = said.to_s - record.began
    for gap in record.script.troubles:
        if isinstance(gap, CarrierGap) and not gap.lost:
            until_s = gap.at_s + gap.for_s
            if gap.at_s <= came_s and said.from_s - record.began <= until_s:
                came_s = max(came_s, until_s)
    return record.began + came_s


def told_by(record: Record, at: float, within_s: float) -> float:
    """When what is to be told since `at` must have been: no time runs without a model."""
    latest = at + within_s
    for start, stop in without_model(record):
        if stop > at and start <= latest:
            latest = stop + within_s
    return latest


def catching_up(record: Record) -> Iterator[tuple[float, float]]:
    """What was kept and still being sent as the call ended, by when it was said and would have been
    sent: it goes out in its order.
    """
    timeline = record.call.timeline
    began_at = timeline.began_at
    gates = record.session.profile.gate_audio_during_tools
    for entry in timeline:
        moved_at = began_at + entry.t
        if entry.name == "model.moved":
            behind_s = float(str(entry.values["replayed_ms"])) / 1000
        elif entry.name == "model.ready":
            behind_s = entry.t
        elif entry.name == "tool.requested" and gates:
            behind_s = GATED_S
            moved_at += behind_s
        else:
            continue
        caught_up = moved_at + behind_s / (REPLAY_SPEED - 1) + CALM_S
        for asked in timeline:  # meanwhile some models are sent nothing else
            if asked.name == "tool.requested" and moved_at < began_at + asked.t < caught_up:
                caught_up += GATED_S
        if caught_up > record.over:
            yield moved_at - behind_s, caught_up


def ends_from(record: Record) -> float:
    """When the call began to end; `inf`: it did not, or was over at once."""
    timeline = record.call.timeline
    at = (timeline.began_at + e.t for e in timeline if e.name == "call.ending")
    return next(at, inf)


def was_cut_short(record: Record) -> bool:
    """Whether the model was in mid-sentence when a connection had to be left."""
    return any(entry.name == "agent.cut_short" for entry in record.call.timeline)


def is_settled(record: Record) -> bool:
    """Whether no move was under way, or just over, at the end."""
    ended = record.over
    timeline = record.call.timeline
    left = (timeline.began_at + e.t for e in timeline if e.name == "model.leaving")
    if any(at > ended - MOVING_S for at in left):
        return False
    return all(stop <= ended - MOVING_S for _, stop in without_model(record))


def refuses_media(script: Script) -> bool:
    """Whether a connection is closed as if the audio were to blame: then it is not resumed, and
    the audio is not sent again (C-31).
    """
    return bool(_ends_by(script, INVALID_PAYLOAD))


def aborts_twice(script: Script) -> bool:
    """Whether two connections end as if functions were to blame: the session itself is then given
    up (docs/protocols/gemini-live.md 4.1).
    """
    return _ends_by(script, POLICY) > 1


def _ends_by(script: Script, code: int) -> int:
    plans = (plan for t in script.troubles if isinstance(t, Ending) for plan in t.plans)
    return sum(isinstance(plan.what, Shut) and plan.what.code == code for plan in plans)


def gone_at(seen: Seen) -> float | None:
    """When it stopped to carry the session; None: never."""
    times = [at for at in (seen.left_at, seen.lost_at) if at is not None]
    return min(times, default=None)
