"""Functions that the model asks for: run once, and answered or told."""

from math import inf

import pytest

from agent.call import prompts
from agent.call.effects import CancelTools, RunTool
from agent.call.errands import LATE_RESULT_S
from agent.call.policy import CallPlan
from agent.call.turn import NOT_KEPT
from agent.gemini.codec import encode_client
from agent.gemini.messages import ToolResponse, ToolResponseMessage
from agent.gemini.tools import FunctionDeclaration, FunctionResponse
from tests.call.errand_desk import Fixture, answer, lost, run
from tests.call.line import opened, tool_call


def test_functions_are_run_and_their_results_sent() -> None:
    f = Fixture()
    assert not f.errands.requested(f.model_calls("a"), 1, 0.0)
    assert f.errands.take() == [run("a")]
    assert f.errands.take() == []
    f.errands.finished("a", {"output": 1}, 1.0)
    assert f.sent() == [answer("a", "book", output=1)]
    assert f.names() == ["tool.requested", "tool.finished"]
    f.errands.finished("a", {"output": 1}, 2.0)
    assert f.sent() == []


def test_end_call_is_answered_here() -> None:
    f = Fixture()
    assert f.errands.requested(f.model_calls("e", name="end_call"), 1, 0.0)
    assert f.errands.take() == []
    assert f.sent() == [answer("e", "end_call", output=prompts.END_CALL_RESULT)]


def test_what_cannot_run_is_answered_at_once() -> None:
    f = Fixture()
    calls = f.model_calls(*(str(n) for n in range(17)))
    f.errands.requested(calls, 1, 0.0)
    assert len(f.errands.take()) == 16
    assert f.sent() == [answer("16", "book", error=prompts.TOO_MANY_TOOLS, retryable=True)]


def test_cancelled_functions_are_stopped_and_so_are_all_at_the_end() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a", "b"), 1, 0.0)
    f.errands.take()
    f.errands.cancelled(["a"], 1.0)
    f.errands.cancelled(["a"], 1.0)
    f.errands.tell_when_quiet("later", 9.0)
    f.errands.end(2.0)
    assert f.errands.take() == [CancelTools(("a",)), CancelTools(("b",))]
    assert f.errands.deadline(0.0) == inf


def test_a_slow_function_is_answered_for_and_its_result_told_when_it_is_quiet() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a"), 1, 0.0)
    assert f.errands.deadline(inf) == 8.0
    f.errands.advance(inf, 8.0)
    assert f.sent() == [answer("a", "book", error=prompts.STILL_WORKING, retryable=False)]
    f.errands.finished("a", {"output": "Friday"}, 10.0)
    f.errands.advance(inf, 10.0)
    assert f.sent() == []
    assert f.errands.deadline(inf) == 10.0 + LATE_RESULT_S
    assert f.errands.deadline(11.0) == 11.0
    f.errands.advance(11.0, 11.0)
    (frame,) = f.sent()
    assert b"Friday" in frame
    assert f.errands.deadline(0.0) == inf


def test_the_key_is_of_the_carriers_call_and_the_callers_turn() -> None:
    f = Fixture()
    f.errands.started("CA1")
    f.errands.caller_spoke()
    f.errands.caller_spoke()
    f.errands.requested(f.model_calls("a"), 1, 0.0)
    f.errands.model_answered(1.0, whole=True)
    f.errands.caller_spoke()
    f.errands.requested(f.model_calls("b"), 2, 2.0)
    assert f.errands.take() == [run("a", 1, "CA1"), run("b", 2, "CA1")]


def test_what_the_caller_wants_once_more_is_run_once_more() -> None:
    f = Fixture()
    ids = []
    for id in "ab":
        f.errands.caller_spoke()
        f.errands.requested(f.model_calls(id, apart=False), 1, 0.0)
        ids += [effect.id for effect in f.errands.take() if isinstance(effect, RunTool)]
        f.errands.finished(id, {"output": 1}, 1.0)
        f.errands.model_answered(2.0, whole=True)
        f.errands.saved(2.0)
    assert ids == ["a", "b"]


def test_one_effect_answers_every_call_for_it() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a", "b", apart=False), 1, 0.0)
    assert len(f.errands.take()) == 1
    f.errands.finished("a", {"output": 1}, 1.0)
    responses = tuple(FunctionResponse(id, "book", {"output": 1}) for id in "ab")
    assert f.sent() == [encode_client(ToolResponseMessage(ToolResponse(responses)))]
    assert f.names() == ["tool.requested"] * 2 + ["tool.finished"] * 2


