"""What no service should send, and some may: each has a conduct of its own, and harms no call."""

from typing import Any

import pytest

from agent.gemini.models import profile_for
from agent.gemini.session import LiveSession, Loss, SessionState
from agent.gemini.session_events import (
    GoingAway,
    InputTranscript,
    ModelAudio,
    SessionFailed,
)
from agent.gemini.setup import SetupOptions, build_setup
from agent.sim.faults import Faults
from agent.sim.mishaps import Refusal, Shut
from tests.gemini.moving import Pair
from tests.gemini.parties import (
    audio_part,
    frame,
    new_session,
    pcm_of,
    ready_session,
    state_of,
    told,
    tool_call,
)
from tests.gemini.steps import DEADLINE, HANDLE, SET_UP, resumable, set_up, setup_in


def test_a_handle_that_comes_twice_or_out_of_order_is_the_newest() -> None:
    session = resumable()
    for handle in ("h-2", "h-2", "h-1"):
        told(session, frame(sessionResumptionUpdate={"newHandle": handle, "resumable": True}))
        assert session.handle == handle


def foreign(reason: str, code: int) -> Pair:
    """A session that begins with a handle that the service refuses so."""
    refusal = Refusal(resumes_only=True, close=Shut(code, reason))
    return Pair(Faults(refusals=(refusal,)), handle="h-foreign").hush(3.0)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("session not found", 1008),
        ("The session handle has expired.", 1008),
        ("Request contains an invalid argument.", 1007),
        ("", 1007),
        ("", 1008),
    ],
)
def test_a_handle_that_is_foreign_or_expired_is_given_up_for_a_fresh_session(
    reason: str, code: int
) -> None:
    pair = foreign(reason, code)
    assert [list(m.get("sessionResumption", {})) for m in pair.sent("setup")] == [["handle"], []]
    assert pair.session.figures.failed_attempts == 1
    assert pair.session.state is SessionState.READY
    said = pair.say(then=6.0)
    assert pair.account(said).n_missing == 0


@pytest.mark.parametrize(
    ("update", "incomplete"),
    [
        ({}, 0),
        ({"newHandle": "h-2", "resumable": True}, 0),
        ({"resumable": True}, 1),
        ({"newHandle": "", "resumable": True}, 1),
        ({"newHandle": "h-2"}, 1),
    ],
)
def test_a_handle_that_cannot_be_one_is_counted(update: dict[str, Any], incomplete: int) -> None:
    session = resumable()
    told(session, frame(sessionResumptionUpdate=update))
    assert session.counters["handles_incomplete"] == incomplete


@pytest.mark.parametrize("handle", [7, True, ["h-2"], {}])
def test_a_handle_of_a_strange_type_is_refused_with_its_frame(handle: Any) -> None:
    session = resumable()
    told(session, frame(sessionResumptionUpdate={"newHandle": handle, "resumable": True}))
    assert (session.handle, session.counters["malformed"]) == ("h-1", 1)


NO_TIME: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("notice", "left_s", "counted"),
    [
        (NO_TIME, None, 0),
        ({"timeLeft": ""}, None, 0),
        ({"timeLeft": "soon"}, None, 1),
        ({"timeLeft": "9.5"}, None, 1),
        ({"timeLeft": "1e3s"}, None, 1),
        ({"timeLeft": None}, None, 1),
        ({"timeLeft": {"seconds": 9}}, None, 1),
        ({"timeLeft": [9]}, None, 1),
        ({"timeLeft": True}, None, 1),
        ({"timeLeft": "-3s"}, 0.0, 1),
        ({"timeLeft": -3}, 0.0, 1),
        ({"timeLeft": "0s"}, 0.0, 0),
        ({"timeLeft": "9.5s"}, 9.5, 0),
        ({"timeLeft": "3.000000001s"}, 3.000000001, 0),
        ({"timeLeft": 7}, 7.0, 0),
    ],
)
def test_a_notice_is_heeded_whatever_it_says(
    notice: dict[str, Any], left_s: float | None, counted: int
) -> None:
    session = resumable()
    session.caller_speech(True, 0.0)  # no good moment
    assert GoingAway(left_s) in told(session, frame(goAway=notice), 0.0)
    assert session.counters["notices_unreadable"] == counted
    assert session.counters["malformed"] == 0
    given_s = 10.0 if left_s is None else left_s
    must_at = given_s - min(2.0, 0.4 * given_s)
    if must_at:
        session.handle_timer(must_at - 0.001)
        assert state_of(session) is SessionState.PREPARING
    session.handle_timer(must_at)
    assert state_of(session) is SessionState.CLOSING


@pytest.mark.parametrize(
    ("index", "left_ms"),
    [
        ("3", 80),
        (3, 80),
        ("0", 200),
        (0, 200),
        ("-4", 200),
        (5, 0),
        ("99999999999999999999", 0),
        (10_000, 0),
        ("x", 160),
        ("1.5", 160),
        (1.5, 160),
        ([], 160),
        (None, 160),
    ],
)
def test_an_index_is_taken_as_string_or_number_and_anything_else_says_nothing(
    index: Any, left_ms: int
) -> None:
    session = ready_session("gemini-3.8-live", "vertex")
    for _ in range(5):
        session.send_audio(pcm_of(640), 1.0)
    says_nothing = left_ms == 160
    if says_nothing:
        told(session, acknowledging("h-1", 1))
    told(session, acknowledging("h-2", index))
    assert session.unconfirmed_ms == left_ms
    assert session.state is SessionState.READY
    session.send_audio(pcm_of(640), 1.0)
    assert session.unconfirmed_ms == left_ms + 40, "what comes later is not taken in"


