"""Scripts drawn from seeds: the same each time, and all kinds of trouble among them."""

from __future__ import annotations

from collections import Counter

from agent.sim.simulation.draw import LONGEST_S, PROFILES, draw
from agent.sim.simulation.phone_side import FRAME_MS
from agent.sim.simulation.script import LineBreak, SteppingAside
from agent.sim.simulation.totals import KINDS, kind_of

SCRIPTS = [draw(seed) for seed in range(300)]


def test_a_seed_is_always_the_same_call() -> None:
    assert [draw(seed) for seed in range(20)] == SCRIPTS[:20]


def test_seeds_differ() -> None:
    assert len({repr(script.utterances) for script in SCRIPTS}) > 290


def test_everything_goes_wrong_somewhere() -> None:
    kinds = Counter(kind_of(trouble) for script in SCRIPTS for trouble in script.troubles)
    assert kinds.keys() == set(KINDS.values())


def test_in_some_calls_nothing_goes_wrong() -> None:
    assert 10 < sum(not script.troubles for script in SCRIPTS) < 60


def test_every_model_is_called_and_every_caller_says_something() -> None:
    assert {script.profile for script in SCRIPTS} == set(PROFILES)
    for script in SCRIPTS:
        assert script.utterances
        assert script.hang_up_s <= LONGEST_S
        assert all(utterance.ms % FRAME_MS == 0 for utterance in script.utterances)


def test_the_phone_goes_in_some_calls_whatever_else_a_seed_draws() -> None:
    line = LineBreak | SteppingAside
    gone = [script for script in SCRIPTS if any(isinstance(t, line) for t in script.troubles)]
    assert 5 < len(gone) < 30
    assert all(isinstance(script.troubles[-1], line) for script in gone)
