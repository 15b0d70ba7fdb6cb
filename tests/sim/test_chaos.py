"""Misfortune by name and by seed."""

import pytest

from agent.errors import ConfigError
from agent.sim.chaos import CHAOS, chaos, random_faults
from agent.sim.faults import Faults
from agent.sim.mishaps import Cut, InTurn, Shut
from tests.sim.model_line import Line


def unlucky(*names: str) -> Line:
    """Two turns with a server of this kind."""
    line = Line("dev-3.1", setup={"sessionResumption": {}}, faults=chaos(names), reply_s=4.0)
    return line.set_up().text("one").run(6.0).forget().text("two")


def test_without_a_name_nothing_goes_wrong() -> None:
    assert chaos([]) == chaos(["none"]) == Faults()


def test_it_happens_in_the_middle_of_the_reply_that_is_named() -> None:
    [plan] = chaos(["drop"], reply=4).planned
    assert plan.when == InTurn(4, "speaking", audio_s=1.0)


def test_goaway_comes_in_mid_reply_and_means_it() -> None:
    line = unlucky("goaway").run(1.5)
    assert line.first("goAway").message["goAway"] == {"timeLeft": "10s"}
    assert line.run(8.0).close is None
    line.run(3.0)
    assert line.close is not None
    assert line.redial().forget().run(61.0).first("goAway").message["goAway"] == {"timeLeft": "10s"}


@pytest.mark.parametrize(("name", "code"), [("1011", 1011), ("drop", None), ("1007", None)])
def test_connections_end_in_mid_reply(name: str, code: int | None) -> None:
    line = unlucky(name).run(4.0)
    assert 1.0 <= line.audio_s < 1.3
    assert line.dropped is (code is None)
    assert (line.close and line.close.code) == code


def test_every_resume_is_refused_with_1007_but_no_fresh_session() -> None:
    line = unlucky("1007").run(4.0)
    for _ in range(3):
        line.redial()
        assert line.close is not None
        assert line.close.code == 1007
    assert line.redial("").close is None


def test_stall_and_phantom_interrupt_befall_the_second_reply() -> None:
    stalled = unlucky("stall").run(30.0)
    assert "generationComplete" not in stalled.labels
    phantom = unlucky("phantom-interrupt").run(30.0)
    assert "interrupted" in phantom.labels
    assert phantom.audio_s < 1.3


def test_slow_pong_and_refuse_are_for_the_shell() -> None:
    assert chaos(["slow-pong"]).slow_pong_s == 20.0
    faults = chaos(["refuse"])
    [refusal] = faults.refusals
    assert (refusal.status, refusal.redials_of) == (503, 0)
    assert any(isinstance(plan.what, Cut) for plan in faults.planned)


def test_names_add_up() -> None:
    faults = chaos(["goaway", "refuse", "slow-pong"])
    assert len(faults.planned) == 2
    assert faults.life is not None
    assert faults.slow_pong_s
    assert faults.refusals
    both = chaos(["random:3", "goaway"])
    assert len(both.planned) == len(random_faults(3).planned) + 2
    assert {plan.session for plan in both.planned} == {0}


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="--chaos rain: there is none; one of goaway, drop") as e:
        chaos(["goaway", "rain"])
    assert all(name in str(e.value) for name in CHAOS)
    with pytest.raises(ConfigError):
        chaos(["random:x"])


def test_a_seed_is_always_the_same_misfortune_and_another_another() -> None:
    drawn = [random_faults(seed) for seed in range(50)]
    assert drawn == [random_faults(seed) for seed in range(50)]
    assert len({repr(faults) for faults in drawn}) == 50


def test_seeds_reach_every_kind_of_misfortune() -> None:
    drawn = [random_faults(seed) for seed in range(300)]
    kinds = {type(plan.what).__name__ for faults in drawn for plan in faults.planned}
    assert kinds == {"GoAway", "Shut", "Cut", "PhantomInterrupt", "Stall"}
    whens = {type(plan.when).__name__ for faults in drawn for plan in faults.planned}
    assert whens == {"At", "InTurn"}
    assert any(faults.refusals for faults in drawn)
    assert len({faults.resumption for faults in drawn}) > 5


@pytest.mark.parametrize("seed", range(40))
def test_no_seed_makes_a_server_that_breaks_its_own_rules(seed: int) -> None:
    line = Line("dev-3.8", setup={"sessionResumption": {}}, faults=random_faults(seed), reply_s=1.0)
    line.set_up()
    for _ in range(4):
        for _ in range(3):
            if line.close is not None or line.dropped or "setupComplete" not in line.labels:
                break
            line.hush(0.4).say(1, 0.4, then=3.0)
        line.run(5.0).redial().run(5.0)
    ended = (Shut, Cut)
    assert any(isinstance(plan.what, ended) for plan in random_faults(seed).planned)
