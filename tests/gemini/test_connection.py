"""How far a connection has come."""

from math import inf

import pytest

from agent.gemini.connection import Connection, Stage
from agent.gemini.session_state import SessionLimits

LIMITS = SessionLimits(dial_timeout_s=8.0, setup_timeout_s=10.0, malformed_in_a_row=3)


def dialled() -> Connection:
    return Connection(7, LIMITS, 100.0)


def test_a_dial_takes_its_time_and_not_more() -> None:
    connection = dialled()
    assert (connection.number, connection.stage) == (7, Stage.DIALLING)
    assert connection.deadline == 108.0
    assert connection.overdue() == "no connection within 8 s"


def test_an_open_connection_may_wait_for_its_turn() -> None:
    connection = dialled()
    connection.connected()
    assert (connection.stage, connection.deadline) == (Stage.OPEN, inf)
    assert connection.phase == "dial"


@pytest.mark.parametrize(("resumes", "phase"), [(False, "setup"), (True, "resume")])
def test_a_setup_is_answered_in_time_or_overdue(resumes: bool, phase: str) -> None:
    connection = dialled()
    connection.connected()
    connection.set_up(resumes, 103.0)
    assert (connection.stage, connection.deadline) == (Stage.SETTING_UP, 113.0)
    assert (connection.phase, connection.resumes) == (phase, resumes)
    assert connection.overdue() == "no setupComplete within 10 s"


def test_a_connection_that_is_ready_has_no_deadline() -> None:
    connection = dialled()
    connection.connected()
    connection.set_up(False, 103.0)
    connection.ready(105.0)
    assert (connection.stage, connection.deadline, connection.ready_at) == (Stage.LIVE, inf, 105.0)
    assert connection.phase == "live"
    connection.stage = Stage.CLOSING
    assert connection.phase == "live"


def test_frames_nobody_can_read_are_borne_up_to_a_number() -> None:
    connection = dialled()
    assert [connection.unreadable() for _ in range(3)] == [False, False, True]
