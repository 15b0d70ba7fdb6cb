from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from agent.call import prompts
from agent.sim.dialogue import CallTools, Dialogue, Move, Nothing, Say, Stage
from agent.sim.scenario import CONFIRM, MORE, read_scenario
from tests.sim.talking import FOLDER, TODAY, scenario

BOOKING = {"people": 4, "day": "2026-11-27", "time": "19:00", "name": "Anna Miller"}
BOOKED = {"output": {**BOOKING, "status": "booked", "reference": "BV-1042"}}
REQUEST = "I would like to book a table for four people on Friday"
MORE_WORDS = scenario().file.words.more
GOODBYE = CallTools((("end_call", {}),), "Thank you for calling Bella Vista. Goodbye!")


def dialogue(*heard: str, name: str = "restaurant") -> Dialogue:
    talk = Dialogue(scenario(name), TODAY)
    for text in heard:
        talk.heard(text)
    return talk


def said(move: Move) -> str:
    assert isinstance(move, Say), move
    return move.text


def asked_to_confirm() -> Dialogue:
    return dialogue(REQUEST, "at seven", "Anna Miller")


def booking() -> Dialogue:
    talk = asked_to_confirm()
    assert isinstance(talk.heard("yes please"), CallTools)
    return talk


def booked() -> Dialogue:
    talk = booking()
    talk.tool_result("book_table", BOOKED)
    return talk


# A whole call


def test_a_table_is_booked_in_five_turns() -> None:
    talk = dialogue()
    assert said(talk.greeting(prompts.say(prompts.GREETING, "Hello there."))) == "Hello there."
    assert said(talk.heard(REQUEST)) == "And at what time?"
    assert said(talk.heard("at seven")) == "Under which name shall I book the table?"
    assert said(talk.heard("Anna Miller")) == (
        "A table for four on Friday, November twenty seventh, at seven o'clock in the evening, "
        "under the name Anna Miller. Shall I book it?"
    )
    call = CallTools((("book_table", BOOKING),), "One moment, please, I am booking it.")
    assert talk.heard("yes please") == call
    assert said(talk.tool_result("book_table", BOOKED)) == (
        "Your table for four is booked for Friday, November twenty seventh, at seven o'clock in "
        f"the evening. Your booking number is B V 1 0 4 2. {MORE_WORDS}"
    )
    assert talk.heard("no thank you goodbye") == GOODBYE
    assert talk.tool_result("end_call", {"output": prompts.END_CALL_RESULT}) == Nothing()
    assert talk.heard("bye") == Nothing()


def test_what_was_just_asked_narrows_what_is_expected() -> None:
    talk = dialogue()
    seen = [talk.expected]
    for text in ("I would like to book a table", "two", "tomorrow", "eight", "miller", "yes"):
        talk.heard(text)
        seen.append(talk.expected)
    talk.tool_result("book_table", BOOKED)
    seen.append(talk.expected)
    assert seen == [None, "people", "day", "time", "name", CONFIRM, CONFIRM, MORE]


# Corrections and answers that do not fit


def test_a_correction_is_read_back_again() -> None:
    talk = asked_to_confirm()
    assert "at seven thirty in the evening" in said(talk.heard("no, at seven thirty"))
    assert talk.stage is Stage.CONFIRMING
    assert talk.slots == {**BOOKING, "time": "19:30"}


def test_yes_with_what_is_known_already_is_yes() -> None:
    talk = asked_to_confirm()
    assert isinstance(talk.heard("yes, that is right, at seven, yes"), CallTools)
    talk = asked_to_confirm()
    assert said(talk.heard("yes please. for six people")).startswith("A table for six")


def test_no_asks_what_to_change_and_a_second_no_gives_up() -> None:
    talk = asked_to_confirm()
    assert said(talk.heard("no")) == "What shall I change?"
    assert talk.expected == "people+day+time+name"
    assert said(talk.heard("no")) == f"All right. {MORE_WORDS}"
    assert talk.slots == {}


def test_what_was_changed_is_read_back() -> None:
    talk = asked_to_confirm()
    talk.heard("no")
    assert "Saturday, November twenty eighth" in said(talk.heard("on saturday"))


@pytest.mark.parametrize("text", ["never mind", "no"])
def test_a_task_can_be_given_up(text: str) -> None:
    talk = dialogue(REQUEST)
    assert said(talk.heard(text)) == f"All right. {MORE_WORDS}"


def test_what_is_not_understood_is_asked_for_again_with_the_question() -> None:
    talk = dialogue(REQUEST)
    assert said(talk.heard("")) == "I am sorry, I did not catch that. And at what time?"
    again = "I am sorry, could you say that once more? And at what time?"
    assert said(talk.heard("")) == again
    assert said(talk.heard("yes")) == again
    talk.heard("when are you open")
    assert said(talk.heard("")).startswith("I am sorry, I did not catch that.")


def test_without_an_open_question_the_reprompt_stands_alone() -> None:
    assert said(dialogue().heard("")) == "I am sorry, I did not catch that."


def test_the_last_words_can_be_asked_for_again() -> None:
    assert said(dialogue(REQUEST).heard("pardon")) == "And at what time?"
    assert said(dialogue().heard("pardon")).startswith("I am sorry")


# Questions in between


def test_a_question_is_answered_and_the_open_one_asked_again() -> None:
    hours = scenario().file.talk["hours"].say
    assert said(dialogue().heard("when are you open")) == hours
    assert said(dialogue(REQUEST).heard("when are you open")) == f"{hours} And at what time?"


def test_a_table_that_is_free_is_booked_with_what_is_known() -> None:
    talk = dialogue()
    call = talk.heard("do you have a table for two tomorrow at eight")
    known = {"people": 2, "day": "2026-11-22", "time": "20:00"}
    assert call == CallTools((("check_availability", known),), "Let me have a look.")
    answer = talk.tool_result("check_availability", {"output": {"status": "free"}})
    assert said(answer) == (
        "Yes, there is a table for two on Sunday, November twenty second, at eight o'clock in the "
        "evening. Under which name shall I book the table?"
    )
    assert said(talk.heard("miller")).endswith("Shall I book it?")


def test_the_task_follows_from_what_was_told() -> None:
    assert said(dialogue().heard("for four people on friday")) == "And at what time?"
    assert dialogue("the number is one zero four two", name="shop").slots == {"order_id": "1042"}


def test_there_may_be_more_to_do() -> None:
    talk = booked()
    assert said(talk.heard("yes")) == "What can I do for you?"
    assert talk.expected is None
    assert said(talk.heard("can i book a table")) == "For how many people?"


@pytest.mark.parametrize("text", ["no", "goodbye", "no that is all thank you"])
def test_without_further_wishes_the_agent_ends_the_call(text: str) -> None:
    assert booked().heard(text) == GOODBYE


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
