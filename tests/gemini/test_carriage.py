"""From one connection to the next, by hand: connections that are lost."""

import pytest

from agent.gemini.session import Loss, SessionState
from agent.gemini.session_events import (
    CloseConnection,
    Leaving,
    OpenConnection,
    Ready,
    SessionFailed,
    Why,
)
from tests.gemini.parties import frame, new_session
from tests.gemini.steps import DEADLINE, SET_UP, fail, handle_in, resumable, set_up


def test_the_first_connection_is_tried_again_like_any_other() -> None:
    session = new_session()
    session.start(0.0)
    session.effects()
    now = fail(session, 1, Loss(None, "refused", 503), 0.1)
    set_up(session, 2, now)
    assert session.events() == [Ready(None)]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_only_an_operator_can_change_is_not_tried_again(status: int) -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.lost(2, Loss(None, "refused", status), 20.1)
    assert isinstance(session.events()[-1], SessionFailed)
    assert session.state is SessionState.CLOSED


def test_the_pauses_grow_and_the_last_attempt_lies_within_the_budget() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 100.0)
    session.effects()
    now, connection, dials = 100.0, 2, []
    while True:
        session.lost(connection, Loss(None, "refused", 503), now)
        if session.state is SessionState.CLOSED:
            break
        now = session.next_timer() or now
        session.handle_timer(now)
        dials.append(now - 100.0)
        connection += 1
    assert dials[:4] == pytest.approx([0.375, 1.125, 2.625, 5.625])
    assert 28.9 < dials[-1] < 30.0


def test_no_attempt_outlasts_the_budget() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 100.0)
    ended_at = 0.0
    while (due := session.next_timer()) is not None:
        ended_at = due
        session.handle_timer(due)
    assert isinstance(session.events()[-1], SessionFailed)
    assert 28.9 < ended_at - 100.0 <= 30.0


def test_a_silent_dial_and_a_silent_resume_leave_time_for_a_fresh_session() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 100.0)
    session.effects()  # the dial of connection 2 hangs; the setup of 3 is not answered
    now, handles = 100.0, []
    for connection in (3, 4):
        while OpenConnection(connection) not in session.effects():
            now = session.next_timer() or now
            session.handle_timer(now)
        session.connected(connection, now + 0.4)
        handles.append(handle_in(session.effects()))
    assert handles == ["h-1", None]
    session.receive(4, SET_UP, now + 3.0)
    assert session.state is SessionState.READY
    assert now + 3.0 < 130.0


def test_a_quota_is_not_knocked_at() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 100.0)
    session.lost(2, Loss(None, "refused", 429), 100.0)
    assert session.next_timer() == pytest.approx(129.0)


def test_connections_that_die_young_end_the_session_in_the_end() -> None:
    session = resumable()
    now = 0.0
    for connection in range(1, 7):
        assert session.state is SessionState.READY
        now += 1.0
        session.lost(connection, Loss(1006, ""), now)
        if connection < 6:
            set_up(session, connection + 1, now)
    assert isinstance(session.events()[-1], SessionFailed)


def test_one_healthy_connection_wipes_out_the_failures_before_it() -> None:
    session = resumable()
    now = 0.0
    for connection in range(1, 12):
        now += 1.0 if connection != 5 else 11.0
        session.lost(connection, Loss(1006, ""), now)
        if session.state is SessionState.CLOSED:
            break
        set_up(session, connection + 1, now)
    assert connection == 11


def test_a_second_close_around_tools_within_a_minute_gives_the_handle_up() -> None:
    session = resumable()
    conflict = Loss(1008, "The operation was aborted.")
    session.lost(1, conflict, 20.0)
    session.effects()
    assert handle_in(set_up(session, 2, 20.1)) == "h-1"
    session.lost(2, conflict, 40.0)
    session.effects()
    assert handle_in(set_up(session, 3, 40.1)) is None


def test_a_handle_that_is_refused_twice_is_given_up() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    now, connection = 20.0, 2
    for _ in range(2):
        session.connected(connection, now)
        assert handle_in(session.effects()) == "h-1"
        now = fail(session, connection, Loss(1011, "Internal error encountered."), now)
        connection += 1
    assert handle_in(set_up(session, connection, now)) is None


def test_a_connection_that_says_nothing_though_the_caller_spoke_is_dead() -> None:
    session = resumable()
    session.caller_speech(True, 10.0)
    session.caller_speech(False, 11.0)
    assert session.next_timer() == 40.0
    session.handle_timer(40.0)
    [leaving] = [e for e in session.events() if isinstance(e, Leaving)]
    assert (leaving.why, leaving.planned) == (Why.SILENT, False)
    assert session.effects() == [CloseConnection(1, 1000, ""), OpenConnection(2)]


def test_unreadable_frames_while_setting_up_end_the_attempt() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.effects()
    for _ in range(10):
        session.receive(1, b"garbage", 0.1)
    assert session.effects() == [CloseConnection(1, 1002, "unreadable frames")]
    assert session.state is SessionState.WAITING


def test_a_session_that_has_forgotten_and_is_lost_before_it_moves_begins_anew() -> None:
    session = resumable()
    session.receive(1, frame(usageMetadata={"promptTokenCount": 1000}), 1.0)
    session.lost(1, DEADLINE, 20.0)
    set_up(session, 2, 20.0)
    session.caller_speech(True, 20.0)
    session.receive(2, frame(usageMetadata={"promptTokenCount": 10}), 21.0)
    session.lost(2, DEADLINE, 22.0)
    session.effects()
    assert handle_in(set_up(session, 3, 22.0)) is None


def test_an_attempt_that_begins_late_still_has_its_time() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.lost(2, Loss(None, "refused", 503), 20.0)
    session.handle_timer(60.0)
    assert session.next_timer() == 61.0
