"""What the model still says of a turn that is over: what is dropped, and until when."""

import pytest

from agent.call.late_output import LATE_S
from agent.call.turns import Turns
from tests.call.turning import spoken


def test_audio_after_its_turn_s_end_is_dropped_and_later_audio_is_a_new_turn() -> None:
    turns = Turns()
    first = spoken(turns, 1.0)
    turns.generation_complete(2.0)
    assert turns.model_spoke(2.5) is None
    assert turns.late.dropped == 1
    second = turns.model_spoke(2.0 + LATE_S)
    assert second is not first
    assert first.closed
    turns.interrupted(4.0)
    assert turns.model_spoke(4.5) is None
    assert turns.model_spoke(4.0 + LATE_S) is not None


def test_an_interruption_of_nothing_makes_nothing_late() -> None:
    turns = Turns()
    turns.interrupted(1.0)
    assert turns.model_spoke(1.1) is not None


def test_after_turn_complete_the_next_turn_may_begin_at_once() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.interrupted(2.0)
    turns.complete(None, None, 2.1)
    assert turns.model_spoke(2.2) is not None


def test_a_turn_cut_by_our_own_ears_is_dropped_until_its_end_is_said() -> None:
    for end in ("complete", "interrupted", "generation_complete"):
        turns = Turns()
        turn = spoken(turns, 1.0)
        assert turns.cut({1: 0.4}, 1.5) is turn
        assert (turn.interrupted, turn.unheard_s, turn.heard_s) == (True, 0.4, 0.6)
        assert turns.model_spoke(9.0) is None
        if end == "complete":
            turns.complete(None, None, 9.1)
        else:
            getattr(turns, end)(9.1)
        assert (turns.model_spoke(9.2) is not None) == (end == "complete")
        assert turns.model_spoke(9.1 + LATE_S) is not None


def test_the_end_of_a_turn_nobody_knows_changes_nothing() -> None:
    turns = Turns()
    assert turns.generation_complete(1.0) is None
    assert turns.model_spoke(1.1) is not None


def test_a_cut_reaches_turns_that_were_complete_but_not_heard() -> None:
    turns = Turns()
    first = spoken(turns, 1.0, 3.0)
    turns.generation_complete(1.5)
    turns.complete(None, None, 1.6)
    second = spoken(turns, 2.0, 2.0)
    turns.generation_complete(2.1)
    assert turns.cut({1: 1.0, 2: 2.0}, 3.0) is second
    assert (first.heard_s, second.heard_s) == (2.0, 0.0)
    assert turns.model_spoke(3.0) is None
    assert turns.cut({}, 4.0) is None


def test_giving_up_also_ends_the_dropping_after_a_cut() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.cut({}, 2.0)
    assert turns.unended_from() == 2.0
    assert turns.give_up() is None
    assert turns.closed_locally == 1
    assert turns.model_spoke(12.0) is not None


def test_what_a_connection_left_open_is_closed_and_nothing_after_it_is_late() -> None:
    turns = Turns()
    assert turns.connection_left() is None
    turn = spoken(turns, 1.0)
    turns.generation_complete(1.5)
    assert turns.connection_left() is turn
    assert turn.closed
    assert spoken(turns, 1.6).number == 2


def test_nothing_is_late_after_an_interruption_of_a_turn_that_had_all_come() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.generation_complete(1.1)
    turns.cut({}, 1.4)
    turns.interrupted(1.5)
    assert turns.model_spoke(1.9) is not None
    turns.interrupted(5.0)
    assert turns.model_spoke(5.9) is None
    assert turns.late.dropped == 1


def test_what_is_said_of_a_result_is_not_late_though_the_call_ended_its_turn() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.expect_output(1.1)
    turns.generation_complete(1.2)
    assert turns.model_spoke(1.3) is None
    turns.expect_output(1.4)
    assert turns.model_spoke(1.9) is not None


@pytest.mark.parametrize("has_result", [False, True])
def test_after_a_call_only_what_is_said_of_its_result_is_not_late(has_result: bool) -> None:
    turns = Turns()
    spoken(turns, 1.0).paused = True
    if has_result:
        turns.expect_output(1.1)
    turns.generation_complete(1.2)
    assert (turns.model_spoke(1.3) is not None) is has_result


@pytest.mark.parametrize("cut_here", [False, True])
def test_a_turn_that_waits_for_a_function_has_no_rest_when_it_is_interrupted(
    cut_here: bool,
) -> None:
    for paused in (False, True):
        turns = Turns()
        spoken(turns, 1.0).paused = paused
        if cut_here:
            turns.cut({}, 1.4)
        turns.interrupted(1.5)
        assert (turns.model_spoke(1.6) is not None) is paused


def test_what_comes_after_a_phantom_is_heard() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.interrupted(2.0, phantom=True)
    assert turns.open is None
    assert turns.model_spoke(2.1) is not None
    assert turns.late.dropped == 0


def test_output_of_a_turn_that_was_cut_is_dropped_until_it_is_known_to_be_over() -> None:
    turns = Turns()
    assert not turns.drops(0.0)
    spoken(turns, 1.0)
    assert not turns.drops(1.0)
    turns.cut({}, 1.5)
    assert turns.drops(99.0)
    turns.interrupted(100.0)
    assert turns.drops(100.5)
    turns.complete(None, None, 100.6)
    assert not turns.drops(100.7)


def test_when_the_service_heard_the_caller_stop_nothing_is_late() -> None:
    turns = Turns()
    turns.model_spoke(0.0)
    turns.interrupted(1.0)
    assert turns.drops(1.1)
    turns.answer_may_come()
    assert not turns.drops(1.1)


def test_the_rest_of_what_was_cut_here_is_dropped_until_the_service_says_its_end() -> None:
    turns = Turns()
    turns.model_spoke(0.0)
    turns.cut({}, 1.0)
    turns.answer_may_come()
    assert turns.drops(1.1)


def test_nothing_is_late_once_the_service_has_gone_on_to_what_the_caller_said() -> None:
    turns = Turns()
    first = spoken(turns, 1.0)
    turns.generation_complete(1.1)
    assert turns.model_spoke(1.2) is None
    turns.caller_said("hello")
    second = turns.model_spoke(1.6)
    assert second is not None
    assert second is not first
