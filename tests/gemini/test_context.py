"""What the model is told before the talk."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from agent.gemini.client_messages import SetupMessage
from agent.gemini.codec import encode_client
from agent.gemini.content import MODEL, USER
from agent.gemini.context import Context, Opening
from agent.gemini.history import GOES_ON, History
from agent.gemini.models import Profile, Surface, profile_for
from agent.gemini.setup import SetupOptions, VadOptions, build_setup
from agent.gemini.setup_messages import RealtimeInputConfig, SessionResumptionConfig, Setup
from agent.gemini.tools import FunctionDeclaration
from tests.gemini.parties import D25, D38

V25 = "gemini-live-2.5-flash-native-audio"
LOOK_UP = FunctionDeclaration("look_up")


def context(model: str = D38, surface: Surface = "developer", **options: Any) -> Context:
    options = {"system_instruction": "Be brief.", "declarations": (LOOK_UP,), **options}
    setup = build_setup(SetupOptions(model, surface, **options))
    return Context(setup, profile_for(model, surface))


def talked() -> History:
    history = History()
    history.said(USER, "Hi.")
    history.said(MODEL, "Hello.")
    return history


def written(opening: Opening) -> dict[str, Any]:
    setup: dict[str, Any] = json.loads(encode_client(SetupMessage(opening.setup)))["setup"]
    return setup


def instruction(opening: Opening) -> list[str]:
    parts = written(opening)["systemInstruction"]["parts"]
    return [part["text"] for part in parts]


# How a connection begins


def test_the_first_connection_gets_the_setup_as_it_is() -> None:
    setup = build_setup(SetupOptions(D38, system_instruction="Be brief."))
    opening = Context(setup, profile_for(D38, "developer")).opening(None, History())
    assert opening == Opening(setup, tells=False)


def test_a_resumed_one_gets_all_of_it_with_the_handle_and_no_history() -> None:
    opening = context().opening("h1", talked())
    assert not opening.tells
    assert written(opening)["sessionResumption"] == {"handle": "h1"}
    assert instruction(opening) == ["Be brief."]


def test_a_handle_in_the_setup_does_not_come_back() -> None:
    setup = Setup("models/m", session_resumption=SessionResumptionConfig("old"))
    given = Context(setup, profile_for("m", "developer"))
    assert written(given.opening(None, History()))["sessionResumption"] == {}


def test_a_setup_without_resumption_can_be_resumed_all_the_same() -> None:
    given = Context(Setup("models/m"), profile_for("m", "developer"))
    assert not given.acknowledges
    assert "sessionResumption" not in written(given.opening(None, History()))
    assert written(given.opening("h1", History()))["sessionResumption"] == {"handle": "h1"}


@pytest.mark.parametrize(("surface", "taken"), [("vertex", True), ("developer", False)])
def test_acknowledgements_are_asked_for_where_they_exist(surface: Surface, taken: bool) -> None:
    given = context(surface=surface, transparent=True)
    assert given.acknowledges is taken
    for handle in (None, "h1"):
        resumption = written(given.opening(handle, History()))["sessionResumption"]
        assert resumption.get("transparent") is (True if taken else None)


@pytest.mark.parametrize(
    ("vad", "manual"), [(None, False), (VadOptions(silence_ms=5), False),
                        (VadOptions(interruptible=False), False), (VadOptions(manual=True), True)],
)  # fmt: skip
def test_the_service_is_told_when_the_caller_speaks_only_where_it_detects_nothing(
    vad: VadOptions | None, manual: bool
) -> None:
    assert context(vad=vad).manual is manual
    empty = Setup("models/m", realtime_input_config=RealtimeInputConfig())
    assert not Context(empty, profile_for("m", "developer")).manual


def test_a_fresh_one_is_told_to_go_on_and_announces_the_history_where_that_is_the_way() -> None:
    opening = context().opening(None, talked())
    assert opening.tells
    assert instruction(opening) == ["Be brief.", GOES_ON]
    assert written(opening)["historyConfig"] == {"initialHistoryInClientContent": True}


def test_a_fresh_one_announces_nothing_elsewhere() -> None:
    opening = context(D25, system_instruction=None).opening(None, talked())
    assert opening.tells
    assert instruction(opening) == [GOES_ON]
    assert "historyConfig" not in written(opening)


def test_where_turns_were_refused_the_history_is_in_the_instruction() -> None:
    given = context()
    given.in_instruction = True
    opening = given.opening(None, talked())
    assert not opening.tells
    assert "historyConfig" not in written(opening)
    assert instruction(opening) == ["Be brief.", f"{GOES_ON}\n\n{talked().transcript()}"]
    assert instruction(given.opening(None, History())) == ["Be brief."]


def test_what_was_added_for_one_connection_is_not_in_the_next() -> None:
    given = context()
    given.opening(None, talked())
    assert instruction(given.opening("h1", talked())) == ["Be brief."]


@pytest.mark.parametrize(("model", "closed"), [(D38, True), (D25, False)])
def test_the_history_is_handed_over_without_asking_for_an_answer(model: str, closed: bool) -> None:
    frame = context(model).telling(talked(), without_last_words=False)
    assert frame is not None
    content = json.loads(frame)["clientContent"]
    assert [turn["role"] for turn in content["turns"]][:2] == [USER, MODEL]
    assert content.get("turnComplete", False) is closed


def test_without_a_word_there_is_nothing_to_hand_over_unless_it_was_announced() -> None:
    history = History()
    history.said(USER, "Hi.")
    assert context(D25).telling(history, without_last_words=True) is None
    assert context(D25).telling(history, without_last_words=False) is not None
    frame = context().telling(history, without_last_words=True)
    assert frame is not None
    turn = {"parts": [{"text": f"({GOES_ON})"}], "role": USER}
    assert json.loads(frame)["clientContent"] == {"turns": [turn], "turnComplete": True}


# Changes


def change(given: Context, text: str | None, *names: str, tools: bool = False) -> Any:
    declarations = [FunctionDeclaration(name) for name in names] if names or tools else None
    frame = given.change(text, declarations)
    return frame and json.loads(frame)


DECLARED = {"functionDeclarations": [{"name": "book", "behavior": "BLOCKING"}]}


def test_a_model_that_takes_changes_is_told_only_what_changes() -> None:
    given = context()
    content = {"parts": [{"text": "Be kind."}], "role": "user"}
    assert change(given, "Be kind.") == {"contextUpdate": {"systemInstruction": content}}
    assert change(given, None, "book") == {"contextUpdate": {"tools": {"tools": [DECLARED]}}}
    assert change(given, None, tools=True) == {"contextUpdate": {"tools": {"tools": []}}}


def test_a_change_is_in_every_setup_from_then_on() -> None:
    given = context(google_search=True)
    change(given, "Be kind.", "book")
    for opening in (given.opening("h1", History()), given.opening(None, History())):
        assert instruction(opening) == ["Be kind."]
        assert written(opening)["tools"] == [DECLARED, {"googleSearch": {}}]
    change(given, None, tools=True)
    assert written(given.opening("h1", History()))["tools"] == [{"googleSearch": {}}]


def test_a_behavior_that_was_chosen_stays() -> None:
    given = context()
    given.change(None, [FunctionDeclaration("book", behavior="NON_BLOCKING")])
    [tool] = given.setup.tools
    assert tool.function_declarations is not None
    assert tool.function_declarations[0].behavior == "NON_BLOCKING"


def test_elsewhere_an_instruction_may_be_a_turn_of_the_system_and_functions_need_a_setup() -> None:
    given = context(V25, "vertex")
    turn = {"parts": [{"text": "Be kind."}], "role": "system"}
    assert change(given, "Be kind.") == {"clientContent": {"turns": [turn]}}
    assert change(given, "Be kind.", "book") is None
    assert change(given, None, "book") is None
    assert instruction(given.opening(None, History())) == ["Be kind."]


def test_where_neither_is_taken_a_setup_must_say_it() -> None:
    assert change(context(D25), "Be kind.") is None


def test_the_setup_it_was_given_is_not_changed() -> None:
    setup = build_setup(SetupOptions(D38, declarations=(LOOK_UP,)))
    before = msgspec.json.encode(setup)
    profile: Profile = replace(profile_for(D38, "developer"))
    Context(setup, profile).change("Be kind.", [])
    assert msgspec.json.encode(setup) == before
