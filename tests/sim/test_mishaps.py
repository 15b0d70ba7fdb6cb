"""What can befall a connection, as data."""

from agent.sim.mishaps import At, GoAway, InTurn, Planned, Shut, ending


def test_an_ending_is_a_notice_and_an_end_when_it_has_run_out() -> None:
    assert ending(At(3.0), 0.5) == (
        Planned(At(3.0), GoAway("0.5s")),
        Planned(At(3.5), Shut()),
    )
    close = Shut(1011, "later")
    assert ending(InTurn(2, after_s=1.0), 3.0, says="soon", end=close) == (
        Planned(InTurn(2, after_s=1.0), GoAway("soon")),
        Planned(InTurn(2, after_s=4.0), close),
    )


def test_a_notice_can_leave_out_how_long_it_is() -> None:
    notice, _ = ending(At(0.0), 3.0, says="")
    assert notice.what == GoAway(None)
