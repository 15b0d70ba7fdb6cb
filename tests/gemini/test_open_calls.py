"""The tool calls of a session and their answers."""

from collections import Counter
from typing import Any

import pytest

from agent.gemini.models import profile_for
from agent.gemini.open_calls import OpenCalls
from agent.gemini.session_events import (
    ToolCall,
    ToolCallsRequested,
)
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionCall, FunctionDeclaration, FunctionResponse
from tests.gemini.parties import (
    D38,
    D38_XT,
    frame,
    ready_session,
    sent,
    told,
    tool_call,
)


def answer(call_id: str, **fields: Any) -> FunctionResponse:
    return FunctionResponse(call_id, "look_up", {"output": 1}, **fields)


def answers(*ids: str, **fields: Any) -> dict[str, Any]:
    entries = [
        {**({"id": i} if i else {}), "name": "look_up", "response": {"output": 1}, **fields}
        for i in ids
    ]
    return {"toolResponse": {"functionResponses": entries}}


def test_calls_are_answered_by_their_ids_once() -> None:
    session = ready_session()
    told(session, tool_call("a", "b", "c"))
    session.send_tool_responses([answer("a"), answer("b"), answer("x")], 2.0)
    session.send_tool_responses([answer("a")], 2.0)
    assert sent(session) == [answers("a", "b")]
    assert session.counters == {"answers_dropped": 2}


def test_a_call_without_an_id_is_answered_by_name() -> None:
    session = ready_session(D38, "vertex")
    [event] = told(session, tool_call("", ""))
    assert isinstance(event, ToolCallsRequested)
    assert [call.id for call in event.calls] == ["local-1", "local-2"]
    session.send_tool_responses([answer("local-1")], 2.0)
    assert sent(session) == [answers("")]


def test_a_cancelled_call_is_never_answered() -> None:
    session = ready_session()
    told(session, tool_call("a", "b"))
    told(session, frame(toolCallCancellation={"ids": ["a"]}))
    session.send_tool_responses([answer("a"), answer("b")], 2.0)
    assert sent(session) == [answers("b")]


def test_the_name_of_an_answer_is_that_of_its_call() -> None:
    session = ready_session()
    told(session, tool_call("a"))
    session.send_tool_responses([FunctionResponse("a", "other", {"output": 1})], 2.0)
    assert sent(session) == [answers("a")]


@pytest.mark.parametrize(
    ("model", "behavior", "goes_out"),
    [
        (D38, "NON_BLOCKING", {"scheduling": "SILENT", "willContinue": True}),
        (D38, "BLOCKING", {}),
        (D38_XT, "NON_BLOCKING", {"willContinue": True}),
    ],
)
def test_an_answer_says_only_what_the_model_takes(
    model: str, behavior: str, goes_out: dict[str, Any]
) -> None:
    session = ready_session(model, behavior=behavior)
    told(session, tool_call("a"))
    session.send_tool_responses([answer("a", scheduling="SILENT", will_continue=True)], 2.0)
    assert sent(session) == [answers("a", **goes_out)]


def test_an_answer_that_continues_keeps_its_call_open() -> None:
    session = ready_session(behavior="NON_BLOCKING")
    told(session, tool_call("a"))
    session.send_tool_responses([answer("a", will_continue=True)], 2.0)
    session.send_tool_responses([answer("a", will_continue=False)], 3.0)
    session.send_tool_responses([answer("a")], 4.0)
    assert sent(session) == [answers("a", willContinue=True), answers("a", willContinue=False)]


def test_calls_that_cannot_be_run_are_counted() -> None:
    session = ready_session()
    calls = [
        {"id": "a"},
        {"id": "b", "name": "f", "willContinue": True},
        {"id": "c", "name": "f", "partialArgs": [{"jsonPath": "$.x"}]},
        {"id": "d", "name": "f"},
        {"id": "d", "name": "f"},
    ]
    events = told(session, frame(toolCall={"functionCalls": calls}))
    assert events == [ToolCallsRequested((ToolCall("d", "f", {}),))]
    assert told(session, frame(toolCall={})) == []
    assert session.counters == {"tool_calls_refused": 4}


def test_open_calls_are_bounded() -> None:
    session = ready_session()
    [event] = told(session, tool_call(*map(str, range(70))))
    assert isinstance(event, ToolCallsRequested)
    assert len(event.calls) == 64
    assert session.counters == {"tool_calls_refused": 6}


def open_calls(*declarations: FunctionDeclaration) -> OpenCalls:
    setup = build_setup(SetupOptions(D38, declarations=declarations))
    return OpenCalls(setup, profile_for(D38, "developer"), Counter())


def test_calls_whose_connection_is_gone_are_not_answered_and_their_ids_are_free_again() -> None:
    calls = open_calls(FunctionDeclaration("look_up"))
    calls.requested([FunctionCall("a", "look_up"), FunctionCall("", "look_up")])
    assert calls.blocking
    calls.lost()
    assert not calls.blocking
    assert calls.answered([answer("a"), answer("local-1")]) == ()
    again = calls.requested([FunctionCall("a", "look_up"), FunctionCall("", "look_up")])
    assert [call.id for call in again] == ["a", "local-2"]
    assert len(calls.answered([answer("a")])) == 1


def test_functions_declared_later_are_waited_for_as_they_say() -> None:
    calls = open_calls(FunctionDeclaration("look_up"))
    later = (
        FunctionDeclaration("look_up", behavior="NON_BLOCKING"),
        FunctionDeclaration("book", behavior="BLOCKING"),
    )
    calls.requested([FunctionCall("a", "look_up")])
    calls.declared(build_setup(SetupOptions(D38, declarations=later)))
    assert calls.blocking  # the call was made before
    calls.answered([answer("a")])
    calls.requested([FunctionCall("b", "look_up")])
    assert not calls.blocking
    calls.requested([FunctionCall("c", "book")])
    assert calls.blocking
