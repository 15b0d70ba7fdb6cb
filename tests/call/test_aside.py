from math import inf

import pytest

from agent.call.aside import Aside, PhoneState
from agent.call.effects import Outcome
from agent.errors import LocalProtocolError


def test_a_phone_that_is_lost_may_be_away_for_so_long() -> None:
    aside = Aside()
    assert (aside.away, aside.deadline, aside.outcome) == (False, inf, Outcome.PHONE_LOST)
    aside.lost(20.0, 100.0)
    assert (aside.away, aside.deadline) == (True, 120.0)
    assert aside.away_s(103.0) == 3.0


def test_a_phone_that_is_let_go_is_waited_for_as_long_as_was_said_then() -> None:
    aside = Aside()
    aside.leaving(60.0, Outcome.TRANSFERRED)
    assert not aside.away
    aside.lost(20.0, 100.0)
    assert (aside.deadline, aside.outcome) == (160.0, Outcome.TRANSFERRED)


def test_a_phone_that_comes_back_is_here_once_its_stream_began() -> None:
    aside = Aside()
    aside.lost(20.0, 100.0)
    aside.coming()
    assert aside.away
    assert aside.back(104.0) == 4.0
    assert (aside.away, aside.deadline, aside.returns) == (False, inf, 1)
    aside.lost(20.0, 200.0)
    assert aside.away_s(201.0) == 5.0


def test_a_stream_that_never_began_does_not_lengthen_the_wait() -> None:
    aside = Aside()
    aside.leaving(60.0, Outcome.TRANSFERRED)
    aside.lost(0.0, 100.0)
    aside.coming()
    aside.lost(20.0, 130.0)
    assert aside.state is PhoneState.AWAY
    assert (aside.deadline, aside.outcome) == (160.0, Outcome.TRANSFERRED)


def test_what_was_wanted_once_does_not_hold_for_a_later_loss() -> None:
    aside = Aside()
    aside.leaving(60.0, Outcome.TRANSFERRED)
    aside.stays()
    assert aside.state is PhoneState.HERE
    aside.stays()
    aside.lost(20.0, 100.0)
    assert (aside.deadline, aside.outcome) == (120.0, Outcome.PHONE_LOST)


def test_a_step_that_is_none_is_an_error_of_ours() -> None:
    with pytest.raises(LocalProtocolError, match="here cannot be coming"):
        Aside().coming()
