"""A call lets its phone go on purpose: after which words, and what then."""

import pytest

from agent.call.effects import HangUp, Outcome
from tests.call.line import opened
from tests.call.phone import WAITS, talking


def test_a_call_steps_aside_after_what_is_being_said() -> None:
    line = talking(3.0)
    assert line.step_aside(60.0)
    assert not line.step_aside(60.0)
    line.run(0.5)
    assert not line.call.away
    line.run(1.0)
    assert line.call.away
    assert line.heard_s() == pytest.approx(3.0, abs=0.05)
    assert line.entry("phone.left") == {"wanted": True}
    line.run(30.0)
    line.come_back("The transfer failed: busy.")
    line.run(0.2)
    assert line.texts == ["The transfer failed: busy."]
    assert not line.call.away


def test_what_is_to_be_told_waits_until_the_caller_has_heard_what_was_kept_for_him() -> None:
    line = talking(1.0)
    line.step_aside(60.0)
    line.run(1.0)
    line.speak(1.5, "your table is booked")
    line.run(3.0)
    line.come_back("The transfer failed: busy.")
    line.run(1.0)
    assert line.texts == []
    line.run(1.0)
    assert line.texts == ["The transfer failed: busy."]
    assert line.heard_s() == pytest.approx(2.5, abs=0.1)


def test_a_call_in_which_nobody_speaks_steps_aside_at_once() -> None:
    line = opened(WAITS)
    line.step_aside(60.0)
    line.run(0.1)
    assert line.call.away


def test_a_call_steps_aside_after_the_words_that_are_about_to_be_said() -> None:
    line = opened(WAITS)
    line.step_aside(60.0, after_words=True)
    line.run(2.0)
    assert not line.call.away
    line.speak(1.5, "I will connect you now.")
    line.run(1.4)
    assert not line.call.away
    line.run(0.4)
    assert line.call.away
    assert line.heard_s() == pytest.approx(1.5, abs=0.05)


def test_words_that_do_not_come_are_waited_for_six_seconds() -> None:
    line = opened(WAITS)
    line.step_aside(60.0, after_words=True)
    line.run(5.9)
    assert not line.call.away
    line.run(2.5)
    assert line.call.away


def test_a_long_speech_is_heard_for_ten_seconds_at_most_and_its_rest_later() -> None:
    line = opened(WAITS)
    line.speak(20.0, "a long story", speed=40.0)
    line.run(1.0)
    line.step_aside(60.0)
    line.run(14.0)
    assert line.call.away
    line.come_back()
    line.run(15.0)
    assert line.heard_s() == pytest.approx(20.0, abs=0.1)


def test_a_call_that_stepped_aside_ends_as_it_was_told_to() -> None:
    line = opened(WAITS)
    line.step_aside(5.0, then=Outcome.TRANSFERRED)
    line.run(5.2)
    assert line.performed(HangUp) == [HangUp(Outcome.TRANSFERRED)]


def test_a_socket_that_breaks_while_the_last_words_are_said_may_still_come_back() -> None:
    line = talking(4.0)
    line.step_aside(60.0, then=Outcome.TRANSFERRED)
    line.run(0.5)
    line.break_phone()
    line.run(30.0)
    line.come_back()
    line.run(2.0)
    assert line.heard_s() == pytest.approx(4.0, abs=0.08)
