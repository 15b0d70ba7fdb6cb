"""A call as a text."""

from agent.call.timeline import Timeline
from agent.testing.functions import ToolCall
from agent.testing.listening import Line
from agent.testing.story import story


def test_a_story_is_told_in_the_order_of_time() -> None:
    timeline = Timeline(100.0)
    timeline.add(101.5, "agent.said", turn=1)
    timeline.add(103.0, "barge_in", by="model", turn=1, heard_s=1.0)
    timeline.add(104.25, "model.leaving", connection=1)
    timeline.add(105.0, "model.moved", connection=2)
    timeline.add(120.0, "call.ended", outcome="caller_hung_up")
    lines = [Line(1.5, "agent", "Good day."), Line(3.0, "caller", "A table, please.")]
    failed = ToolCall.of("book", {"people": 4}, 4.0)
    failed.took_s, failed.error = 2.0, ValueError("no")
    done = ToolCall.of("look", {}, 4.5)
    done.took_s, done.result = 0.0, "free"
    running = ToolCall.of("wait", {"for_": "ever"}, 19.0)
    assert story(lines, [failed, done, running], timeline).splitlines() == [
        "the call, in seconds:",
        "   1.50  agent   Good day.",
        "   3.00  caller  A table, please.",
        "   3.00  -- the caller interrupts",
        "   4.00  runs    book(people=4)",
        "   4.25  -- the connection to the model is gone",
        "   4.50  runs    look()",
        "   4.50  returns 'free' (look)",
        "   5.00  -- another connection to the model is there",
        "   6.00  raises  ValueError('no') (book)",
        "  19.00  runs    wait(for_='ever')",
        "  20.00  -- the call is over: caller_hung_up",
    ]


def test_of_a_call_in_which_nothing_happened_there_is_nothing_to_tell() -> None:
    assert story([], [], Timeline(0.0)) == "the call, in seconds:"
