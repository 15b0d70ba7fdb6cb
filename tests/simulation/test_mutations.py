"""The simulation finds planted bugs: each within few calls, by the promise it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count, islice

import pytest

from agent.sim.simulation.draw import draw
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.script import LineBreak, SteppingAside
from agent.sim.simulation.simulated import simulate
from tests.simulation.mutations import Mutation
from tests.simulation.mutations_line import ALL

MOST_CALLS = 300


@cache
def sound_seeds() -> list[int]:
    """Calls that keep every promise while no bug is planted."""
    return [seed for seed in range(1, MOST_CALLS + 1) if not breaches(simulate(draw(seed)))]


def _away() -> Iterator[int]:
    """Calls whose phone goes for a while, from seed 1 on."""
    for seed in count(1):
        if any(isinstance(t, LineBreak | SteppingAside) for t in draw(seed).troubles):
            yield seed


@cache
def seeds_away(n: int) -> list[int]:
    """The first `n` of them; all of them keep every promise while no bug is planted."""
    seeds = list(islice(_away(), n))
    assert not [seed for seed in seeds if breaches(simulate(draw(seed)))]
    return seeds


def found_by(mutation: Mutation, seeds: list[int]) -> int | None:
    """The first call that shows the bug."""
    for seed in seeds:
        if mutation.breaks & {breach.promise for breach in breaches(simulate(draw(seed)))}:
            return seed
    return None


@pytest.mark.parametrize("name", ALL)
def test_the_simulation_finds(name: str) -> None:
    mutation = ALL[name]
    seeds = sound_seeds() if mutation.away is None else seeds_away(mutation.away)
    with pytest.MonkeyPatch.context() as patch:
        mutation.plant(patch)
        seed = found_by(mutation, seeds)
    assert seed is not None, f"{len(seeds)} calls show nothing of it"


def test_a_dozen_bugs_and_more_are_planted() -> None:
    assert len(ALL) >= 12
