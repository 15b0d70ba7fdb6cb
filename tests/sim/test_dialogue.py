"""What the model's stand-in answers the caller: requests, corrections, questions in between."""

from __future__ import annotations

import pytest

from agent.call import prompts
from agent.sim.dialogue import CallTools, Nothing, Stage
from agent.sim.scenario import CONFIRM, MORE
from tests.sim.table_talk import (
    BOOKED,
    BOOKING,
    GOODBYE,
    MORE_WORDS,
    REQUEST,
    asked_to_confirm,
    booked,
    dialogue,
    said,
)
from tests.sim.talking import scenario

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
