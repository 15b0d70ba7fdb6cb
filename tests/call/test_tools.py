from math import inf

from agent.call import prompts
from agent.call.effects import RunTool
from agent.call.tools import MOST_CALLS, MOST_RUNNING, OpenTools, ToolState
from agent.gemini.session_events import ToolCall
from agent.gemini.tools import FunctionResponse


def call(id: str) -> ToolCall:
    return ToolCall(id, "book", {"people": 4})


def test_a_call_runs_and_its_result_is_the_answer() -> None:
    tools = OpenTools(8.0)
    assert tools.request(call("a"), 3, 10.0) == RunTool("a", "book", {"people": 4})
    assert tools.pending
    assert tools.deadline == 18.0
    answer = tools.finish("a", {"output": "done"}, 12.0)
    assert answer == FunctionResponse("a", "book", {"output": "done"})
    assert not tools.pending
    assert tools.deadline == inf
    (record,) = tools.records
    assert (record.state, record.ended_at, record.failed) == (ToolState.ANSWERED, 12.0, False)


def test_a_failure_is_an_answer_too_and_is_known_as_one() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0.0)
    assert tools.finish("a", {"error": "no table", "retryable": False}, 1.0) is not None
    assert tools.records[0].failed


def test_an_id_that_came_before_is_not_run_again() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0.0)
    answer = tools.request(call("a"), 1, 0.1)
    assert isinstance(answer, FunctionResponse)
    assert answer.response is not None
    assert answer.response["error"] == prompts.SAME_CALL
    assert tools.counters["duplicate"] == 1


def test_a_cancelled_call_is_never_answered() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0.0)
    assert tools.cancel(["a", "unknown"], 1.0) == ("a",)
    assert tools.finish("a", {"output": 1}, 2.0) is None
    assert tools.counters == {"cancelled": 1, "dropped": 1}
    assert tools.records[0].state is ToolState.CANCELLED


def test_all_that_runs_is_cancelled_at_the_end() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0.0)
    tools.request(call("b"), 1, 0.0)
    assert tools.cancel_all(1.0) == ("a", "b")
    assert tools.cancel_all(1.0) == ()


def test_a_slow_call_is_answered_in_its_place_and_its_result_becomes_a_text() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0.0)
    tools.request(call("b"), 1, 4.0)
    assert tools.overdue(7.9) == []
    (answer,) = tools.overdue(8.0)
    assert answer.id == "a"
    assert answer.response == {"error": prompts.STILL_WORKING, "retryable": False}
    assert tools.pending
    assert tools.deadline == 12.0
    text = tools.finish("a", {"output": "Friday"}, 9.0)
    assert text == prompts.LATE_RESULT.format(name="book", result='{"output":"Friday"}')
    assert tools.records[0].state is ToolState.LATE


def test_too_many_calls_are_refused_at_once() -> None:
    tools = OpenTools(8.0)
    for n in range(MOST_RUNNING):
        assert isinstance(tools.request(call(str(n)), 1, 0.0), RunTool)
    answer = tools.request(call("x"), 1, 0.0)
    assert isinstance(answer, FunctionResponse)
    assert answer.response == {"error": prompts.TOO_MANY_TOOLS, "retryable": True}
    assert tools.counters["refused"] == 1


def test_a_model_gone_wild_fills_no_memory() -> None:
    tools = OpenTools(8.0)
    for n in range(MOST_CALLS):
        tools.request(call(str(n)), 1, 0.0)
        tools.finish(str(n), {}, 0.0)
    assert isinstance(tools.request(call("x"), 1, 0.0), FunctionResponse)
    assert tools.answer_here(call("y"), "ok", 1, 0.0).response == {"output": "ok"}
    assert len(tools.records) == MOST_CALLS


def test_a_call_of_our_own_is_answered_and_remembered() -> None:
    tools = OpenTools(8.0)
    answer = tools.answer_here(ToolCall("e", "end_call", {}), "bye", 2, 5.0)
    assert answer == FunctionResponse("e", "end_call", {"output": "bye"})
    assert [(r.name, r.state, r.turn) for r in tools.records] == [
        ("end_call", ToolState.ANSWERED, 2)
    ]
    assert not tools.pending
