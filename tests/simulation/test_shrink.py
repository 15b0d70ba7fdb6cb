"""A failing script is made small: what is left is what it takes."""

from __future__ import annotations

import pytest

from agent.gemini.backoff import Backoff
from agent.sim.mishaps import At, Cut, Planned, Refusal
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.script import Ending, Refused, Script, SlowSetup, Utterance
from agent.sim.simulation.shrink import smallest
from agent.sim.simulation.simulated import simulate

PROMISE = "the_model_is_not_given_up"
DROP = Ending((Planned(At(4.0), Cut(), 1, 1),))
REFUSAL = Refused(Refusal(times=2, status=503, redials_of=0))
LARGE = Script(
    1,
    "dev-3.8",
    (Utterance(1, 800), Utterance(2, 400, "tool", barge_in_s=0.5), Utterance(3, 600)),
    keys=((2.0, "5"),),
    troubles=(SlowSetup(0.4), DROP, REFUSAL),
)


def test_only_what_it_takes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backoff, "failed", lambda *_, **__: None)  # the first refusal is the last
    small = smallest(LARGE, PROMISE)
    assert small.troubles == (DROP, REFUSAL)
    assert len(small.utterances) < len(LARGE.utterances)
    assert small.keys == ()
    assert PROMISE in {breach.promise for breach in breaches(simulate(small))}


def test_a_barge_in_that_is_not_needed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.sim.simulation.shrink.breaches", lambda record: _needs_two(record))
    small = smallest(LARGE, "two")
    assert [utterance.number for utterance in small.utterances] == [1, 2]
    assert all(utterance.barge_in_s is None for utterance in small.utterances)


def _needs_two(record: object) -> list[object]:
    from agent.sim.simulation.promises import Breach

    script = record.script  # type: ignore[attr-defined]
    return [Breach("two", "")] if {1, 2} <= {u.number for u in script.utterances} else []
