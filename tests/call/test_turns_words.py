"""Whose words belong to which turn, and whether they are kept."""

from agent.call.turns import Turns
from tests.call.turning import spoken


def test_a_late_transcript_goes_to_the_turn_that_answers_it() -> None:
    turns = Turns()
    turns.caller_started(0.0)
    assert turns.caller_said("A tab") is None
    turns.caller_stopped(1.0, agent_audible=False)
    turn = spoken(turns, 1.5)
    assert turn.answers_caller
    assert turn.caller_text == "A tab"
    assert turns.caller_said("le for four") is turn
    turns.caller_started(2.0)
    assert turns.caller_said("No, wait") is None
    assert turn.caller_text == "A table for four"
    assert turns.unanswered_text == "No, wait"
    turns.interrupted(2.1)
    assert spoken(turns, 4.0).caller_text == "No, wait"


def test_words_after_a_turn_that_has_its_own_belong_to_the_next() -> None:
    turns = Turns()
    turns.expect_answer()
    first = spoken(turns, 1.0)
    assert turns.caller_said("Hello") is first
    turns.complete(None, None, 2.0)
    assert turns.caller_said("Our ears missed this") is None


def test_words_after_a_turn_that_we_asked_for_belong_to_the_next() -> None:
    turns = Turns()
    greeting = spoken(turns, 1.0)
    assert not greeting.answers_caller
    assert turns.caller_said("Hi") is None
    turns.complete(None, None, 2.0)
    assert spoken(turns, 3.0).caller_text == "Hi"


def test_whether_words_are_kept_is_asked_when_a_turn_begins_or_goes_on() -> None:
    answers = iter([False, True, False, True])
    turns = Turns(lambda: next(answers))
    turns.hide()  # no turn is open: nothing to hide
    first = turns.model_spoke(0.0)
    assert first is not None
    assert not first.hidden
    turns.complete(None, None, 1.0)
    second = turns.model_spoke(3.0)
    assert second is not None
    assert second.hidden
    turns.connection_left()
    turns.go_on_with(second)
    assert turns.model_spoke(4.0) is second
    assert second.hidden  # what was hidden stays hidden
    turns.connection_left()
    turns.go_on_with(first)
    assert turns.model_spoke(5.0) is first
    assert first.hidden


def test_the_turn_that_goes_on_can_be_hidden() -> None:
    turns = Turns()
    turn = turns.model_spoke(0.0)
    assert turn is not None

    turns.hide()

    assert turn.hidden
