from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.call.requests import (
    DEEPEST,
    RECALL_S,
    CallerTurns,
    Knowledge,
    Request,
    Requests,
    effect_key,
)
from agent.call.requests import canonical as canonical_form
from agent.gemini.session_events import ToolCall

BOOK = ToolCall("a", "book", {"people": 4})


def asked(turn: int = 1) -> tuple[Requests, Request]:
    requests = Requests(3.0)
    return requests, requests.new("CA1", BOOK, turn, 10.0)


def test_a_turn_of_the_caller_is_all_they_say_until_they_are_answered() -> None:
    turns = CallerTurns()
    assert turns.number == 0
    turns.caller_spoke()
    turns.caller_spoke()
    assert turns.number == 1
    turns.model_answered()
    turns.model_answered()
    assert turns.number == 1
    turns.caller_spoke()
    assert turns.number == 2


def test_a_key_is_of_the_call_the_function_its_arguments_and_the_callers_turn() -> None:
    key = effect_key("CA1", "book", b"{}", 1)
    assert key == effect_key("CA1", "book", b"{}", 1)
    assert len(key) == 32
    others = {
        effect_key("CA2", "book", b"{}", 1),
        effect_key("CA1", "look", b"{}", 1),
        effect_key("CA1", "book", b"[]", 1),
        effect_key("CA1", "book", b"{}", 2),
    }
    assert len(others | {key}) == 5


def test_a_key_stays_what_it_is_from_one_version_to_the_next() -> None:
    """Another worker, perhaps a newer one, takes the call over."""
    assert effect_key("CA1", "book", b'{"people":4}', 3) == "8a9c764251e9ef5addb5d778ffe4f852"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": {"d": [1], "c": 2}}, {"b": {"c": 2, "d": [1]}, "a": 1}),
        ({"people": 4.0, "at": [19.0]}, {"people": 4, "at": [19]}),
    ],
)
def test_arguments_have_one_form(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert canonical_form(one) == canonical_form(other)


def test_arguments_that_differ_have_two() -> None:
    forms: list[dict[str, object]] = [
        {"a": 4.5},
        {"a": 4},
        {"a": "4"},
        {"a": True},
        {"a": None},
        {},
    ]
    assert len({canonical_form(form) for form in forms}) == len(forms)


def test_arguments_of_any_depth_are_taken() -> None:
    deep: dict[str, object] = {}
    for _ in range(3000):
        deep = {"in": [deep]}
    form = canonical_form(deep)
    assert form == canonical_form(dict(deep))
    assert form != canonical_form({"in": [{"in": [deep]}]})


def nested(inmost: object) -> dict[str, object]:
    deep = inmost
    for _ in range(DEEPEST):
        deep = [deep]
    return {"in": deep}


def test_what_is_nested_deeply_is_told_apart_all_the_same() -> None:
    first = {"a": [1, 2.0], "b": "x"}
    assert canonical_form(nested(first)) == canonical_form(nested({"b": "x", "a": [1, 2]}))
    for other in ({"a": [2, 1], "b": "x"}, {"a": [1, 2]}, {"a": [1], "b": "x"}, [1, 2, "x"], 1):
        assert canonical_form(nested(first)) != canonical_form(nested(other))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), values))
def test_the_order_of_arguments_does_not_matter(args: dict[str, Any]) -> None:
    assert canonical_form(args) == canonical_form(dict(reversed(args.items())))


def test_the_same_is_found_until_the_model_knows_and_the_caller_has_spoken() -> None:
    requests, request = asked(turn=1)
    again = ToolCall("b", "book", {"people": 4.0})
    assert requests.find(again, 2, 11.0) is request
    request.know(Knowledge.GIVEN, 12.0)
    assert requests.find(again, 2, 12.0) is request
    requests.used(13.0)
    assert requests.find(again, 1, 13.0) is request
    assert requests.find(again, 2, 13.0) is None
    requests.saved(14.0)
    assert request.knowledge is Knowledge.SAVED
    assert requests.find(again, 2, 14.0) is None
    assert requests.find(ToolCall("c", "book", {"people": 5}), 1, 14.0) is None
    assert requests.find(ToolCall("c", "look", {"people": 4}), 1, 14.0) is None


def test_only_what_the_model_has_used_is_saved() -> None:
    requests, request = asked()
    request.know(Knowledge.GIVEN, 11.0)
    requests.saved(12.0)
    assert request.knowledge is Knowledge.GIVEN


