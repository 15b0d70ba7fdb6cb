"""The life of a call whose phone goes, and comes back or does not."""

from agent.call.core import CallPlan, CallState
from agent.call.effects import HangUp, Outcome
from agent.call.idle import IdlePolicy
from tests.call.line import Line, opened, tool_call

PATIENT = IdlePolicy(None, "", None)
WAITS = CallPlan("b", idle=PATIENT, reattach_s=20.0)


def test_a_phone_that_is_lost_is_waited_for_and_nothing_else_is_due() -> None:
    line = opened(WAITS)
    line.break_phone()
    life = line.call._life
    assert life.deadline() == line.now + 20.0
    line.call._life.phone_lost(Outcome.FAILED, line.now)  # it cannot be lost twice
    line.run(20.1)
    assert line.performed(HangUp) == [HangUp(Outcome.PHONE_LOST)]


def test_an_end_that_is_begun_is_not_stepped_aside_from() -> None:
    line = opened(WAITS)
    line.speak(3.0, "Goodbye.")
    line.run(1.0)
    line.step_aside(60.0)
    line.call.finish("operator", line.now)
    line.run(6.0)
    assert line.performed(HangUp) == [HangUp(Outcome.OPERATOR)]


def test_an_end_waits_for_the_phone_to_be_back() -> None:
    line = opened(WAITS)
    line.speak(3.0, "Goodbye.")
    line.model(tool_call(("e", "end_call")))
    line.run(1.0)
    line.break_phone()
    line.run(15.0)
    line.come_back()
    line.come_back()
    line.run(4.0)
    assert line.performed(HangUp) == [HangUp(Outcome.AGENT_ENDED)]
    assert line.entry("phone.back")["away_s"] == 15.0


def test_from_outside_a_call_without_its_phone_ends_on_the_spot() -> None:
    line = opened(WAITS)
    line.break_phone()
    line.finish(Outcome.TRANSFERRED)
    assert line.performed(HangUp) == [HangUp(Outcome.TRANSFERRED)]


def test_media_that_dries_up_is_a_phone_that_is_lost() -> None:
    line = opened(WAITS)
    line.break_phone(noticed=False)
    line.run(5.1)
    assert line.call.away


def test_a_phone_that_never_started_is_not_waited_for() -> None:
    line = Line(WAITS)
    line.call.phone_lost(line.now)
    assert line.call.outcome is Outcome.PHONE_LOST


def test_a_call_that_has_not_begun_or_ends_does_not_step_aside() -> None:
    line = Line(WAITS)
    assert not line.step_aside(60.0)
    line.run(0.5)
    line.finish(Outcome.OPERATOR)
    assert not line.step_aside(60.0)


def test_a_phone_that_is_back_finds_the_call_as_it_was() -> None:
    line = opened(WAITS)
    line.break_phone()
    line.run(5.0)
    line.come_back()
    line.run(1.0)
    assert line.call.state is CallState.TALKING
    assert line.call.outcome is None
