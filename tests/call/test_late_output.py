"""What comes for a turn that is over."""

from collections.abc import Callable

import pytest

from agent.call.late_output import LATE_S, LateOutput


def test_after_a_turn_that_all_came_output_is_late_for_a_moment() -> None:
    late = LateOutput()
    assert not late.expected(0.0)
    late.all_came(1.0, of_open=True)
    assert [late.dropped_now(at) for at in (1.0, 1.9, 1.0 + LATE_S)] == [True, True, False]
    assert late.dropped == 2
    assert late.expected(1.5)
    assert late.dropped == 2


@pytest.mark.parametrize(
    "told",
    [
        lambda late: late.all_came(60.0, of_open=False),
        lambda late: late.stopped(60.0, turn_open=False),
    ],
)
def test_after_a_cut_output_is_late_until_a_moment_after_its_end_is_told(
    told: Callable[[LateOutput], None],
) -> None:
    late = LateOutput()
    late.turn_cut()
    late.answer_may_come()
    assert late.unended
    assert late.expected(59.0)
    told(late)
    assert not late.unended
    assert late.expected(60.9)
    assert not late.expected(60.0 + LATE_S)


def test_of_nothing_nothing_comes_late() -> None:
    late = LateOutput()
    late.stopped(1.0, turn_open=False)
    late.all_came(1.0, of_open=False)
    assert not late.expected(1.0)


@pytest.mark.parametrize(
    "sign",
    [
        LateOutput.over,
        LateOutput.turn_begins,
        LateOutput.answer_may_come,
        LateOutput.caller_heard,
        lambda late: late.stopped(1.5, turn_open=True),
    ],
)
def test_a_sign_of_something_else_ends_it(sign: Callable[[LateOutput], None]) -> None:
    late = LateOutput()
    late.all_came(1.0, of_open=True)
    sign(late)
    assert not late.expected(1.6)


def test_what_the_caller_says_ends_nothing_of_a_turn_that_was_stopped_before_all_came() -> None:
    late = LateOutput()
    late.all_came(1.0, of_open=True)
    late.turn_begins()
    late.stopped(2.0, turn_open=True)
    late.caller_heard()
    assert late.expected(2.5)