@pytest.mark.parametrize("known", [Knowledge.GIVEN, Knowledge.USED])
def test_what_was_not_saved_may_be_asked_again_after_a_loss(known: Knowledge) -> None:
    requests, request = asked(turn=1)
    request.know(known, 11.0)
    requests.left(20.0)
    requests.moved(True, 2, 21.0)
    assert requests.find(BOOK, 2, 20.0 + RECALL_S - 1) is request
    assert requests.find(BOOK, 2, 20.0 + RECALL_S) is None
    assert requests.find(BOOK, 1, 20.0 + RECALL_S) is request


def test_what_was_saved_is_known_after_a_loss() -> None:
    requests, request = asked(turn=1)
    request.know(Knowledge.SAVED, 11.0)
    requests.left(20.0)
    requests.moved(True, 2, 21.0)
    assert requests.find(BOOK, 2, 22.0) is None


def test_a_fresh_session_may_ask_again_for_what_was_done_last() -> None:
    long_ago = 11.0 + RECALL_S
    requests, request = asked(turn=1)
    request.know(Knowledge.SAVED, 11.0)
    requests.moved(False, 3, long_ago)
    assert requests.find(BOOK, 3, long_ago + 1.0) is None
    requests.moved(False, 2, long_ago + 1.0)
    assert requests.find(BOOK, 2, long_ago + 1.0) is request


def test_and_for_what_was_done_a_short_while_ago_however_often_the_caller_spoke() -> None:
    requests, request = asked(turn=1)
    request.know(Knowledge.SAVED, 11.0)
    requests.moved(False, 5, 21.0)  # some of these turns were words sent again
    assert requests.find(BOOK, 5, 22.0) is request


def test_a_failure_that_may_be_tried_again_is_no_result() -> None:
    _, request = asked()
    assert request.done is None
    request.response = {"error": "full", "retryable": True}
    assert request.done is None
    request.response = {"error": "no", "retryable": False}
    assert request.done == {"error": "no", "retryable": False}


def test_a_result_for_nobody_waits_for_the_model_to_ask_again() -> None:
    requests, request = asked()
    assert requests.deadline == inf
    requests.left(11.0)
    request.know(Knowledge.KEPT, 12.0)
    assert requests.deadline == inf
    assert requests.due(99.0) == []
    requests.moved(True, 1, 20.0)
    assert requests.deadline == 23.0
    assert requests.due(22.9) == []
    assert requests.due(23.0) == [request]
    assert requests.due(23.0) == []
    assert requests.deadline == inf
    assert requests.tell(request.key, 24.0)
    assert not requests.tell(request.key, 24.0)
    assert request.knowledge is Knowledge.GIVEN


def test_a_result_that_comes_long_after_the_move_is_told_at_once() -> None:
    requests, request = asked()
    requests.left(11.0)
    requests.moved(True, 1, 12.0)
    request.know(Knowledge.KEPT, 30.0)
    assert requests.deadline == 30.0


def test_a_promised_result_is_told_at_once_but_not_once_the_connection_has_gone() -> None:
    requests, request = asked()
    requests.moved(True, 1, 10.0)
    request.promised = True
    request.know(Knowledge.KEPT, 11.0)
    assert requests.due(11.0) == [request]
    requests.left(12.0)
    assert not requests.tell(request.key, 13.0)
    requests.moved(True, 1, 14.0)
    assert requests.deadline == 17.0


def test_what_was_promised_while_there_was_no_connection_is_told_as_soon_as_there_is_one() -> None:
    requests, request = asked()
    requests.left(10.0)
    request.promised = True
    request.know(Knowledge.KEPT, 11.0)
    assert requests.due(12.0) == []
    requests.moved(True, 1, 13.0)
    assert requests.due(13.0) == [request]


def test_what_was_done_and_forgotten_is_meant_before_what_was_cancelled() -> None:
    requests, done = asked(turn=1)
    done.know(Knowledge.USED, 11.0)
    cancelled = requests.new("CA1", BOOK, 2, 12.0)
    cancelled.know(Knowledge.CANCELLED, 13.0)
    assert requests.find(BOOK, 3, 14.0) is cancelled
    requests.left(15.0)
    assert requests.find(BOOK, 3, 16.0) is done
