"""Figures over many calls add up, whoever simulated them."""

from __future__ import annotations

import pickle

from agent.sim.simulation.draw import draw
from agent.sim.simulation.promises import Breach
from agent.sim.simulation.simulated import simulate
from agent.sim.simulation.totals import MOST_FAILED, Totals, simulate_calls


def test_two_halves_are_one_whole() -> None:
    whole, half = simulate_calls(1, 8), simulate_calls(1, 4)
    half.join(pickle.loads(pickle.dumps(simulate_calls(5, 4))))
    assert half == whole
    assert whole.calls == 8
    assert whole.outcomes.total() == 8
    assert whole.connections >= 8
    assert whole.virtual_s > 40


def test_breaches_are_counted_and_the_first_are_kept() -> None:
    totals, record = Totals(), simulate(draw(1))
    for _ in range(MOST_FAILED + 5):
        totals.add(record, [Breach("nothing_is_lost", "a word"), Breach("timers_move", "not")])
    assert totals.violations == 2 * (MOST_FAILED + 5)
    assert len(totals.failed) == MOST_FAILED
    assert totals.failed[0] == (1, Breach("nothing_is_lost", "a word"))
