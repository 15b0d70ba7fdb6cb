"""A kept call run again: it goes as it did, or it is shown where it does not."""

import math
from collections.abc import Callable

import pytest

from agent.call.core import CallPlan
from agent.call.tape import Began, Broken, Drained, Fact, Out, Paused, Rang, ToolFinished
from agent.gemini.session_events import Loss
from agent.observe.replay import Replayed, replay
from agent.observe.wires import ReadTape
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import Line, tool_call
from tests.call.tapes import Memory, busy, lived, taped_line

BUSY = lived(busy)
START = (
    b'{"event":"start","streamSid":"MZ2","start":{"streamSid":"MZ2","callSid":"CA1",'
    b'"accountSid":"AC1","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,'
    b'"channels":1}}}'
)
MEDIA = b'{"event":"media","streamSid":"MZ2","media":{"timestamp":"%d0","payload":"f39/f38="}}'


def tape(memory: Memory, change: Callable[[list[Fact]], None] | None = None) -> ReadTape:
    began, *facts = memory.facts
    assert isinstance(began, Began)
    if change is not None:
        change(facts)
    return ReadTape(began, facts, None)


def again(memory: Memory, change: Callable[[list[Fact]], None] | None = None) -> Replayed:
    return replay(tape(memory, change))


def test_a_call_goes_as_it_did() -> None:
    found = again(BUSY)

    assert found.difference is None
    assert found.ended is None
    assert found.report.outcome == "caller_hung_up"
    assert found.report.barge_ins == 1
    assert found.report.continuity.drops == 1
    assert found.seconds > 14
    drained = sum(len(fact.out) for fact in BUSY.facts if isinstance(fact, Drained))
    assert found.effects == drained
    assert found.facts == sum(not isinstance(fact, Drained | Began) for fact in BUSY.facts)


def test_what_is_rarely_told_is_told_again() -> None:
    def act(line: Line) -> None:
        call = line.call
        line.speak(1.0, "Good day.")
        line.run(2.0)
        call.caller_wrote("Do you hear me?", line.now)
        line.run(0.5)
        call.advise("Be brief.", line.now)
        line.run(0.5)
        call.dial("12#", line.now)
        line.run(1.0)
        call.step_aside(5.0, line.now)
        line.run(1.0)
        call.phone_back(MediaStream(), line.now, tell="He is back.")
        for n, text in enumerate((START, *[MEDIA] * 20)):
            call.phone_received(text % n if text is MEDIA else text, line.now)
            line._perform()
            line.run(0.02)
        line.run(0.5)
        call.wrap_up(line.now)
        line.run(0.5)
        call.finish("operator", line.now)
        line.run(8.0)
        call.model_lost(77, Loss(1011, "gone"), line.now)

    found = again(lived(act))

    assert found.difference is None
    assert found.report.outcome is not None


@pytest.mark.parametrize(("to_machine", "outcome"), [(True, "machine"), (False, "agent_ended")])
def test_a_message_is_left_again(to_machine: bool, outcome: str) -> None:
    def act(line: Line) -> None:
        line.speak(1.0, "Good day.")
        line.run(0.5)
        line.call.leave_message("Call us.", line.now, to_machine=to_machine)
        line.run(0.5)
        line.speak(1.0, "Call us.")
        line.run(5.0)

    found = again(lived(act))

    assert (found.difference, found.report.outcome) == (None, outcome)


def test_draws_of_chance_are_the_same_again() -> None:
    def act(line: Line) -> None:
        line.refusals = 4
        line.lose_model()
        line.run(12.0)

    assert again(lived(act)).difference is None


def test_a_decision_that_differs_is_shown_with_what_led_to_it() -> None:
    def lose_the_function(facts: list[Fact]) -> None:
        [n] = [n for n, fact in enumerate(facts) if isinstance(fact, ToolFinished)]
        facts[n] = ToolFinished(facts[n].at, "f1", b'{"output":"something else"}')

    found = again(BUSY, lose_the_function)

    difference = found.difference
    assert difference is not None
    assert isinstance(difference.told, ToolFinished)
    assert difference.at_s == pytest.approx(difference.told.at - BUSY.facts[0].at)
    assert difference.kept is not None
    assert difference.found is not None
    assert difference.kept.kind == difference.found.kind == "ToModel"
    assert difference.kept.digest != difference.found.digest
    assert found.report.outcome == "caller_hung_up"  # it is run to its end all the same


def test_an_effect_too_many_or_too_few_is_shown() -> None:
    extra = Out("ToPhone", 1, b"12345678", b"x")

    def add(facts: list[Fact]) -> None:
        n = next(n for n, f in enumerate(facts) if isinstance(f, Drained) and f.out)
        fact = facts[n]
        assert isinstance(fact, Drained)
        facts[n] = Drained(fact.at, (*fact.out, extra))

    def remove(facts: list[Fact]) -> None:
        n = next(n for n, f in enumerate(facts) if isinstance(f, Drained) and f.out)
        fact = facts[n]
        assert isinstance(fact, Drained)
        facts[n] = Drained(fact.at, fact.out[:-1])

    missing, surplus = again(BUSY, add).difference, again(BUSY, remove).difference

    assert missing is not None
    assert (missing.kept, missing.found) == (extra, None)
    assert surplus is not None
    assert surplus.kept is None
    assert surplus.found is not None


def test_a_call_that_raises_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, now: float) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("agent.call.core.Call.handle_timer", fail)

    difference = again(BUSY).difference

    assert difference is not None
    assert isinstance(difference.error, ZeroDivisionError)
    assert isinstance(difference.told, Rang)


def test_a_tape_is_compared_up_to_a_pause() -> None:
    line, memory = taped_line(CallPlan("bella", keeps=True, pause_tool=True))
    line.run(0.5)
    line.model(tool_call(("p", "pause_recording")))
    line.run(1.0)
    line.model(tool_call(("q", "resume_recording")))
    line.run(1.0)
    assert any(isinstance(fact, Paused) for fact in memory.facts)

    found = again(memory)

    assert found.difference is None
    assert found.ended == "nothing was kept from 0.5 s on: a pause"
    assert found.seconds == pytest.approx(0.5, abs=0.05)


def test_a_tape_is_compared_up_to_where_it_was_given_up_or_torn() -> None:
    def give_up(facts: list[Fact]) -> None:
        facts[200:] = [Broken(facts[200].at, "slow disk")]

    given_up = again(BUSY, give_up)
    began, *facts = BUSY.facts
    assert isinstance(began, Began)
    torn = replay(ReadTape(began, facts[:200], "it breaks off"))

    assert given_up.difference is torn.difference is None
    assert given_up.ended is not None
    assert given_up.ended.endswith("s: slow disk")
    assert torn.ended == "it breaks off"
    assert math.isclose(given_up.seconds, torn.seconds, abs_tol=0.05)