def acknowledging(handle: str, index: Any) -> bytes:
    update = {"newHandle": handle, "resumable": True, "lastConsumedClientMessageIndex": index}
    return frame(sessionResumptionUpdate=update)


def test_indices_in_any_order_leave_the_highest_and_are_counted() -> None:
    session = ready_session("gemini-3.8-live", "vertex")
    for _ in range(5):
        session.send_audio(pcm_of(640), 1.0)
    for index in ("4", 2, "3", "4", -1):
        told(session, acknowledging("h", index))
    assert session.unconfirmed_ms == 40
    assert session.counters["acknowledgements_backwards"] == 3


def test_an_index_of_the_connection_before_says_nothing_of_the_present_one() -> None:
    session = ready_session("gemini-3.8-live", "vertex")
    session.send_audio(pcm_of(640), 1.0)
    told(session, acknowledging("h-1", 0))
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    set_up(session, 2, 20.1)
    session.receive(1, acknowledging("h-0", 1), 20.2)
    assert (session.handle, session.unconfirmed_ms) == ("h-1", 40)
    assert session.counters["received_out_of_place"] == 1


def test_an_update_before_the_setup_is_answered_is_counted_and_ignored() -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.receive(1, HANDLE, 0.1)
    assert session.handle is None
    session.receive(1, SET_UP, 0.2)
    session.receive(1, HANDLE, 0.3)
    session.receive(1, SET_UP, 0.4)
    assert session.handle == "h-1"
    assert session.counters == {"received_before_setup": 1}
    assert session.ready


def test_an_update_after_a_notice_is_the_one_that_is_resumed_with() -> None:
    session = resumable()
    session.caller_speech(True, 1.0)
    told(session, frame(goAway={"timeLeft": "5s"}))
    newer = frame(sessionResumptionUpdate={"newHandle": "h-2", "resumable": True})
    told(session, newer)
    told(session, frame(sessionResumptionUpdate={}))
    session.handle_timer(4.0)
    session.lost(1, Loss(1000, ""), 4.1)
    session.effects()
    session.lost(2, Loss(None, "refused", 503), 4.2)
    session.handle_timer(5.0)
    session.effects()
    assert setup_in(set_up(session, 3, 5.1))["sessionResumption"] == {"handle": "h-2"}


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1013, 4321, None])
def test_a_server_that_closes_during_set_up_is_dialled_again(code: int | None) -> None:
    session = new_session()
    session.start(0.0)
    session.connected(1, 0.0)
    session.lost(1, Loss(code, ""), 0.1)
    assert state_of(session) is SessionState.WAITING
    session.handle_timer(session.next_timer() or 0.0)
    session.effects()
    set_up(session, 2, 1.0)
    assert session.ready
    assert session.figures.failed_attempts == 1


def test_a_server_that_answers_a_setup_it_was_not_sent_is_not_believed() -> None:
    session = resumable()
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.caller_speech(True, 1.0)
    session.connected(2, 1.1)
    session.receive(2, SET_UP, 1.2)
    session.receive(2, HANDLE, 1.2)
    assert session.counters["received_out_of_place"] == 2
    assert state_of(session) is SessionState.PREPARING


def test_a_server_that_has_been_left_may_say_what_it_likes() -> None:
    session = resumable()
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.1)
    assert state_of(session) is SessionState.CLOSING
    for _ in range(50):
        session.receive(1, b"garbage", 1.2)
    session.lost(1, Loss(1000, ""), 1.3)
    session.effects()
    session.receive(2, SET_UP, 1.4)
    assert session.ready, "the next connection is as good as it was"
    session.receive(1, tool_call("a"), 1.5)
    session.receive(1, frame(goAway={"timeLeft": "0s"}), 1.5)
    assert session.ready
    assert session.counters["received_out_of_place"] == 52


def test_a_server_that_talks_after_the_end_is_not_heard() -> None:
    session = resumable()
    session.close(1.0)
    session.effects()
    for text in (SET_UP, HANDLE, tool_call("a"), frame(goAway={}), b"garbage"):
        session.receive(1, text, 1.1)
    assert (session.effects(), session.events()) == ([], [])
    assert session.counters == {"received_out_of_place": 5}


def test_a_setup_without_resumption_is_moved_afresh() -> None:
    setup = build_setup(SetupOptions("gemini-3.8-live", resumption=False))
    session = LiveSession(setup, profile_for("gemini-3.8-live", "developer"))
    session.start(0.0)
    set_up(session, 1, 0.0)
    session.lost(1, DEADLINE, 20.0)
    assert "sessionResumption" not in setup_in(set_up(session, 2, 20.1))


def test_a_service_that_says_nothing_but_its_name_ends_after_the_budget() -> None:
    session = new_session()
    session.start(0.0)
    now, connection = 0.0, 1
    while session.state is not SessionState.CLOSED and now < 100.0:
        if session.state is SessionState.CONNECTING:
            session.connected(connection, now)
        now = session.next_timer() or now
        session.handle_timer(now)
        connection = max([connection, *(e.connection for e in session.effects())])
    assert isinstance(session.events()[-1], SessionFailed)
    assert 20.0 < now < 45.0


def test_transcripts_and_audio_of_a_connection_that_is_gone_are_not_told() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.events()
    late = frame(
        serverContent={
            "modelTurn": {"parts": [audio_part(pcm_of(10))]},
            "inputTranscription": {"text": "late"},
        }
    )
    session.receive(1, late, 20.1)
    events = session.events()
    assert not any(isinstance(event, ModelAudio | InputTranscript) for event in events)
