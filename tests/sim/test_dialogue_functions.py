"""What the model's stand-in makes of functions' results, and of the service's texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from agent.call import prompts
from agent.sim.dialogue import CallTools, Dialogue, Nothing, Say, Stage
from agent.sim.scenario import read_scenario
from tests.sim.table_talk import (
    BOOKED,
    BOOKING,
    MORE_WORDS,
    REQUEST,
    booked,
    booking,
    dialogue,
    said,
)
from tests.sim.talking import FOLDER, TODAY, scenario

# Functions


def result(output: Mapping[str, Any]) -> str:
    return said(booking().tool_result("book_table", {"output": output}))


def test_alternatives_are_offered_and_taken() -> None:
    talk = booking()
    full = {"status": "full", "alternatives": ["18:00", "21:00"]}
    assert said(talk.tool_result("book_table", {"output": full})) == (
        "I am sorry, we are full on Friday, November twenty seventh at seven o'clock in the "
        "evening. I could offer you six o'clock in the evening or nine o'clock in the evening. "
        "Which time would you like?"
    )
    assert talk.expected == "time+day"
    talk.heard("nine")
    assert talk.slots == {**BOOKING, "time": "21:00"}
    assert talk.stage is Stage.CONFIRMING


def test_of_several_wordings_the_first_that_can_be_filled_is_said() -> None:
    assert result({"status": "full", "alternatives": []}).startswith("I am sorry, we are full all")


def test_a_reason_is_told_with_its_times() -> None:
    reason = "We seat from 11:30 to 21:30."
    assert result({"status": "closed", "reason": reason}) == (
        "I am sorry. We seat from eleven thirty in the morning to nine thirty in the evening. "
        "Which other day or time would you like?"
    )


@pytest.mark.parametrize(
    "response",
    [
        {"error": "Tables are for 1 to 12 people.", "retryable": False},
        {"output": {"status": "unheard of"}},
        {"output": "words"},
        {},
    ],
)
def test_what_does_not_work_is_said_so(response: Mapping[str, Any]) -> None:
    talk = booking()
    failed = scenario().file.words.failed
    assert said(talk.tool_result("book_table", response)) == f"{failed} {MORE_WORDS}"
    assert talk.stage is Stage.MORE


def test_what_may_work_again_is_offered_again() -> None:
    talk = booking()
    response = {"error": "It took too long.", "retryable": True}
    assert said(talk.tool_result("book_table", response)) == scenario().file.words.retry
    assert isinstance(talk.heard("yes"), CallTools)


def test_a_late_result_arrives_as_text() -> None:
    talk = booking()
    still = {"error": prompts.STILL_WORKING, "retryable": False}
    assert said(talk.tool_result("book_table", still)) == scenario().file.words.wait
    late = prompts.LATE_RESULT.format(name="book_table", result=json.dumps(BOOKED))
    assert said(talk.heard(late)).startswith("Your table for four is booked")


def test_the_result_of_a_function_that_no_task_calls_has_failed() -> None:
    move = dialogue().tool_result("nobody", {"output": {}})
    assert said(move).startswith(scenario().file.words.failed)


@pytest.mark.parametrize("text", ["", "yes", "thank", "the weather is lovely today my friend"])
def test_while_a_function_runs_nothing_is_added(text: str) -> None:
    assert booking().heard(text) == Nothing()


def test_a_correction_while_a_function_runs_is_read_back() -> None:
    assert said(booking().heard("no, for five people")).startswith("A table for five")


def test_a_question_while_a_function_runs_is_answered() -> None:
    talk = booking()
    assert said(talk.heard("where are you")) == scenario().file.talk["place"].say
    assert said(talk.tool_result("book_table", BOOKED)).startswith("Your table for four is booked")


def test_functions_that_were_not_declared_are_not_called() -> None:
    talk = Dialogue(scenario(), TODAY, tools={"check_availability"})
    for text in (REQUEST, "seven", "miller"):
        talk.heard(text)
    assert said(talk.heard("yes")).startswith(scenario().file.words.failed)
    assert talk.heard("goodbye") == Say("Thank you for calling Bella Vista. Goodbye!")


def test_when_the_call_cannot_be_ended_goodbye_is_said() -> None:
    talk = booked()
    talk.heard("goodbye")
    move = talk.tool_result("end_call", {"error": "There is no function end_call."})
    assert move == Say("Thank you for calling Bella Vista. Goodbye!")


# Texts of the service


@pytest.mark.parametrize("text", [prompts.IDLE_GOODBYE, prompts.KEY_GOODBYE, prompts.WRAP_UP])
def test_a_request_for_goodbye_is_followed(text: str) -> None:
    talk = dialogue(REQUEST)
    assert said(talk.heard(text)) == "Thank you for calling Bella Vista. Goodbye!"
    assert talk.stage is Stage.OVER


def test_the_last_words_are_said_again_on_request() -> None:
    talk = dialogue(REQUEST)
    assert said(talk.heard(prompts.KEY_REPEAT)) == "And at what time?"
    assert talk.expected == "time"


def test_words_to_be_said_leave_the_dialogue_where_it_is() -> None:
    talk = dialogue(REQUEST)
    idle = prompts.say(prompts.IDLE, "Are you\nstill there?")
    assert said(talk.heard(idle)) == "Are you\nstill there?"
    assert talk.expected == "time"


def test_keys_answer_a_question_for_digits() -> None:
    talk = dialogue("where is my order", name="shop")
    call = talk.heard(prompts.KEYS.format(keys="1042#"))
    assert call == CallTools((("order_status", {"order_id": "1042"}),), "Let me look that up.")


@pytest.mark.parametrize(
    ("name", "asked"), [("shop", "where is my order"), ("restaurant", REQUEST)]
)
def test_other_keys_are_not_understood(name: str, asked: str) -> None:
    talk = dialogue(asked, name=name)
    assert said(talk.heard(prompts.KEYS.format(keys="7"))).startswith("I am sorry, I did not")


def test_an_order_that_is_not_found_is_read_once_more() -> None:
    talk = dialogue("yes", "nine nine nine nine", name="shop")
    missing = {"output": {"status": "not_found"}}
    assert "the number 9999" in said(talk.tool_result("order_status", missing))
    assert isinstance(talk.heard("one zero four two"), CallTools)


def test_a_result_may_lead_to_a_call_at_once() -> None:
    shop = (FOLDER / "shop.yaml").read_text()
    again = shop.replace("packing:\n", "packing:\n        then: track\n")
    talk = Dialogue(read_scenario(again, "shop.yaml"), TODAY)
    talk.heard("the number is one zero four three")
    packing = {"output": {"status": "packing", "item": "two lamps", "expected": "2026-11-23"}}
    move = talk.tool_result("order_status", packing)
    assert isinstance(move, CallTools)
    assert move.filler is not None
    assert move.filler.startswith("We are just packing your order of two lamps.")
