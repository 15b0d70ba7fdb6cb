"""From one connection to the next, by hand: what goes wrong on the way."""

import json
from typing import Any

import pytest

from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionState
from agent.gemini.session_events import (
    CloseConnection,
    GoingAway,
    Leaving,
    Moved,
    MoveFailed,
    OpenConnection,
    Ready,
    SendFrame,
    SessionEffect,
    SessionFailed,
    Why,
)
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Refusal, ending
from tests.gemini.moving import ready
from tests.gemini.parties import frame, new_session, ready_session, state_of

HANDLE = frame(sessionResumptionUpdate={"newHandle": "h-1", "resumable": True})
SET_UP = frame(setupComplete={})
DEADLINE = Loss(1011, "Deadline expired before operation could complete.")


def resumable(policy: MovePolicy | None = None) -> LiveSession:
    """A session that is ready, idle, and has a handle."""
    session = ready_session(moves=policy)
    session.receive(1, HANDLE, 0.0)
    session.events()
    return session


def setup_in(effects: list[SessionEffect]) -> dict[str, Any]:
    """The one setup among these."""
    frames = [json.loads(e.frame) for e in effects if isinstance(e, SendFrame)]
    [setup] = [message["setup"] for message in frames if "setup" in message]
    return dict(setup)


def handle_in(effects: list[SessionEffect]) -> str | None:
    handle: str | None = setup_in(effects)["sessionResumption"].get("handle")
    return handle


def fail(session: LiveSession, connection: int, loss: Loss, now: float) -> float:
    """An attempt comes to nothing; when the next one is dialled."""
    session.lost(connection, loss, now)
    [event] = [e for e in session.events() if not isinstance(e, Leaving)]
    assert isinstance(event, MoveFailed)
    assert session.state is SessionState.WAITING
    assert session.next_timer() == now + event.retry_in_s
    session.handle_timer(now + event.retry_in_s)
    assert session.effects() == [OpenConnection(connection + 1)]
    return now + event.retry_in_s


def set_up(session: LiveSession, connection: int, now: float) -> list[SessionEffect]:
    """A connection is opened and set up; what the session sent on it."""
    session.connected(connection, now)
    effects = session.effects()
    session.receive(connection, SET_UP, now)
    return effects + session.effects()


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


def test_a_quota_is_not_knocked_at() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 100.0)
    session.lost(2, Loss(None, "refused", 429), 100.0)
    assert session.next_timer() == pytest.approx(129.0)


def test_an_idle_socket_the_service_does_not_bear_is_dialled_after_the_close() -> None:
    session = resumable()
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.caller_speech(True, 1.0)
    assert OpenConnection(2) in session.effects()
    session.connected(2, 1.1)
    session.lost(2, Loss(1000, ""), 3.0)
    assert session.effects() == []
    session.receive(1, frame(serverContent={}), 20.0)
    assert session.next_timer() == 46.0
    session.handle_timer(46.0)
    assert session.effects() == [CloseConnection(1, 1000, "")]
    session.lost(1, Loss(1000, ""), 46.0)
    assert session.effects() == [OpenConnection(3)]
    assert handle_in(set_up(session, 3, 46.2)) == "h-1"


def test_a_dial_that_fails_in_good_time_is_repeated_while_the_old_connection_serves() -> None:
    faults = Faults(
        planned=ending(At(2.0), 20.0), refusals=(Refusal(first=2, times=3, status=503),)
    )
    pair = ready(faults)
    pair.hush(10.0)
    assert len(pair.dials) == 5
    assert pair.leaving.planned
    assert pair.moved.took_s < 0.2
    assert pair.session.figures.failed_attempts == 0
    assert pair.session.counters["predial_failures"] == 3


def test_a_socket_that_is_still_being_dialled_when_the_time_is_up_is_waited_for() -> None:
    session = resumable()
    session.receive(1, frame(goAway={"timeLeft": "1s"}), 1.0)
    session.handle_timer(1.7)
    assert session.state is SessionState.CLOSING
    session.lost(1, Loss(1000, ""), 1.75)
    assert state_of(session) is SessionState.CONNECTING
    session.effects()
    assert handle_in(set_up(session, 2, 2.0)) == "h-1"


def test_a_dial_that_fails_while_the_former_socket_closes_is_made_again_at_once() -> None:
    session = resumable()
    session.receive(1, frame(goAway={"timeLeft": "1s"}), 1.0)
    session.handle_timer(1.7)
    session.lost(2, Loss(None, "refused", 503), 1.7)
    session.effects()
    session.lost(1, Loss(1000, ""), 1.75)
    assert session.effects() == [OpenConnection(3)]


def test_a_socket_that_does_not_close_is_not_waited_for_longer_than_allowed() -> None:
    session = resumable()
    session.move(5.0)
    assert session.effects() == [CloseConnection(1, 1000, "")]
    assert session.next_timer() == 5.3
    session.handle_timer(5.3)
    assert session.effects() == [OpenConnection(2)]
    set_up(session, 2, 5.5)
    moved = session.events()[-1]
    assert isinstance(moved, Moved)
    assert (moved.planned, moved.resumed) == (True, True)
    session.lost(1, Loss(1000, ""), 9.0)
    assert session.state is SessionState.READY


