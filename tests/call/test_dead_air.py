from agent.call.dead_air import DeadAir


def test_a_wait_ends_with_the_agent_and_the_longest_one_counts() -> None:
    air = DeadAir()
    assert air.longest_s(9.0) == 0.0
    air.over(0.5)  # nobody waited
    air.waits(1.0)
    assert air.longest_s(2.5) == 1.5
    air.over(3.0)
    air.waits(5.0)
    air.over(6.0)
    assert air.longest_s(99.0) == 2.0
    air.lasted(4.0)
    assert air.longest_s(99.0) == 4.0


def test_cover_breaks_a_wait_and_does_not_end_it() -> None:
    air = DeadAir()
    air.covered(0.0, 1.0)  # nobody waits
    air.waits(1.0)
    air.covered(1.5, 1.6)
    air.covered(1.6, 4.0)
    assert air.longest_s(4.2) == 0.5
    assert air.longest_s(6.0) == 2.0
    air.over(7.0)
    assert air.longest_s(99.0) == 3.0
