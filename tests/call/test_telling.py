from typing import Any

from agent.call.telling import Telling
from agent.call.timeline import Timeline
from agent.call.turn import NOT_KEPT, Turn


def told(timeline: Timeline) -> list[tuple[str, Any]]:
    return [(e.name, e.values["pii.text"]) for e in timeline]


def test_words_are_told_once_the_caller_s_first() -> None:
    timeline = Timeline(0.0)
    telling = Telling(timeline)
    turn = Turn(1, 0.0, True, caller_text=" Open? ", agent_text=" Yes.")
    telling.turn(turn, 1.0)
    telling.turn(turn, 2.0)
    telling.caller(turn, 3.0)
    assert told(timeline) == [("caller.said", "Open?"), ("agent.said", "Yes.")]


def test_what_a_turn_goes_on_with_is_told_by_itself() -> None:
    timeline = Timeline(0.0)
    telling = Telling(timeline)
    turn = Turn(1, 0.0, False, agent_text="We are")
    telling.turn(turn, 1.0)
    turn.agent_text = "We are open."
    telling.turn(turn, 2.0)
    assert told(timeline) == [("agent.said", "We are"), ("agent.said", "open.")]


def test_the_caller_s_words_are_told_as_they_come_once_their_answer_is_heard() -> None:
    timeline = Timeline(0.0)
    telling = Telling(timeline)
    turn = Turn(1, 0.0, True)
    telling.caller(turn, 1.0)
    telling.caller_more(turn, "Are", 1.0)
    turn.caller_text = "Are"
    telling.caller(turn, 2.0)
    telling.caller_more(turn, " you?", 3.0)
    assert told(timeline) == [("caller.said", "Are"), ("caller.said", "you?")]


def test_words_that_nobody_answered_are_told_at_the_end() -> None:
    timeline = Timeline(0.0)
    telling = Telling(timeline)
    telling.unanswered("", 1.0)
    telling.unanswered("Bye", 1.0)
    assert told(timeline) == [("caller.said", "Bye")]


def test_words_of_a_hidden_turn_are_told_to_have_been_said() -> None:
    timeline = Timeline(0.0)
    telling = Telling(timeline)
    turn = Turn(1, 0.0, True, caller_text="It is 4929.", agent_text="4929.", hidden=True)
    telling.turn(turn, 1.0)
    telling.caller_more(turn, " 1234.", 2.0)
    assert told(timeline) == [
        ("caller.said", NOT_KEPT),
        ("agent.said", NOT_KEPT),
        ("caller.said", NOT_KEPT),
    ]