def test_where_overlap_is_known_to_work_the_setup_goes_out_first() -> None:
    session = resumable(MovePolicy(overlap=True))
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.2)
    effects = session.effects()
    assert handle_in(effects) == "h-1"
    assert not any(isinstance(effect, CloseConnection) for effect in effects)
    session.receive(2, SET_UP, 1.4)
    assert session.effects() == [CloseConnection(1, 1000, "")]


def test_an_overlap_that_is_refused_closes_the_former_socket_and_goes_on() -> None:
    session = resumable(MovePolicy(overlap=True))
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.2)
    session.effects()
    session.lost(2, Loss(1011, ""), 1.3)
    assert session.effects() == [CloseConnection(1, 1000, "")]
    assert session.state is SessionState.WAITING


def test_closing_in_the_middle_of_an_overlap_closes_both() -> None:
    session = resumable(MovePolicy(overlap=True))
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.2)
    session.effects()
    session.close(1.3)
    closed = {e.connection for e in session.effects() if isinstance(e, CloseConnection)}
    assert closed == {1, 2}


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


def test_a_frame_of_the_connection_just_left_may_still_bring_a_newer_handle() -> None:
    session = resumable()
    session.move(5.0)
    newer = frame(sessionResumptionUpdate={"newHandle": "h-2", "resumable": True})
    session.receive(1, newer, 5.1)
    session.receive(1, frame(serverContent={"turnComplete": True}), 5.1)
    session.receive(1, b"garbage", 5.1)
    session.receive(7, newer, 5.1)
    assert session.handle == "h-2"
    assert session.counters["received_out_of_place"] == 2


def test_a_connection_that_says_nothing_though_the_caller_spoke_is_dead() -> None:
    session = resumable()
    session.caller_speech(True, 10.0)
    session.caller_speech(False, 11.0)
    assert session.next_timer() == 40.0
    session.handle_timer(40.0)
    [leaving] = [e for e in session.events() if isinstance(e, Leaving)]
    assert (leaving.why, leaving.planned) == (Why.SILENT, False)
    assert session.effects() == [CloseConnection(1, 1000, ""), OpenConnection(2)]


def test_leaving_without_a_connection_does_nothing() -> None:
    session = new_session()
    session.start(0.0)
    session.effects()
    session.move(0.5)
    assert session.effects() == []
    assert session.state is SessionState.CONNECTING


def test_unreadable_frames_while_setting_up_end_the_attempt() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.effects()
    for _ in range(10):
        session.receive(1, b"garbage", 0.1)
    assert session.effects() == [CloseConnection(1, 1002, "unreadable frames")]
    assert session.state is SessionState.WAITING


def test_a_second_notice_gives_no_more_time_than_the_first() -> None:
    session = resumable()
    session.caller_speech(True, 0.0)
    session.receive(1, frame(goAway={"timeLeft": "5s"}), 0.0)
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.0)
    session.handle_timer(3.0)
    assert session.state is SessionState.CLOSING


@pytest.mark.parametrize("left", [None, "", "soon", "-3s", {}, "9.5s", 7])
def test_a_notice_is_taken_whatever_it_says(left: Any) -> None:
    session = resumable()
    session.caller_speech(True, 0.0)
    session.receive(1, frame(goAway={} if left is None else {"timeLeft": left}), 0.0)
    session.handle_timer(9.0)
    assert session.state is not SessionState.READY or session.counters["malformed"]


def test_a_notice_that_comes_before_the_setup_is_answered_is_heeded() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.receive(1, frame(goAway={"timeLeft": "5s"}), 1.0)
    session.receive(1, SET_UP, 2.0)
    session.caller_speech(True, 2.0)
    assert GoingAway(5.0) in session.events()
    assert session.state is SessionState.PREPARING
    session.handle_timer(4.0)
    assert state_of(session) is SessionState.CLOSING


def test_a_resume_refused_while_the_former_socket_is_open_is_no_fault_of_the_handle() -> None:
    session = resumable()
    session.move(5.0)
    session.handle_timer(5.3)
    session.effects()
    refused = Loss(1011, "Internal error encountered.")
    session.connected(2, 5.4)
    session.lost(2, refused, 5.5)
    now = session.next_timer() or 0.0
    session.handle_timer(now)
    session.connected(3, now)
    session.lost(3, refused, now)
    session.effects()
    session.lost(1, Loss(1000, ""), now + 0.1)
    assert session.effects() == [OpenConnection(4)], "what stood in the way is gone"
    assert handle_in(set_up(session, 4, now + 0.2)) == "h-1"


def test_a_session_that_is_about_to_end_stays_where_it_is_until_it_must_go() -> None:
    session = resumable()
    session.staying = True
    assert session.staying
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.1)
    session.receive(1, frame(serverContent={}), 20.0)
    assert session.state is SessionState.PREPARING
    session.handle_timer(46.0)
    assert state_of(session) is SessionState.CLOSING


def test_a_handle_of_the_closing_connection_is_of_no_use_to_who_begins_anew() -> None:
    session = resumable()
    session.move(5.0, fresh=True)
    session.receive(1, frame(sessionResumptionUpdate={"newHandle": "h", "resumable": True}), 5.1)
    session.receive(1, frame(sessionResumptionUpdate={}), 5.1)
    assert session.handle is None


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
