from agent.call.playout import Playout
from agent.call.slowness import SLOW_AFTER, Slowness
from tests.call.line import voice


def test_a_turn_that_ran_dry_again_is_played_in_longer_stretches_and_the_next_is_not() -> None:
    playout = Playout(lead_ms=240, message_ms=100, start_ms=0)
    slowness = Slowness(playout)
    for _ in range(SLOW_AFTER):
        playout.push(1, voice(0.1, 24000), 0.0)
        assert playout.take(0.0) != []
        playout.clear(0.0)
        slowness.ran_dry(1, 0.0)
    playout.push(1, voice(0.1, 24000), 0.0)
    assert playout.take(0.0) == []
    slowness.ran_dry(2, 0.0)
    playout.clear(0.0)
    playout.push(2, voice(0.1, 24000), 0.0)
    assert playout.take(0.0) != []
    assert slowness.underruns == playout.underruns
