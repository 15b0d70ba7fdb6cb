"""Where a conversation stands, in words."""

from agent.sim.talk_state import MOMENTS, Phase


def test_every_phase_but_listening_is_a_moment_that_something_can_be_planned_for() -> None:
    assert set(MOMENTS) == set(Phase) - {Phase.LISTENING}
    assert {phase.value: moment for phase, moment in MOMENTS.items()} == {
        moment: moment for moment in MOMENTS.values()
    }
