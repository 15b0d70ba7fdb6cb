"""The words around a call's stepping aside, said before the model asks for it or after."""

import pytest

from agent.call.core import CallPlan
from tests.call.line import Line, opened, tool_call


def asks_while_speaking() -> Line:
    """The model says a sentence, asks for a function, and the call is told to step aside."""
    line = opened(CallPlan("bella", reattach_s=20.0))
    line.speak(1.5, "I will connect you now.", complete=False)
    line.run(0.5)
    line.model(tool_call(("c1", "book")))
    line.step_aside(60.0, after_words=True)
    line.finish_tool("c1", output="connecting")
    return line


def test_words_that_were_said_before_are_not_waited_for_again() -> None:
    line = asks_while_speaking()
    line.run(2.6)
    assert line.call.away
    assert line.heard_s() == pytest.approx(1.5, abs=0.05)


def test_words_that_follow_all_the_same_are_heard() -> None:
    line = asks_while_speaking()
    line.run(1.2)
    line.speak(1.0, "One moment.")
    line.run(3.0)
    assert line.call.away
    assert line.heard_s() == pytest.approx(2.5, abs=0.1)
