"""What promises about the caller's words are judged by: the model's states; without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from agent.sim.included import Account, Range, account
from agent.sim.mishaps import Stall
from agent.sim.server_profiles import PROFILES
from agent.sim.simulation.judging import came_by, carriers, gone_at, is_calm
from agent.sim.simulation.judging_voice import was_untold
from agent.sim.simulation.record import Record, Said, Voiced
from agent.sim.simulation.script import Handles, Mishappening

PER_MS = 16
PRE_ROLL_MS = 200
_SLACK_S = 0.5
_HANGOVER_S = 0.7
"""Our speech detection takes no longer to be sure that the caller is silent."""


def accounts(record: Record) -> Iterator[tuple[Said, int]]:
    """Of each utterance, how many ms the state that has most of it does not have.

    Where the line broke in the midst of it, it is two: the first may have its answer by then.
    """
    found = [kept.missing for _, kept in _kept(record)]
    for said in record.said:
        missing = 0
        for part in _parts(record, said):
            within = [_within(part, ranges) for ranges in found]
            missing += min(within, default=part[1] - part[0])
        yield said, missing // PER_MS


def settled_accounts(record: Record) -> Iterator[tuple[Said, int]]:
    """The same, of all that can be judged."""
    for said, missing in accounts(record):
        unknown = is_held_back(record, said) or is_forgotten(record, said)
        if is_calm(record, came_by(record, said)) and not unknown:
            yield said, missing


def repeated(record: Record) -> Iterator[tuple[Said, int, int]]:
    """What a connection's state has more than once: (utterance, connection, ms)."""
    for number, kept in _kept(record):
        for said in record.said:
            again = _within(_samples(said), kept.repeated) // PER_MS
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


def _parts(record: Record, said: Said) -> Iterable[Range]:
    """Its samples, torn where a line that had broken brought him back."""
    start, stop = _samples(said)
    backs = (away.lost[1] for away in record.away if said.from_s < away.lost[1] < said.to_s)
    tears = [start + round((back - said.from_s) * 1000) * PER_MS for back in backs]
    return pairwise([start, *tears, stop])


def _within(part: Range, ranges: Iterable[Range]) -> int:
    """How many of these samples are in the ranges."""
    return sum(max(min(end, part[1]) - max(begin, part[0]), 0) for begin, end in ranges)


def joined_ms(record: Record, said: Said) -> int:
    """How much of it counts as the last moment before the words that followed: a break of the line
    took away the silence between them.
    """
    cut = any(said.from_s < away.lost[1] and said.to_s > away.lost[0] for away in record.away)
    near = any(abs(said.to_s - away.lost[0]) < _HANGOVER_S for away in record.away)
    return 2 * PRE_ROLL_MS if cut or near else 0


def was_open(record: Record, said: Said) -> bool:
    """Whether a connection was left while this was being said, or had no answer yet."""
    came_at = came_by(record, said)
    later = [v for v in record.voiced if v.at > came_at and not was_untold(record, v)]
    answers = (v.at for v in later if _answers(v, said) and not _spoken_into(record, v, said))
    answered = min(answers, default=record.lasted_until)
    gone = [at for seen in carriers(record) if (at := gone_at(seen)) is not None]
    return any(said.from_s <= at <= answered + _SLACK_S for at in gone)


def _answers(voiced: Voiced, said: Said) -> bool:
    """Whether our side may take this for an answer to that: what answers a text of ours, or what
    was said before, is none.
    """
    name, _, number = voiced.label.partition("-")
    if not voiced.received or name in {"greeting", "typed"}:
        return False
    return not number or int(number) >= said.number


def _spoken_into(record: Record, voiced: Voiced, said: Said) -> bool:
    """Whether the caller was saying something else when it came: then it may be no answer."""
    others = (other for other in record.said if other is not said)
    return any(o.from_s <= voiced.came_at <= came_by(record, o) + _HANGOVER_S for o in others)


def is_held_back(record: Record, said: Said) -> bool:
    """Whether a handle from before this may have come after it.

    A service that stalls for a while gives all it held back at once, a handle among it. What that
    handle includes only an acknowledgement tells; elsewhere nobody on our side can know.
    """
    if PROFILES[record.script.profile].vertex:
        return False
    stalls = [t.plan for t in record.script.troubles if isinstance(t, Mishappening)]
    if not any(isinstance(plan.what, Stall) and plan.what.seconds for plan in stalls):
        return False
    stalled = next(iter(carriers(record)), None)
    gone = None if stalled is None else gone_at(stalled)
    return gone is not None and said.from_s < gone


def is_forgotten(record: Record, said: Said) -> bool:
    """Whether a service that forgets what it resumes may have had part of this, and said so.

    What it acknowledged is not sent again, and that the state behind the handle is empty it tells
    nobody: of an utterance that was under way the rest is all that any state can have.
    """
    rules = [t.rules for t in record.script.troubles if isinstance(t, Handles)]
    if not any(rule.forgets for rule in rules):
        return False
    gone = [at for seen in carriers(record) if (at := gone_at(seen)) is not None]
    return any(said.from_s <= at <= said.to_s + _SLACK_S for at in gone)
