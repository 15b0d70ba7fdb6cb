from typing import Any

import pytest

from agent.sim.server_frames import Call
from agent.sim.server_profiles import PROFILES
from agent.sim.tool_book import ToolBook, ToolResult
from agent.sim.wire import Refused


def book_with(profile: str, *ids: str, blocking: bool = True, turn: int = 1) -> ToolBook:
    book = ToolBook(PROFILES[profile])
    calls = [Call(id_, f"f{id_}", {}) for id_ in ids]
    book.issue(calls, set(ids) if blocking else set(), turn)
    return book


def response(id_: str | None, **fields: Any) -> dict[str, Any]:
    identity = {} if id_ is None else {"id": id_}
    return {**identity, "name": f"f{id_}", "response": {"output": id_}, **fields}


def result(id_: str, scheduling: str = "WHEN_IDLE") -> ToolResult:
    return ToolResult(f"f{id_}", {"output": id_}, scheduling)


def test_parallel_blocking_calls_are_answered_together_when_the_last_is_in() -> None:
    book = book_with("dev-3.8", "1", "2")
    assert book.blocked
    first = book.answer([response("2")])
    assert first.together == ()
    assert book.is_open("1")
    assert not book.is_open("2")
    assert book.answer([response("1")]).together == (result("2"), result("1"))
    assert not book.blocked
    assert not book.pending


def test_calls_that_do_not_block_are_answered_one_by_one() -> None:
    book = book_with("dev-3.8", "1", "2", blocking=False)
    assert book.pending
    assert not book.blocked
    answered = book.answer([response("2", scheduling="SILENT"), response("1")])
    assert answered.single == (result("2", "SILENT"), result("1"))


def test_will_continue_keeps_a_call_open_that_does_not_block() -> None:
    book = book_with("dev-3.8", "1", blocking=False)
    assert book.answer([response("1", willContinue=True)]).single == ()
    assert book.is_open("1")
    assert book.answer([response("1", willContinue=False)]).single == (result("1"),)
    assert book_with("dev-3.8", "1").answer([response("1", willContinue=True)]).together


def test_unknown_answered_and_cancelled_ids_are_named() -> None:
    book = book_with("dev-3.8", "1", "2")
    book.answer([response("1")])
    assert book.cancel(2) == []
    assert [call.id for call in book.cancel(1)] == ["2"]
    answered = book.answer([response("1"), response("2"), response("9")])
    assert answered.unknown == ("1", "2", "9")
    assert answered.together == ()


def test_a_missing_id_is_refused_but_on_vertex_found_by_name() -> None:
    nameless = {"name": "f1", "response": {}}
    with pytest.raises(Refused) as refused:
        book_with("dev-3.8", "1").answer([nameless])
    assert refused.value.code == 1007
    assert book_with("vertex-3.8", "1").answer([nameless]).together == (ToolResult("f1", {}),)
    assert book_with("vertex-3.8", "1").answer([{"name": "other"}]).unknown == ("",)


@pytest.mark.parametrize(
    ("profile", "asked", "expected"),
    [
        ("dev-3.8", None, "WHEN_IDLE"),
        ("dev-3.8", "INTERRUPT", "INTERRUPT"),
        ("dev-3.8", "SILENT", "SILENT"),
        ("dev-3.8", "SOMETIME", "WHEN_IDLE"),
        ("dev-3.1", "INTERRUPT", "WHEN_IDLE"),
    ],
)
def test_scheduling_is_honoured_or_ignored(profile: str, asked: str | None, expected: str) -> None:
    fields = {} if asked is None else {"scheduling": asked}
    book = book_with(profile, "1", blocking=False)
    assert book.answer([response("1", **fields)]).single == (result("1", expected),)


def test_extended_thinking_refuses_scheduling() -> None:
    with pytest.raises(Refused, match="Function response scheduling is not supported") as refused:
        book_with("dev-3.8-xt", "1", blocking=False).answer([response("1", scheduling="SILENT")])
    assert refused.value.code == 1007


def test_a_copy_goes_its_own_way() -> None:
    book = ToolBook(PROFILES["dev-3.8"])
    book.issue([Call("1", "a", {}), Call("2", "b", {})], {"1", "2"}, 1)
    twin = book.copy()
    assert twin.answer([{"id": "1", "name": "a", "response": {}}]).together == ()
    done = twin.answer([{"id": "2", "name": "b", "response": {}}])
    assert [result.name for result in done.together] == ["a", "b"]
    assert [call.id for call in book.calls] == ["1", "2"]
    assert book.answer([{"id": "2", "name": "b", "response": {}}]).together == ()
    assert not twin.pending
