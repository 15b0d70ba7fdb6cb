from math import inf

import pytest

from agent.call.core import CallPlan
from agent.call.effects import Outcome
from agent.call.ending import MARK_S, NEXT_WORD_S, Ending
from agent.call.last_words import LastWords
from tests.call.line import Line, opened


def words(line: Line, *, spoken: bool = True) -> LastWords:
    ending = Ending(Outcome.IDLE, line.now, spoken=spoken, longest_drain_s=inf)
    return LastWords(ending, line.call._talk, line.call._seam)


def test_nothing_to_say_and_nothing_to_hear_is_over_at_once() -> None:
    line = opened(CallPlan("b"))
    last = words(line)
    assert not last.advance(line.now)
    assert last.deadline == line.now + NEXT_WORD_S
    last.drain(line.now)
    assert last.deadline <= line.now
    assert last.advance(line.now)


def test_words_that_do_not_come_are_not_waited_for_longer() -> None:
    line = opened(CallPlan("b"))
    last = words(line)
    assert last.advance(line.now + NEXT_WORD_S)


def test_what_is_queued_is_heard_and_its_mark_waited_for() -> None:
    line = opened(CallPlan("b"))
    line.speak(1.0, "Goodbye.", speed=50.0)
    line.run(0.1)
    last = words(line)
    last.drain(line.now)
    assert not last.advance(line.now + 0.5)
    assert last.deadline == pytest.approx(line.now + 0.9 + MARK_S, abs=0.1)
    line.run(1.2)
    assert last.advance(line.now)


def test_time_stands_still_while_the_phone_is_away() -> None:
    line = opened(CallPlan("b"))
    line.speak(1.0, "Goodbye.", speed=50.0)
    line.run(0.1)
    last = words(line)
    last.held(line.now + 50)
    assert last.deadline == line.now + 50 + NEXT_WORD_S
    last.drain(line.now)
    last.held(line.now + 100)
    assert last.deadline >= line.now + 100 + MARK_S
