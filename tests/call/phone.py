"""A call whose phone may go and come back."""

from agent.call.core import CallPlan
from tests.call.line import Line, opened

WAITS = CallPlan("bella", reattach_s=20.0)


def talking(seconds: float = 6.0, at: float = 2.0, plan: CallPlan = WAITS) -> Line:
    """A call whose agent has been heard for `at` seconds of an utterance."""
    line = opened(plan)
    line.speak(seconds, "one two three four five six")
    line.run(at + 0.06)
    return line
