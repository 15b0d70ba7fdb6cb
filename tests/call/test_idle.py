from math import inf

import pytest

from agent.call.idle import Idle, IdleMove, IdlePolicy
from agent.errors import ConfigError


def test_silence_is_prompted_and_further_silence_ends() -> None:
    idle = Idle(IdlePolicy(8.0, "Hello?", 12.0))
    assert idle.deadline(100.0) == 108.0
    assert idle.due(100.0, 107.9) is None
    assert idle.due(100.0, 108.0) is IdleMove.PROMPT
    assert idle.deadline(100.0) == 120.0  # no prompt was heard
    assert idle.deadline(111.0) == 123.0  # counted from the end of the prompt
    assert idle.due(111.0, 123.0) is IdleMove.END


def test_a_caller_who_answers_the_prompt_starts_afresh() -> None:
    idle = Idle(IdlePolicy(8.0, "Hello?", 12.0))
    assert idle.due(0.0, 8.0) is IdleMove.PROMPT
    idle.caller_active()
    assert idle.due(20.0, 28.0) is IdleMove.PROMPT


def test_either_half_can_be_left_out() -> None:
    assert Idle(IdlePolicy(None, "", 12.0)).due(0.0, 12.0) is IdleMove.END
    assert Idle(IdlePolicy(None, "", None)).deadline(0.0) == inf
    idle = Idle(IdlePolicy(8.0, "Hello?", None))
    assert idle.due(0.0, 8.0) is IdleMove.PROMPT
    assert idle.deadline(0.0) == inf


def test_while_anything_goes_on_nothing_is_due() -> None:
    assert Idle(IdlePolicy()).deadline(inf) == inf


@pytest.mark.parametrize("times", [(0.0, 1.0), (1.0, -1.0)])
def test_times_must_be_positive(times: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        IdlePolicy(times[0], "", times[1])
