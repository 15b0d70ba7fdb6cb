from math import inf

from agent.call import prompts
from agent.call.effects import RunTool
from agent.call.requests import effect_key
from agent.call.tools import MOST_CALLS, MOST_RUNNING, Cancelled, OpenTools, ToolState
from agent.gemini.session_events import ToolCall
from agent.gemini.tools import FunctionResponse

BOOKED: dict[str, object] = {"output": "booked"}


def call(id: str, people: int = 4) -> ToolCall:
    return ToolCall(id, "book", {"people": people})


def run(id: str, people: int = 4, turn: int = 0, call_id: str = "") -> RunTool:
    key = effect_key(call_id, "book", b'{"people":%d}' % people, turn)
    return RunTool(id, "book", {"people": people}, key)


def lost_while_running() -> OpenTools:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.left(1.0)
    assert tools.lost(["a", "a", "unknown"], 1.0) == ("a",)
    assert not tools.pending
    tools.requests.moved(True, 1, 2.0)
    return tools


def test_a_call_runs_and_its_result_is_the_answer() -> None:
    tools = OpenTools(8.0)
    assert tools.request(call("a"), 3, 0, 10.0) == run("a")
    assert tools.pending
    assert tools.deadline == 18.0
    answer = tools.finish("a", {"output": "done"}, 12.0)
    assert answer == [FunctionResponse("a", "book", {"output": "done"})]
    assert not tools.pending
    assert tools.deadline == inf
    (record,) = tools.records
    assert (record.state, record.ended_at, record.failed) == (ToolState.ANSWERED, 12.0, False)


def test_a_failure_is_an_answer_too_and_is_known_as_one() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0, 0.0)
    assert tools.finish("a", {"error": "no table", "retryable": False}, 1.0) is not None
    assert tools.records[0].failed


def test_an_id_that_came_before_is_not_run_again() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0, 0.0)
    assert tools.request(call("a"), 1, 0, 0.1) is None  # the answer is still to come
    tools.finish("a", BOOKED, 0.2)
    answer = tools.request(call("a"), 1, 0, 0.3)
    assert isinstance(answer, FunctionResponse)
    assert answer.response is not None
    assert answer.response["error"] == prompts.SAME_CALL
    assert tools.counters["duplicate"] == 2


def test_a_cancelled_call_is_never_answered() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0, 0.0)
    assert tools.cancel(["a", "unknown"], 1.0) == Cancelled(("a",), ("a",))
    assert tools.finish("a", {"output": 1}, 2.0) is None
    assert tools.request(call("a"), 1, 0, 3.0) is None
    assert tools.counters == {"cancelled": 1, "dropped": 1, "duplicate": 1}
    assert tools.records[0].state is ToolState.CANCELLED


def test_all_that_runs_is_cancelled_at_the_end() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0, 0.0)
    tools.request(call("b", 5), 1, 0, 0.0)
    assert tools.cancel_all(1.0) == Cancelled(("a", "b"), ("a", "b"))
    assert tools.cancel_all(1.0) == Cancelled((), ())
    assert lost_while_running().cancel_all(1.0) == Cancelled((), ("a",))


def test_a_slow_call_is_answered_in_its_place_and_its_result_becomes_a_text() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 0, 0.0)
    tools.request(call("b", 5), 1, 0, 4.0)
    assert tools.overdue(7.9) == []
    (answer,) = tools.overdue(8.0)
    assert answer.id == "a"
    assert answer.response == {"error": prompts.STILL_WORKING, "retryable": False}
    assert tools.pending
    assert tools.deadline == 12.0
    assert tools.finish("a", {"output": "Friday"}, 9.0) == []
    assert tools.deadline == 9.0
    (request,) = tools.requests.due(9.0)
    assert request.response == {"output": "Friday"}
    assert tools.deadline == 12.0
    assert tools.records[0].state is ToolState.LATE


def test_too_many_calls_are_refused_at_once() -> None:
    tools = OpenTools(8.0)
    for n in range(MOST_RUNNING):
        assert isinstance(tools.request(call(str(n), n), 1, 0, 0.0), RunTool)
    answer = tools.request(call("x", 1000), 1, 0, 0.0)
    assert isinstance(answer, FunctionResponse)
    assert answer.response == {"error": prompts.TOO_MANY_TOOLS, "retryable": True}
    assert tools.counters["refused"] == 1


def test_a_model_gone_wild_fills_no_memory() -> None:
    tools = OpenTools(8.0)
    for n in range(MOST_CALLS):
        tools.request(call(str(n), n), 1, 0, 0.0)
        tools.finish(str(n), {}, 0.0)
    assert isinstance(tools.request(call("x", 1000), 1, 0, 0.0), FunctionResponse)
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


def test_two_calls_for_one_thing_in_one_frame_are_one_effect_and_both_answered() -> None:
    tools = OpenTools(8.0)
    assert tools.request(call("a"), 1, 1, 0.0) == run("a", turn=1)
    assert tools.request(call("b"), 1, 1, 0.0) is None
    answers = tools.finish("a", BOOKED, 1.0)
    assert answers == [FunctionResponse(id, "book", BOOKED) for id in "ab"]
    assert tools.counters == {"joined": 1}


