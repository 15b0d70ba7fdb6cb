"""The phone goes, and the call ends: because of it, or for another reason meanwhile."""

import pytest

from agent.call.core import CallPlan, CallState
from agent.call.effects import HangUp, Outcome, StepAside
from agent.telephony.twilio.stream import MediaStream
from tests.call.phone import talking


def test_without_the_plan_s_leave_a_call_ends_with_its_socket() -> None:
    line = talking(plan=CallPlan("bella"))
    line.break_phone()
    assert line.performed(HangUp) == [HangUp(Outcome.PHONE_LOST)]
    assert line.performed(StepAside) == []


def test_a_phone_that_does_not_come_back_ends_the_call() -> None:
    line = talking()
    line.break_phone()
    line.run(19.9)
    assert line.call.state is CallState.TALKING
    line.run(0.2)
    assert line.performed(HangUp) == [HangUp(Outcome.PHONE_LOST)]
    assert line.call.next_timer() is None


def test_an_end_that_was_begun_goes_on_when_the_phone_is_back() -> None:
    line = talking(5.0, at=1.0)
    line.model({"toolCall": {"functionCalls": [{"id": "e", "name": "end_call", "args": {}}]}})
    line.run(1.0)
    assert line.call.state is CallState.ENDING
    line.break_phone()
    line.run(10.0)
    assert line.call.state is CallState.ENDING
    line.come_back()
    line.run(5.0)
    assert line.heard_s() == pytest.approx(5.0, abs=0.08)
    assert line.performed(HangUp) == [HangUp(Outcome.AGENT_ENDED)]


def test_an_end_whose_phone_does_not_come_back_keeps_its_reason() -> None:
    line = talking(5.0, at=1.0)
    line.model({"toolCall": {"functionCalls": [{"id": "e", "name": "end_call", "args": {}}]}})
    line.run(1.0)
    line.break_phone()
    line.run(20.1)
    assert line.performed(HangUp) == [HangUp(Outcome.AGENT_ENDED)]


@pytest.mark.parametrize("outcome", [Outcome.SHUTDOWN, Outcome.OPERATOR, Outcome.TRANSFERRED])
def test_a_call_without_its_phone_is_ended_on_the_spot(outcome: Outcome) -> None:
    line = talking()
    line.break_phone()
    line.finish(outcome)
    assert line.performed(HangUp) == [HangUp(outcome)]
    assert line.call.report(line.now).continuity.agent_ms_cut == 0


def test_a_caller_who_hung_up_elsewhere_is_not_spoken_to() -> None:
    line = talking()
    line.finish(Outcome.CALLER_HUNG_UP)
    assert line.performed(HangUp) == [HangUp(Outcome.CALLER_HUNG_UP)]


def test_a_call_that_is_over_takes_no_phone_back() -> None:
    line = talking()
    line.hang_up()
    assert not line.step_aside(60.0)
    line.call.phone_back(MediaStream(), line.now)
    assert line.performed(HangUp) == [HangUp(Outcome.CALLER_HUNG_UP)]
    assert line.call.report(line.now).returns == 0


def test_a_model_that_is_lost_meanwhile_is_apologised_for_when_the_phone_is_back() -> None:
    line = talking(1.0, at=2.0)
    line.break_phone()
    line.refusals = 1000
    line.lose_model(1011)
    line.run(15.0)
    line.come_back()
    assert not line.performed(HangUp)
    line.run(40.0)
    assert "cover.apology" in line.names()
    assert line.performed(HangUp) == [HangUp(Outcome.MODEL_LOST)]


def test_a_call_that_ends_is_told_nothing_when_its_phone_is_back() -> None:
    line = talking(5.0, at=1.0)
    line.call.finish("operator", line.now)
    line.break_phone()
    line.run(3.0)
    line.come_back("The transfer failed.")
    line.run(1.0)
    assert line.texts == []
