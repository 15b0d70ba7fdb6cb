"""The simulation finds planted bugs: each within few calls, by the promise it breaks."""

from __future__ import annotations

from functools import cache

import pytest

from agent.sim.simulation.draw import draw
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.simulated import simulate
from tests.simulation.mutations import MUTATIONS, Mutation

MOST_CALLS = 300


@cache
def sound_seeds() -> list[int]:
    """Calls that keep every promise while no bug is planted."""
    return [seed for seed in range(1, MOST_CALLS + 1) if not breaches(simulate(draw(seed)))]


def found_by(mutation: Mutation, seeds: list[int]) -> int | None:
    """The first call that shows the bug."""
    for seed in seeds:
        if mutation.breaks & {breach.promise for breach in breaches(simulate(draw(seed)))}:
            return seed
    return None


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_simulation_finds(name: str) -> None:
    mutation, seeds = MUTATIONS[name], sound_seeds()
    with pytest.MonkeyPatch.context() as patch:
        mutation.plant(patch)
        seed = found_by(mutation, seeds)
    assert seed is not None, f"{MOST_CALLS} calls show nothing of it"


def test_a_dozen_bugs_and_more_are_planted() -> None:
    assert len(MUTATIONS) >= 12
