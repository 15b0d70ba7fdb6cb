"""When a connection is left."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gemini.departure import FORGOTTEN_S, PREDIAL_PAUSE_S, Departure
from agent.gemini.models import profile_for
from agent.gemini.session_events import Why
from agent.gemini.session_state import MovePolicy

PROFILE = profile_for("gemini-3.8-live", "developer")
POLICY = MovePolicy(age_s=600.0, age_slack_s=60.0, go_away_s=10.0, margin_s=2.0)


def ready() -> Departure:
    departure = Departure(POLICY, PROFILE)
    departure.ready(1000.0)
    return departure


def test_a_connection_is_not_left_before_there_is_one() -> None:
    assert Departure(POLICY, PROFILE).due == inf


@pytest.mark.parametrize(
    ("notice", "must_at"),
    [
        (60.0, 1054.0),  # a tenth
        (20.0, 1018.0),  # two seconds
        (3.0, 1001.8),  # two fifths
        (0.5, 1000.3),
        (0.0, 1000.0),
        (None, 1008.0),
    ],
)
def test_a_notice_is_used_but_for_what_the_move_needs(notice: float | None, must_at: float) -> None:
    departure = ready()
    departure.go_away(notice, 1000.0)
    assert departure.why is Why.GO_AWAY
    assert departure.must_at == departure.due == pytest.approx(must_at)


def test_a_second_notice_does_not_give_more_time_but_may_give_less() -> None:
    departure = ready()
    departure.go_away(20.0, 1000.0)
    departure.go_away(60.0, 1001.0)
    assert departure.must_at == 1018.0
    departure.go_away(3.0, 1002.0)
    assert departure.must_at == pytest.approx(1003.8)


def test_a_connection_is_left_at_its_age_with_some_patience() -> None:
    departure = ready()
    assert departure.due == 1600.0
    departure.advance(1599.9)
    assert departure.must_at == inf
    departure.advance(1600.0)
    assert (departure.why, departure.must_at, departure.due) == (Why.AGE, 1660.0, 1660.0)
    departure.advance(1660.0)
    assert departure.must_at == 1660.0


def test_the_age_is_the_models_own_unless_the_policy_names_one() -> None:
    departure = Departure(MovePolicy(), PROFILE)
    departure.ready(0.0)
    assert departure.due == PROFILE.connection_age_s


def test_what_the_owner_wants_comes_soon_and_the_first_reason_stays() -> None:
    departure = ready()
    departure.want(Why.SETUP_CHANGED, 1010.0)
    assert (departure.why, departure.fresh) == (Why.SETUP_CHANGED, False)
    departure.want(Why.CONTEXT_LOST, 1012.0, fresh=True)
    departure.want(Why.SETUP_CHANGED, 1013.0)
    assert (departure.why, departure.fresh) == (Why.SETUP_CHANGED, True)
    assert departure.must_at == 1010.0 + FORGOTTEN_S


def test_a_connection_that_is_gone_is_not_left_again() -> None:
    departure = ready()
    departure.go_away(20.0, 1000.0)
    departure.gone()
    departure.advance(5000.0)
    assert (departure.why, departure.due) == (None, inf)


def test_the_next_connection_begins_without_a_reason() -> None:
    departure = ready()
    departure.want(Why.CONTEXT_LOST, 1000.0, fresh=True)
    departure.gone()
    departure.ready(1003.0)
    assert (departure.why, departure.fresh, departure.must_at) == (None, False, inf)
    assert departure.due == 1603.0


@given(st.one_of(st.none(), st.floats(0.0, 1e6)))
def test_the_connection_is_left_within_its_notice(notice: float | None) -> None:
    departure = ready()
    departure.go_away(notice, 1000.0)
    assert 1000.0 <= departure.must_at <= 1000.0 + (10.0 if notice is None else notice)


# The socket that waits


def test_the_next_socket_is_opened_early_and_once() -> None:
    departure = ready()
    departure.prepare(1001.0)
    assert departure.dial_at == 1001.0
    assert not departure.dials(1000.9)
    assert departure.dials(1001.0)
    assert not departure.dials(1001.0)
    assert not departure.is_prepared(open_=False)
    assert departure.is_prepared(open_=True)


def test_a_dial_that_failed_is_repeated_after_a_pause_but_not_once_it_is_left() -> None:
    departure = ready()
    departure.prepare(1001.0)
    assert departure.dials(1001.0)
    departure.dial_failed(1002.0, open_=False)
    assert departure.dial_at == 1002.0 + PREDIAL_PAUSE_S
    departure.gone()
    assert departure.dial_at == inf


def test_a_service_that_bears_no_idle_socket_is_dialled_after_the_close() -> None:
    departure = ready()
    departure.prepare(1001.0)
    assert departure.dials(1001.0)
    departure.dial_failed(1002.0, open_=True)
    assert departure.dial_at == inf
    assert departure.is_prepared(open_=False)
    departure.prepare(2001.0)
    assert departure.dials(2001.0), "the next time it is tried again"


def test_without_early_dialling_nothing_is_opened_and_nothing_waited_for() -> None:
    departure = Departure(MovePolicy(predial=False), PROFILE)
    departure.prepare(1.0)
    assert not departure.dials(9.0)
    assert departure.is_prepared(open_=False)
