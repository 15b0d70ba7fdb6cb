"""A call that keeps a tape: the call is not changed by it, and the tape misses nothing."""

import inspect

import pytest

from agent.call.core import Call, CallPlan
from agent.call.effects import Keep
from agent.call.tape import (
    Advised,
    Began,
    CallerWrote,
    Dialled,
    Drained,
    Finished,
    LeftMessage,
    ModelConnected,
    ModelLost,
    ModelSaid,
    Paused,
    PhoneBack,
    PhoneLost,
    PhoneSaid,
    Rang,
    Resumed,
    SteppedAside,
    ToolFinished,
    WrappedUp,
)
from agent.call.taped import TapedCall
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import Line, opened, tool_call
from tests.call.tapes import PLAN, busy, lived, taped_line

READERS = {"effects", "report", "cost", "spent"}
"""What a call is only asked; of these, `effects` is on the tape as `Drained`."""


def test_every_fact_that_a_call_can_be_told_goes_through_the_tape() -> None:
    told = {
        name
        for name, method in inspect.getmembers(Call, inspect.isfunction)
        if not name.startswith("_") and "now" in inspect.signature(method).parameters
    }

    untaped = {name for name in told - READERS if name not in vars(TapedCall)}

    assert untaped == set()


def test_a_tape_changes_nothing_of_a_call() -> None:
    plain, (taped, _) = Line(PLAN), taped_line(PLAN)
    for line in (plain, taped):
        line.run(0.5)
        busy(line)

    assert [e for _, e in taped.effects] == [e for _, e in plain.effects]
    assert taped.texts == plain.texts
    assert list(taped.call.timeline) == list(plain.call.timeline)


def test_what_happens_is_on_the_tape_with_its_time_and_in_order() -> None:
    memory = lived(busy)

    assert isinstance(memory.facts[0], Began)
    kinds = {type(fact) for fact in memory.facts}
    assert kinds == {
        Began, PhoneSaid, PhoneLost, ModelConnected, ModelSaid, ModelLost, ToolFinished, Rang,
        Drained,
    }  # fmt: skip
    times = [fact.at for fact in memory.facts]
    assert times == sorted(times)
    assert memory.size > 100_000


def test_what_is_rarely_told_is_on_the_tape_as_well() -> None:
    line, memory = taped_line(CallPlan("bella"))
    call, now = line.call, line.now
    call.phone_received('{"event":"connected"}', now)
    call.phone_received(b'{"event":"connected"}', now)
    call.model_received(1, "{}", now)
    call.step_aside(5.0, now, after_words=True)
    call.phone_back(MediaStream(), now, tell="He is busy.")
    call.caller_wrote("hello", now)
    call.advise("Be brief.", now)
    call.dial("12#", now)
    call.wrap_up(now)
    call.leave_message("Call us.", now, to_machine=False)
    call.finish("operator", now)

    assert memory.facts[1:] == [
        PhoneSaid(now, b'{"event":"connected"}'),
        PhoneSaid(now, b'{"event":"connected"}'),
        ModelSaid(now, 1, b"{}"),
        SteppedAside(now, 5.0, "phone_lost", True),
        PhoneBack(now, "He is busy."),
        CallerWrote(now, "hello"),
        Advised(now, "Be brief."),
        Dialled(now, "12#"),
        WrappedUp(now),
        LeftMessage(now, "Call us.", False),
        Finished(now, "operator"),
    ]


def test_keys_that_are_none_are_not_on_the_tape() -> None:
    line, memory = taped_line(CallPlan("bella"))

    with pytest.raises(Exception, match="x"):
        line.call.dial("x", line.now)

    assert len(memory.facts) == 1


def test_without_consent_a_tape_may_be_kept_from_the_start() -> None:
    line, memory = taped_line(CallPlan("bella", keeps=True))

    line.run(0.3)

    assert memory.allowed is not None


def test_with_consent_a_tape_may_be_kept_once_it_has_been_heard() -> None:
    line, memory = taped_line(CallPlan("bella", keeps=True, consent="We record."))
    line.run(0.5)
    line.speak(1.0, "We record.")
    line.run(0.9)
    assert memory.allowed is None

    line.run(2.0)

    assert memory.allowed is not None


def pause(line: Line, seconds: float) -> None:
    line.model(tool_call(("p1", "pause_recording")))
    line.run(seconds)
    line.model(tool_call(("p2", "resume_recording")))
    line.run(0.5)


def test_nothing_is_noted_during_a_pause() -> None:
    plan = CallPlan("bella", keeps=True, pause_tool=True)
    line, memory = taped_line(plan)
    line.run(0.5)

    line.model(tool_call(("p1", "pause_recording")))
    line.talk(1.0)
    line.finish_tool("none")
    line.call.caller_wrote("4929", line.now)
    line.run(3.0)
    line.model(tool_call(("p2", "resume_recording")))
    line.run(0.5)

    kinds = [type(fact) for fact in memory.facts]
    n = kinds.index(Paused)
    assert kinds[n + 1] is Resumed
    assert memory.facts[n + 1].at - memory.facts[n].at == pytest.approx(3.0, abs=0.05)
    assert kinds.count(PhoneSaid) > 20
    last = memory.facts[n - 1]
    assert isinstance(last, Drained)
    assert [out.shown for out in last.out if out.kind == "Keep"] == [b"Keep(on=False)"]


def test_others_are_told_of_a_pause_only_if_they_keep_something() -> None:
    plain = opened(CallPlan("bella", pause_tool=True))
    pause(plain, 1.0)
    keeping = opened(CallPlan("bella", pause_tool=True, keeps=True))
    pause(keeping, 1.0)

    assert plain.performed(Keep) == []
    assert keeping.performed(Keep) == [Keep(True), Keep(False), Keep(True)]
