"""From one connection to the next, by hand: connections that are left."""

from agent.gemini.session import Loss, MovePolicy, SessionState
from agent.gemini.session_events import (
    CloseConnection,
    GoingAway,
    Moved,
    OpenConnection,
)
from agent.sim.faults import Faults
from agent.sim.mishaps import At, Refusal, ending
from tests.gemini.moving import ready
from tests.gemini.parties import frame, new_session, state_of
from tests.gemini.steps import SET_UP, handle_in, resumable, set_up


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


def test_leaving_without_a_connection_does_nothing() -> None:
    session = new_session()
    session.start(0.0)
    session.effects()
    session.move(0.5)
    assert session.effects() == []
    assert session.state is SessionState.CONNECTING


def test_a_second_notice_gives_no_more_time_than_the_first() -> None:
    session = resumable()
    session.caller_speech(True, 0.0)
    session.receive(1, frame(goAway={"timeLeft": "5s"}), 0.0)
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.0)
    session.handle_timer(3.0)
    assert session.state is SessionState.CLOSING


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
