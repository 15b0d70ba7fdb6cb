"""What the caller waits for, and what he hears meanwhile; in whole calls."""

from agent.call.absence import BACK_S
from agent.call.cover import CoverPlan
from agent.call.policy import CallPlan
from tests.call.line import Line, audio, content, opened, tool_call

PLAN = CallPlan("bella", greeting="Hello.", cover=CoverPlan(slow_s=3.0))
WHOLE = (content(generationComplete=True), content(turnComplete=True))


def greeted() -> Line:
    line = opened(PLAN)
    line.run(0.5)
    line.model(audio(0.6, "Hello."), *WHOLE)
    line.run(2.0)
    return line


def phrases(line: Line) -> list[float]:
    """When phrases of the cover began, in seconds of the call."""
    return [entry.t for entry in line.call.timeline if entry.name == "cover.phrase"]


def says_something(line: Line) -> float:
    """For a second; returns the time at which he stops, in seconds of the call."""
    line.talk(1.0)
    line.run(1.4)
    entries = [entry for entry in line.call.timeline if entry.name == "caller.speech_ended"]
    return entries[-1].t


def test_a_slow_model_is_covered_and_its_answer_takes_the_place() -> None:
    line = greeted()
    stopped = says_something(line)
    line.run(2.5)
    assert phrases(line) == []
    line.run(1.0)
    [began] = phrases(line)
    assert 2.9 <= began - stopped <= 3.5
    line.model(audio(0.6, "Yes."), *WHOLE)
    line.run(12.0)
    assert phrases(line) == [began]


def test_a_quick_model_is_not() -> None:
    line = greeted()
    says_something(line)
    line.run(0.5)
    line.model(audio(0.6, "Yes."), *WHOLE)
    line.run(6.0)
    assert phrases(line) == []


def test_nobody_waits_who_has_not_spoken() -> None:
    line = greeted()
    line.run(8.0)
    assert phrases(line) == []


def test_a_function_that_takes_long_is_covered() -> None:
    line = greeted()
    says_something(line)
    line.model(audio(0.5, "Let me see."), tool_call(("c", "book")))
    line.run(3.4)
    assert phrases(line) == []
    line.run(0.4)
    assert len(phrases(line)) == 1
    line.finish_tool("c", output="done")
    line.model(audio(0.6, "Done."), *WHOLE)
    line.run(9.0)
    assert len(phrases(line)) == 1


def test_a_wait_for_the_model_and_then_for_a_function_is_one_wait() -> None:
    line = greeted()
    stopped = says_something(line)
    line.run(1.5)
    line.model(tool_call(("c", "book")))
    line.run(1.5)
    [began] = phrases(line)
    assert 2.9 <= began - stopped <= 3.2


def test_a_model_that_stops_in_mid_sentence_is_covered() -> None:
    line = greeted()
    says_something(line)
    line.model(audio(0.8, "We have a table"))
    line.run(3.5)
    assert phrases(line) == []
    line.run(0.5)
    assert len(phrases(line)) == 1


def test_after_a_move_the_wait_goes_on_until_the_model_speaks() -> None:
    line = greeted()
    stopped = says_something(line)
    line.lose_model()
    line.run(1.0)
    assert phrases(line) == []
    assert "model.moved" in line.names()
    line.run(1.4)
    [began] = phrases(line)
    assert BACK_S - 0.1 <= began - stopped <= 2.4


def test_a_caller_who_goes_on_speaking_does_not_wait() -> None:
    line = greeted()
    says_something(line)
    line.talk(4.0)
    line.run(4.0)
    assert phrases(line) == []


def test_at_the_end_only_a_missing_model_is_covered() -> None:
    line = greeted()
    line.model(tool_call(("e", "end_call")))
    line.run(3.5)
    assert phrases(line) == []
