from math import inf

import pytest

from agent.call.effects import Outcome
from agent.call.ending import (
    FIRST_WORD_S,
    LONGEST_WORDS_S,
    MARK_S,
    NEXT_WORD_S,
    Ending,
    EndingState,
)
from agent.errors import LocalProtocolError


def ending(*, spoken: bool = False, longest_drain_s: float = inf) -> Ending:
    return Ending(Outcome.IDLE, 100.0, spoken=spoken, longest_drain_s=longest_drain_s)


def test_words_still_to_come_are_waited_for_longer_than_a_pause_in_them() -> None:
    assert ending().deadline == 100.0 + FIRST_WORD_S
    assert ending(spoken=True).deadline == 100.0 + NEXT_WORD_S


def test_a_turn_that_said_nothing_does_not_end_the_wait_and_one_that_did_does() -> None:
    end = ending()
    end.turn_over(101.0)
    assert end.deadline == 100.0 + FIRST_WORD_S
    end.model_spoke(102.0)
    assert end.deadline == 102.0 + NEXT_WORD_S
    end.turn_over(103.0)
    assert end.deadline == 103.0


def test_a_model_that_talks_on_and_on_is_cut_off() -> None:
    end = ending()
    for second in range(100, 200):
        end.model_spoke(float(second))
    assert end.deadline == 100.0 + LONGEST_WORDS_S


def test_the_drain_is_bounded_by_what_is_queued_and_by_its_limit() -> None:
    end = ending()
    end.drain(4.0, 110.0)
    assert end.state is EndingState.DRAINING
    assert end.deadline == 114.0 + MARK_S
    end.turn_over(111.0)
    assert end.deadline == 114.0 + MARK_S
    short = ending(longest_drain_s=1.0)
    short.drain(4.0, 110.0)
    assert short.deadline == 111.0 + MARK_S


def test_what_is_said_while_the_last_words_are_heard_is_heard_too() -> None:
    end = ending()
    end.drain(1.0, 110.0)
    assert end.model_spoke(110.5)
    assert (end.state, end.deadline) == (EndingState.WORDS, 110.5 + NEXT_WORD_S)
    end.drain(1.0, 111.0)
    end.no_more()
    assert not end.model_spoke(111.5)
    assert end.state is EndingState.DRAINING


def test_nothing_is_taken_once_the_time_for_words_is_over() -> None:
    end = ending()
    end.drain(30.0, 110.0)
    assert not end.model_spoke(100.0 + LONGEST_WORDS_S)


def test_marks_end_the_drain_but_not_before_the_clock_does() -> None:
    end = ending()
    end.drain(4.0, 110.0)
    end.heard(113.9)
    assert end.deadline == 113.9
    end.heard(200.0)
    assert end.deadline == 113.9


def test_draining_twice_is_our_own_bug() -> None:
    end = ending()
    end.drain(1.0, 100.0)
    with pytest.raises(LocalProtocolError, match="DRAINING"):
        end.drain(1.0, 101.0)


def test_a_model_that_goes_has_said_what_it_has() -> None:
    end = ending()
    end.model_left(101.0)
    assert end.deadline == 100.0 + FIRST_WORD_S
    end.model_spoke(102.0)
    end.model_left(102.5)
    assert end.deadline == 102.5


def test_a_model_that_is_back_has_its_moment_anew_if_it_has_said_nothing() -> None:
    end = ending()
    end.model_back(105.0)
    assert end.deadline == 105.0 + FIRST_WORD_S
    end.model_back(119.0)
    assert end.deadline == 100.0 + LONGEST_WORDS_S
    end.model_spoke(119.5)
    end.model_left(119.6)
    end.model_back(119.7)
    assert end.deadline == 119.6


def test_nothing_more_is_waited_for_once_it_drains() -> None:
    end = ending()
    end.drain(1.0, 101.0)
    end.model_left(101.5)
    end.model_back(101.6)
    assert end.deadline == 101.0 + 1.0 + MARK_S


def test_a_wait_in_which_nothing_could_be_said_begins_anew() -> None:
    end = ending(spoken=True)
    end.held(5.0, 150.0)
    assert end.deadline == 150.0 + NEXT_WORD_S
    end.held(5.0, 100.0)
    assert end.deadline == 150.0 + NEXT_WORD_S
    end = ending(longest_drain_s=3.0)
    end.drain(1.0, 101.0)
    end.held(5.0, 150.0)
    assert end.deadline == 153.0 + MARK_S