def test_the_result_of_a_lost_call_is_told_when_the_model_does_not_ask_again() -> None:
    f = Fixture()
    lost(f)
    f.errands.finished("a", {"output": "Friday"}, 3.0)
    assert f.names()[-1] == "tool.finished"
    assert f.errands.deadline(inf) == 5.0
    f.errands.advance(inf, 5.0)
    assert f.sent() == []
    f.errands.advance(6.0, 6.0)
    (frame,) = f.sent()
    assert b"Friday" in frame
    f.errands.advance(6.0, 99.0)
    assert f.sent() == []


def test_the_result_of_a_lost_call_answers_the_call_made_again_and_is_not_told() -> None:
    f = Fixture()
    lost(f)
    f.errands.finished("a", {"output": "Friday"}, 3.0)
    f.errands.advance(inf, 5.0)
    f.errands.requested(f.model_calls("b", apart=False), 1, 5.5)
    assert f.errands.take() == []
    assert f.sent() == [answer("b", "book", output="Friday")]
    assert [entry.values["id"] for entry in f.timeline if entry.name == "tool.finished"] == [*"ab"]
    f.errands.advance(6.0, 99.0)
    assert f.sent() == []


def test_a_call_made_again_waits_for_the_function_under_way() -> None:
    f = Fixture()
    lost(f)
    f.errands.requested(f.model_calls("b", apart=False), 1, 3.0)
    f.errands.finished("a", {"output": "Friday"}, 4.0)
    assert f.errands.take() == []
    assert f.sent() == [answer("b", "book", output="Friday")]
    assert [entry.values["id"] for entry in f.timeline if entry.name == "tool.finished"] == [*"ab"]


def test_a_function_goes_on_though_the_model_has_ended_its_turn() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a"), 1, 0.0)
    f.errands.model_answered(1.0, whole=True)
    f.errands.saved(1.0)
    assert f.errands.take() == [run("a")]
    f.errands.finished("a", {"output": 1}, 2.0)
    assert f.sent() == [answer("a", "book", output=1)]


def test_what_the_model_had_no_time_to_say_it_may_ask_for_again() -> None:
    for whole, runs in ((True, 2), (False, 1)):
        f = Fixture()
        for id in "ab":
            f.errands.caller_spoke()
            f.errands.requested(f.model_calls(id, apart=False), 1, 0.0)
            f.errands.finished(id, {"output": 1}, 1.0)
            f.errands.model_answered(2.0, whole=whole)
        assert len([e for e in f.errands.take() if isinstance(e, RunTool)]) == runs


def test_the_model_pauses_what_is_kept_and_goes_on() -> None:
    f = Fixture(pause_tool=True)

    assert not f.errands.requested(f.model_calls("p", name="pause_recording"), 1, 1.0)
    assert f.keeping.due == 46.0
    f.errands.pressed("4", 2.0)
    assert not f.errands.requested(f.model_calls("q", name="resume_recording"), 1, 3.0)
    assert not f.keeping.paused
    f.errands.pressed("5", 4.0)

    told = [
        text
        for frame in f.sent()
        for text in (prompts.RESUMED, "45 seconds")
        if text.encode() in frame
    ]
    assert told == ["45 seconds", prompts.RESUMED]
    assert f.errands.take() == []
    shown = [e.values["pii.digit"] for e in f.timeline if e.name == "dtmf"]
    assert shown == [NOT_KEPT, "5"]


@pytest.mark.parametrize("pause_tool", [True, False])
def test_other_functions_do_not_pause_anything(pause_tool: bool) -> None:
    f = Fixture(pause_tool=pause_tool)
    name = "book" if pause_tool else "pause_recording"

    f.errands.requested(f.model_calls("b", name=name), 1, 1.0)

    assert not f.keeping.paused
    assert [e.name for e in f.errands.take() if isinstance(e, RunTool)] == [name]


def test_the_service_is_told_when_to_speak_of_a_result_of_what_it_does_not_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for behavior, sent in (("NON_BLOCKING", "SILENT"), ("BLOCKING", None)):
        declared = (FunctionDeclaration("book_table", behavior=behavior),)
        monkeypatch.setattr("tests.call.line.TOOLS", declared)
        line = opened(CallPlan("b", scheduling={"book_table": "SILENT"}), model="gemini-3.8-live")
        line.model(tool_call(("c1", "book_table")))
        line.finish_tool("c1", output="done")
        line.run(0.5)
        [response] = line.responses
        assert response.get("scheduling") == sent
