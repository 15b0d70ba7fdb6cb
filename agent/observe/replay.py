"""A call run again from its tape, in the tape's own time, and compared with what it did then.

The same cores are told the same facts at the same times. So as long as the code decides as it did,
every effect is the same to the last byte; the first that is not shows where it decides otherwise.
What comes after a first difference is told to a call that may stand elsewhere: it is counted, but
means little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import assert_never

import msgspec

from agent.call.core import Call
from agent.call.effects import Outcome
from agent.call.report import CallReport
from agent.call.tape import (
    Advised,
    Began,
    Broken,
    CallerWrote,
    Dialled,
    Drained,
    Fact,
    Finished,
    LeftMessage,
    ModelConnected,
    ModelLost,
    ModelSaid,
    Out,
    Paused,
    PhoneBack,
    PhoneLost,
    PhoneSaid,
    Rang,
    Resumed,
    SteppedAside,
    Told,
    ToolFinished,
    WrappedUp,
    out_of,
)
from agent.gemini.session import LiveSession
from agent.observe.wires import ReadTape
from agent.telephony.twilio.stream import MediaStream


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a call goes otherwise than it did.

    Attributes:
        at_s: since the call began.
        told: what it was told last.
        kept, found: the effect then and now; None: there was none.
        error: what the call raised instead, which a call never should.
    """

    at_s: float
    told: Fact
    kept: Out | None
    found: Out | None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        report: of the call as it went now, when the tape ended.
        facts: that it was told.
        effects: that were compared.
        seconds: of the call.
        difference: the first; None: it went as it did.
        ended: why the tape ends before the call does: at a pause, or torn; None: it does not.
    """

    report: CallReport
    facts: int
    effects: int
    seconds: float
    difference: Difference | None
    ended: str | None


class Rerun:
    """A call made anew from what its tape says of it.

    Attributes:
        call: the call, as far as it has got.
        told: what it was told last.
        at: when.
    """

    def __init__(self, began: Began) -> None:
        session = LiveSession(
            began.setup, began.profile, moves=began.moves, random=Random(began.seed).random
        )
        self.call = Call(began.plan, MediaStream(), session, began.at)
        self.told: Fact = began
        self.at = began.at

    def run(self, facts: list[Fact]) -> Iterator[tuple[Fact, tuple[Out, ...]]]:
        """Tell the call these facts; yields each with what came of it, effects taken out then."""
        for fact in facts:
            self.at = fact.at
            if isinstance(fact, Drained):
                yield fact, tuple(map(out_of, self.call.effects(fact.at)))
            elif not isinstance(fact, Began | Paused | Resumed | Broken):
                self.told = fact
                _tell(self.call, fact)
                yield fact, ()


def _tell(call: Call, fact: Told) -> None:
    match fact:
        case PhoneSaid(at, text):
            call.phone_received(text, at)
        case ModelSaid(at, connection, frame):
            call.model_received(connection, frame, at)
        case Rang(at):
            call.handle_timer(at)
        case ToolFinished(at, id, response):
            call.tool_finished(id, msgspec.json.decode(response), at)
        case ModelConnected(at, connection):
            call.model_connected(connection, at)
        case ModelLost(at, connection, loss):
            call.model_lost(connection, loss, at)
        case PhoneLost(at):
            call.phone_lost(at)
        case Finished(at, outcome):
            call.finish(outcome, at)
        case _:
            _tell_more(call, fact)


def _tell_more(
    call: Call,
    fact: PhoneBack | SteppedAside | CallerWrote | Advised | Dialled | WrappedUp | LeftMessage,
) -> None:
    match fact:
        case PhoneBack(at, tell):
            call.phone_back(MediaStream(), at, tell=tell)
        case SteppedAside(at, longest_s, then, after_words):
            call.step_aside(longest_s, at, then=Outcome(then), after_words=after_words)
        case CallerWrote(at, text):
            call.caller_wrote(text, at)
        case Advised(at, text):
            call.advise(text, at)
        case Dialled(at, keys):
            call.dial(keys, at)
        case WrappedUp(at):
            call.wrap_up(at)
        case LeftMessage(at, text, to_machine):
            call.leave_message(text, at, to_machine=to_machine)
        case _:
            assert_never(fact)


def seen(tape: ReadTape) -> tuple[list[Fact], str | None]:
    """The facts up to where the tape saw all of the call, and why it did not see the rest."""
    for n, fact in enumerate(tape.facts):
        at_s = fact.at - tape.began.at
        if isinstance(fact, Paused):
            return tape.facts[:n], f"nothing was kept from {at_s:.1f} s on: a pause"
        if isinstance(fact, Broken):
            return tape.facts[:n], f"the tape was given up at {at_s:.1f} s: {fact.reason}"
    return tape.facts, tape.torn


def replay(tape: ReadTape) -> Replayed:
    """Run the call again and compare."""
    rerun = Rerun(tape.began)
    facts, ended = seen(tape)
    difference: Difference | None = None
    told = effects = 0
    try:
        for fact, found in rerun.run(facts):
            if not isinstance(fact, Drained):
                told += 1
                continue
            effects += len(fact.out)
            if difference is None and found != fact.out:
                difference = _first(fact.out, found, rerun, tape.began)
    except Exception as error:  # a core let it out: it goes otherwise than it did
        difference = difference or Difference(
            rerun.at - tape.began.at, rerun.told, None, None, error
        )
    report = rerun.call.report(rerun.at)
    return Replayed(report, told, effects, rerun.at - tape.began.at, difference, ended)


def _first(kept: tuple[Out, ...], found: tuple[Out, ...], rerun: Rerun, began: Began) -> Difference:
    same = 0
    while same < min(len(kept), len(found)) and kept[same] == found[same]:
        same += 1
    return Difference(
        rerun.at - began.at,
        rerun.told,
        kept[same] if same < len(kept) else None,
        found[same] if same < len(found) else None,
    )
