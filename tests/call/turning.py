"""A turn of the agent's."""

from agent.call.turn import Turn
from agent.call.turns import Turns


def spoken(turns: Turns, now: float, seconds: float = 1.0) -> Turn:
    turn = turns.model_spoke(now)
    assert turn is not None
    turn.audio += round(8000 * seconds)
    return turn
