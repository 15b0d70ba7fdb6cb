"""What promises are judged by: questions to the record of a call; without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from agent.sim.included import Account, Range, account
from agent.sim.mishaps import Shut
from agent.sim.simulation.record import HeardPiece, Record, Said, Seen, Voiced
from agent.sim.simulation.script import CarrierGap, Ending, Script
from agent.sim.wire import INVALID_PAYLOAD, POLICY

PER_MS = 16
CALM_S = 1.5
"""What is said so shortly before the end may be under way still."""
MOVING_S = 4.0
"""A move takes that long, with what is sent again, where the script makes nothing longer."""
_SLACK_S = 0.5
REPLAY_SPEED = 4.0
FRAME_MS = 20
_AT_ONCE_S = 0.25
_SURE_S = 0.7
"""Our speech detection takes no longer to be sure that the caller is silent."""
_SOUND_S = 0.4
"""What is shorter, our side may take for a cough, which nobody answers."""


def only_announced(script: Script) -> bool:
    """Whether nothing goes wrong but what is announced in good time."""
    return all(isinstance(t, Ending) and (t.notice_s or 0) >= 3 for t in script.troubles)


def carriers(record: Record) -> list[Seen]:
    """The connections that carried the session, in order."""
    ended = record.lasted_until if record.ended is None else record.ended
    seen_all = record.connections.values()
    return [seen for seen in seen_all if seen.ready_at is not None and seen.ready_at < ended]


def without_model(record: Record) -> list[tuple[float, float]]:
    """When no connection carried the session, from the beginning on."""
    spans = []
    since: float | None = record.began
    until = record.lasted_until if record.ended is None else record.ended
    for seen in carriers(record):
        assert seen.ready_at is not None
        if since is not None and seen.ready_at > since:
            spans.append((since, min(seen.ready_at, until)))
        since = _gone(seen)
    if since is not None and since < until:
        spans.append((since, until))
    return spans


def is_calm(record: Record, at: float) -> bool:
    """Whether the call went on long enough after `at` for everything to have settled."""
    ended = record.lasted_until if record.ended is None else record.ended
    if at > ended - CALM_S:
        return False
    spans = [span for span in without_model(record) if span[1] > ended - MOVING_S]
    spans += catching_up(record, ended)
    return all(at < start - MOVING_S for start, _ in spans)


def catching_up(record: Record, ended: float) -> Iterator[tuple[float, float]]:
    """When what was kept was still being sent as the call ended: it goes out in its order."""
    for entry in record.call.timeline:
        if entry.name != "model.moved":
            continue
        moved_at = record.call.timeline.began_at + entry.t
        behind_s = float(str(entry.values["replayed_ms"])) / 1000
        caught_up = moved_at + behind_s / (REPLAY_SPEED - 1) + CALM_S
        if caught_up > ended:
            yield moved_at, caught_up


def was_cut_short(record: Record) -> bool:
    """Whether the model was in mid-sentence when a connection had to be left."""
    return any(entry.name == "agent.cut_short" for entry in record.call.timeline)


def is_settled(record: Record) -> bool:
    """Whether no move was under way, or just over, at the end."""
    ended = record.lasted_until if record.ended is None else record.ended
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


def accounts(record: Record) -> Iterator[tuple[Said, int]]:
    """Of each utterance, how many ms the state that has most of it does not have."""
    found = [kept.missing for _, kept in _kept(record)]
    for said in record.said:
        missing = [_of(said, ranges) for ranges in found]
        yield said, min(missing, default=said.n * PER_MS) // PER_MS


def repeated(record: Record) -> Iterator[tuple[Said, int, int]]:
    """What a connection's state has more than once: (utterance, connection, ms)."""
    for number, kept in _kept(record):
        for said in record.said:
            again = _of(said, kept.repeated) // PER_MS
            if again:
                yield said, number, again


def _kept(record: Record) -> Iterator[tuple[int, Account]]:
    """Of each connection's state, what it has of the caller's utterances."""
    within = [_samples(said) for said in record.said]
    for seen in record.connections.values():
        if seen.states is not None:
            yield seen.number, account(seen.states, record.placed, within)


def _samples(said: Said) -> Range:
    return said.first * PER_MS, (said.first + said.n) * PER_MS


def _of(said: Said, ranges: Iterable[Range]) -> int:
    """How many samples of it are in these; none of them reaches beyond an utterance."""
    start, stop = _samples(said)
    return sum(end - begin for begin, end in ranges if start <= begin < stop)


def was_open(record: Record, said: Said) -> bool:
    """Whether a connection was left while this was being said, or had no answer yet."""
    answers = (v.at for v in record.voiced if v.at > said.to_s and v.received)
    answered = min(answers, default=record.lasted_until)
    gone = [at for seen in carriers(record) if (at := _gone(seen)) is not None]
    return any(said.from_s <= at <= answered + _SLACK_S for at in gone)


def heard_of(record: Record, voiced: Voiced) -> list[HeardPiece]:
    """What the caller heard of it, in the order of hearing."""
    end = voiced.first + voiced.n
    return [piece for piece in record.heard if voiced.first <= piece.run.first < end]


def cut_short(record: Record, voiced: Voiced) -> bool:
    """Whether the caller did not hear it to its end."""
    return sum(piece.run.n for piece in heard_of(record, voiced)) < voiced.n - FRAME_MS


def cut_without_reason(record: Record, voiced: Voiced) -> int:
    """How many ms that came were not heard though neither the caller nor the call's end cut it."""
    pieces = heard_of(record, voiced)
    n = sum(piece.run.n for piece in pieces)
    if n >= voiced.received:
        return 0
    until = pieces[-1].at + pieces[-1].run.n / 1000 if pieces else voiced.at
    end = record.lasted_until if record.ended is None else record.ended
    spoken_over = _spoken_over(record, voiced.at, until)
    over = until + _AT_ONCE_S >= (end if record.gone_at is None else record.gone_at)
    told = any(voiced.at - 0.1 <= at <= until + 1.0 for at in record.late_results)
    pressed = bool(record.script.keys)
    return 0 if spoken_over or over or told or pressed else voiced.received - n


def _spoken_over(record: Record, start: float, stop: float) -> bool:
    """Whether the caller spoke in between, as the model's service hears it: some of it late."""
    held = [t for t in record.script.troubles if isinstance(t, CarrierGap) and not t.lost]
    for said in record.said:
        heard_to = said.to_s
        for gap in held:  # what was said then is heard after it
            if (
                gap.at_s <= heard_to - record.began
                and said.from_s - record.began <= gap.at_s + gap.for_s
            ):
                heard_to = max(heard_to, record.began + gap.at_s + gap.for_s)
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
        if said.to_s - said.from_s - _lost_s(record, said) < _SOUND_S:
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


def _lost_s(record: Record, said: Said) -> float:
    """How much of it the carrier lost."""
    lost = [t for t in record.script.troubles if isinstance(t, CarrierGap) and t.lost]
    starts = [record.began + gap.at_s for gap in lost]
    overlaps = (
        min(said.to_s, start + gap.for_s) - max(said.from_s, start)
        for start, gap in zip(starts, lost, strict=True)
    )
    return sum(overlap for overlap in overlaps if overlap > 0)


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


def _gone(seen: Seen) -> float | None:
    times = [at for at in (seen.left_at, seen.lost_at) if at is not None]
    return min(times, default=None)
