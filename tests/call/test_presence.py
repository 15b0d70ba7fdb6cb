"""The phone goes and comes back. What is heard then is tested in `test_phone_side_away`."""

from agent.call.core import CallPlan, CallState
from agent.call.effects import Outcome
from agent.call.idle import IdlePolicy
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import Line, opened

PATIENT = IdlePolicy(None, "", None)
WAITS = CallPlan("b", idle=PATIENT, reattach_s=20.0)


def test_only_a_call_whose_phone_is_there_steps_aside_and_once() -> None:
    line = Line(WAITS)
    assert not line.step_aside(60.0)
    line.run(0.5)
    line.speak(3.0, "one moment")
    line.run(1.0)
    assert line.step_aside(60.0)
    assert not line.step_aside(60.0)
    line.run(3.0)
    assert line.call.away
    assert line.entry("phone.left") == {"wanted": True}


def test_silence_is_aside_at_once_and_the_next_words_are_waited_for_when_asked() -> None:
    line = opened(WAITS)
    line.step_aside(60.0)
    line.run(0.05)
    assert line.call.away
    line = opened(WAITS)
    line.step_aside(60.0, after_words=True)
    line.run(1.0)
    line.speak(1.0, "I connect you.")
    line.run(0.6)
    line.lose_model()
    assert not line.call.away
    line.run(1.0)
    assert line.call.away


def test_a_newer_stream_comes_before_the_older_one_is_missed() -> None:
    line = opened(CallPlan("b", idle=PATIENT))  # also where a broken one would end the call
    line.come_back()
    line.run(1.0)
    assert line.call.state is CallState.TALKING
    assert not line.call.away


def test_streams_that_take_one_another_s_place_are_one_return() -> None:
    line = opened(WAITS)
    line.break_phone()
    line.run(3.0)
    line.call.phone_back(MediaStream(), line.now)
    line.come_back()
    line.run(0.5)
    assert line.names().count("phone.left") == 1
    assert line.entry("phone.back")["away_s"] == 3.0


def test_a_call_that_ends_keeps_the_phone_it_was_about_to_let_go() -> None:
    line = opened(WAITS)
    line.speak(3.0, "Goodbye.")
    line.run(1.0)
    line.step_aside(60.0)
    line.finish(Outcome.OPERATOR)
    line.run(1.0)
    assert line.call.state is CallState.ENDING
    assert not line.call.away
    assert "phone.left" not in line.names()
