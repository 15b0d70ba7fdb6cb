"""When a turn of the agent's begins, rests, goes on and ends."""

from collections.abc import Callable
from math import inf

import pytest

from agent.call.late_output import LATE_S
from agent.call.turns import IN_PROGRESS, MOST_TURNS, Turns
from tests.call.turning import spoken


def test_output_opens_a_turn_and_turn_complete_closes_it() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    assert turns.model_spoke(1.1) is turn
    assert turns.generation_complete(1.2) is turn
    assert turns.generation_complete(1.3) is None
    assert turns.complete("MAX", None, 2.0) is turn
    assert (turn.reason, turn.closed, turn.number) == ("MAX", True, 1)
    assert turns.complete(None, None, 2.1) is None
    assert spoken(turns, 2.2).number == 2


def test_a_turn_that_rests_while_the_model_thinks_stays_open() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    assert turns.complete(None, IN_PROGRESS, 2.0) is None
    assert turns.open is turn
    assert turns.complete(None, "IDLE", 3.0) is turn
    assert turns.complete(None, IN_PROGRESS, 4.0) is None


def test_a_turn_that_was_generated_or_rests_waits_only_for_its_end() -> None:
    turns = Turns()
    assert turns.unended_from() == inf
    spoken(turns, 1.0)
    assert turns.unended_from() == inf
    turns.complete(None, IN_PROGRESS, 2.0)
    assert turns.unended_from() == 2.0
    spoken(turns, 3.0)
    assert turns.unended_from() == inf
    turns.generation_complete(4.0)
    assert turns.unended_from() == 4.0
    turns.expect_output(7.0)
    assert turns.unended_from() == 7.0


def test_a_turn_that_stands_still_is_one_that_was_not_asked_to() -> None:
    turns = Turns()
    assert turns.stalled_from() == inf
    spoken(turns, 1.0)
    spoken(turns, 2.0)
    assert turns.stalled_from() == 2.0
    turns.expect_output(3.0)
    assert turns.stalled_from() == inf
    spoken(turns, 4.0)
    assert turns.stalled_from() == 4.0
    turns.complete(None, IN_PROGRESS, 5.0)
    assert turns.stalled_from() == inf
    spoken(turns, 6.0)
    turns.generation_complete(7.0)
    assert turns.stalled_from() == inf


def test_a_turn_that_is_given_up_is_closed() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    assert turns.give_up() is turn
    assert (turn.reason, turn.closed) == ("watchdog", True)
    assert turns.stalled_from() == turns.unended_from() == inf


def test_a_turn_is_gone_on_with_by_the_model_s_next_output() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    turns.transcripts.agent_said("We are", turn)
    turns.connection_left()
    turns.go_on_with(turn)
    assert spoken(turns, 3.0) is turn
    turns.transcripts.agent_said(" open.", turn)
    turns.complete(None, None, 4.0)
    assert (turn.agent_text, turn.closed, turns.count) == ("We are open.", True, 1)
    assert spoken(turns, 5.0).number == 2


def _interrupted(turns: Turns) -> None:
    turns.interrupted(2.0)


def _cut(turns: Turns) -> None:
    turns.cut({}, 2.0)


def _speech(turns: Turns) -> None:
    turns.caller_started(2.0)


def _service(turns: Turns) -> None:
    turns.expect_answer()


@pytest.mark.parametrize("happens", [_interrupted, _cut, _speech, _service])
def test_when_the_caller_comes_between_the_next_output_is_an_answer(
    happens: Callable[[Turns], None],
) -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    turns.connection_left()
    turns.go_on_with(turn)
    happens(turns)
    assert spoken(turns, 2.0 + LATE_S) is not turn


def test_turns_are_forgotten_from_the_oldest_on() -> None:
    turns = Turns()
    for n in range(MOST_TURNS + 1):
        spoken(turns, float(n))
        turns.complete(None, None, float(n))
    assert turns.all[0].number == 2
    assert turns.count == MOST_TURNS + 1
    assert turns.audio_sent(1, 9.0) is None


def test_an_interruption_is_no_reply() -> None:
    turns = Turns()
    assert turns.reply_from == -inf
    spoken(turns, 1.0)
    turns.interrupted(2.0)
    assert (turns.reply_from, turns.model_at) == (1.0, 2.0)


def test_a_reply_that_was_cut_answers_nothing() -> None:
    turns = Turns()
    assert not turns.answers(1.0)
    turns.model_spoke(2.0)
    assert turns.answers(1.0)
    assert not turns.answers(2.0)
    turns.cut({}, 2.1)
    assert not turns.answers(1.0)