def test_the_key_is_of_the_carriers_call() -> None:
    tools = OpenTools(8.0)
    tools.call_id = "CA1"
    assert tools.request(call("a"), 1, 1, 0.0) == run("a", turn=1, call_id="CA1")


def test_what_is_asked_again_for_nothing_is_answered_with_the_same_result_and_says_so() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.finish("a", BOOKED, 1.0)
    answer = tools.request(call("b"), 1, 1, 2.0)
    assert answer == FunctionResponse("b", "book", {**BOOKED, "note": prompts.DONE_BEFORE})
    assert tools.counters == {"repeated": 1}


def test_what_the_caller_wants_once_more_is_done_once_more() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.finish("a", BOOKED, 1.0)
    tools.requests.used(2.0)
    assert tools.request(call("b"), 2, 2, 3.0) == run("b", turn=2)


def test_what_failed_but_may_be_tried_again_is_run_again() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.finish("a", {"error": "busy", "retryable": True}, 1.0)
    assert tools.request(call("b"), 1, 1, 2.0) == run("b", turn=1)


def test_a_call_made_again_on_a_new_connection_waits_for_the_effect_under_way() -> None:
    tools = lost_while_running()
    assert tools.request(call("b"), 2, 2, 3.0) is None
    assert tools.deadline == 11.0
    assert tools.finish("a", BOOKED, 4.0) == [FunctionResponse("b", "book", BOOKED)]
    assert tools.deadline == inf
    assert [record.state for record in tools.records] == [ToolState.LOST, ToolState.ANSWERED]


def test_a_call_made_again_after_the_effect_is_answered_at_once_and_nothing_is_told() -> None:
    tools = lost_while_running()
    assert tools.finish("a", BOOKED, 3.0) == []
    assert tools.deadline == 5.0
    assert tools.requests.due(5.0)  # waits for a quiet moment now
    answer = tools.request(call("b"), 2, 2, 5.1)
    assert answer == FunctionResponse("b", "book", BOOKED)
    assert not tools.requests.tell(run("a", turn=1).key, 6.0)


def test_a_new_connection_may_use_the_ids_of_the_old_one() -> None:
    tools = lost_while_running()
    assert tools.request(call("a", people=5), 2, 1, 3.0) == run("a+", people=5, turn=1)
    assert tools.finish("a+", BOOKED, 4.0) == [FunctionResponse("a", "book", BOOKED)]
    assert tools.finish("a", BOOKED, 5.0) == []


def test_a_call_that_its_session_keeps_is_answered_after_a_move() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.left(1.0)
    tools.requests.moved(True, 1, 2.0)
    assert tools.request(call("a"), 1, 1, 2.5) is None
    assert tools.finish("a", BOOKED, 3.0) == [FunctionResponse("a", "book", BOOKED)]


def test_an_overdue_call_goes_with_its_connection() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.overdue(8.0)
    tools.left(9.0)
    tools.requests.moved(True, 1, 10.0)
    assert tools.finish("a", BOOKED, 10.5) == []
    assert tools.deadline == 13.0


def test_one_of_two_calls_cancelled_leaves_the_effect_to_the_other() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.request(call("b"), 1, 1, 0.0)
    assert tools.cancel(["a"], 1.0) == Cancelled(("a",), ())
    assert tools.finish("a", BOOKED, 2.0) == [FunctionResponse("b", "book", BOOKED)]


def test_a_cancelled_call_made_again_is_run_under_its_key_for_the_journal_to_decide() -> None:
    tools = OpenTools(8.0)
    tools.request(call("a"), 1, 1, 0.0)
    tools.cancel(["a"], 1.0)
    assert tools.request(call("b"), 5, 7, 60.0) == run("b", turn=1)


def test_a_result_says_when_to_be_spoken_of_and_a_failure_is_never_kept_silent() -> None:
    tools = OpenTools(8.0, scheduling={"book": "SILENT", "see": "INTERRUPT"})
    told = []
    for id, name, response in (
        ("a", "book", BOOKED),
        ("b", "book", {"error": "full"}),
        ("c", "see", {"error": "closed"}),
        ("d", "other", BOOKED),
    ):
        tools.request(ToolCall(id, name, {"id": id}), 1, 0, 0.0)
        told += tools.finish(id, response, 1.0) or []
    assert [answer.scheduling for answer in told] == ["SILENT", None, "INTERRUPT", None]


def test_a_result_that_is_repeated_is_spoken_of_in_the_same_way() -> None:
    tools = OpenTools(8.0, scheduling={"book": "INTERRUPT"})
    tools.request(call("a"), 1, 0, 0.0)
    tools.finish("a", BOOKED, 1.0)
    answer = tools.request(call("b"), 1, 0, 2.0)
    assert isinstance(answer, FunctionResponse)
    assert answer.scheduling == "INTERRUPT"
