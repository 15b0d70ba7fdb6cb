"""Going on from a handle that the owner chose, older than the newest, or of another session."""

import json
from typing import Any

from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionState
from agent.gemini.session_events import (
    CloseConnection,
    Leaving,
    OpenConnection,
    SendFrame,
    SessionEffect,
)
from tests.gemini.parties import content, frame, pcm_of, ready_session, speech, state_of, told
from tests.gemini.steps import DEADLINE, handle_in, resumable, set_up, setup_in

CLOSED = Loss(1000, "")


def handle(name: str, **more: Any) -> bytes:
    return frame(sessionResumptionUpdate={"newHandle": name, "resumable": True, **more})


def exchange(session: LiveSession, question: str, answer: str, at: float = 1.0) -> None:
    """The caller asks, the model answers, and its turn is over."""
    session.caller_speech(True, at)
    session.send_audio(pcm_of(640), at)
    session.caller_speech(False, at)
    told(session, content(inputTranscription={"text": question}))
    told(session, content(outputTranscription={"text": answer}))
    told(session, speech(pcm_of(10)))
    told(session, content(generationComplete=True))
    told(session, content(turnComplete=True))


def resumed_with(session: LiveSession, name: str) -> list[SessionEffect]:
    """The session goes on from that handle; what the next connection is sent."""
    session.effects()
    session.resume(name, 10.0)
    session.lost(1, CLOSED, 10.1)
    session.effects()
    return set_up(session, 2, 10.2)


def texts(effects: list[SessionEffect]) -> list[str]:
    """The turns that were told."""
    messages = [json.loads(e.frame) for e in effects if isinstance(e, SendFrame)]
    told = [m["clientContent"]["turns"] for m in messages if "clientContent" in m]
    return [turn["parts"][0]["text"] for turns in told for turn in turns]


def n_audio(effects: list[SessionEffect]) -> int:
    return sum(isinstance(e, SendFrame) and b'"audio"' in e.frame for e in effects)


def two_exchanges(model: str = "gemini-3.8-live") -> LiveSession:
    session = ready_session(model)
    exchange(session, "When are you open?", "From nine.")
    told(session, handle("h-1"))
    exchange(session, "And on Sunday?", "From ten.", at=2.0)
    told(session, handle("h-2"))
    return session


def test_from_the_newest_nothing_is_told() -> None:
    effects = resumed_with(two_exchanges(), "h-2")
    assert handle_in(effects) == "h-2"
    assert (texts(effects), n_audio(effects)) == ([], 0)


def test_an_older_one_is_told_what_was_said_since_and_not_sent_what_was_answered() -> None:
    session = two_exchanges()
    effects = resumed_with(session, "h-1")
    assert handle_in(effects) == "h-1"
    assert texts(effects) == ["And on Sunday?", "From ten."]
    assert n_audio(effects) == 0


def test_one_of_another_session_is_told_all_of_this_one() -> None:
    effects = resumed_with(two_exchanges(), "h-foreign")
    assert texts(effects) == ["When are you open?", "From nine.", "And on Sunday?", "From ten."]


def test_reminders_left_out_go_back_to_what_the_handle_knew() -> None:
    session = ready_session(moves=MovePolicy(reminds=False))
    told(session, handle("h-1"))
    exchange(session, "And on Sunday?", "From ten.")
    told(session, handle("h-2"))
    assert texts(resumed_with(session, "h-1")) == []


def test_an_open_utterance_is_sent_from_where_the_older_handle_came() -> None:
    for name, packets in (("h-1", 25), ("h-2", 5 + 5)):
        session = ready_session()
        session.caller_speech(True, 1.0)
        told(session, handle("h-1"))
        for place in range(25):
            session.send_audio(pcm_of(640), 2.0 + place / 16)
            if place == 19:
                told(session, handle("h-2"), 2.0 + place / 16)
        effects = resumed_with(session, name)
        while (due := session.next_timer()) is not None and due < 20.0:
            session.handle_timer(due)
            effects += session.effects()
        assert n_audio(effects) == packets
        assert session.figures.caller_ms_repeated == (0 if name == "h-1" else 200)


def test_what_the_newest_acknowledged_the_older_one_may_lack() -> None:
    session = ready_session("gemini-3.8-live", "vertex")
    told(session, handle("h-1", lastConsumedClientMessageIndex=0))
    session.caller_speech(True, 1.0)
    for _ in range(5):
        session.send_audio(pcm_of(640), 1.0)
    told(session, handle("h-2", lastConsumedClientMessageIndex=5))
    assert session.unconfirmed_ms == 0
    assert n_audio(resumed_with(session, "h-1")) == 5


def test_a_text_that_the_older_one_lacks_and_nobody_answered_is_sent_again() -> None:
    session = resumable()
    session.send_audio(pcm_of(640), 1.0)
    session.send_text("When are you open?", 2.0)
    session.send_audio(pcm_of(640), 2.0)
    told(session, handle("h-2"))
    live = [e for e in resumed_with(session, "h-1") if isinstance(e, SendFrame)]
    assert sum(b'"text":"When' in e.frame for e in live) == 1


def test_lost_again_before_a_handle_came_it_is_the_same_handle_that_is_resumed() -> None:
    session = two_exchanges()
    resumed_with(session, "h-1")
    session.lost(2, DEADLINE, 30.0)
    session.effects()
    effects = set_up(session, 3, 30.1)
    assert handle_in(effects) == "h-1"
    assert texts(effects) == ["And on Sunday?", "From ten."]


def test_a_handle_that_came_after_the_older_one_was_resumed_knows_all() -> None:
    session = two_exchanges()
    resumed_with(session, "h-1")
    session.receive(2, handle("h-3"), 11.0)
    session.lost(2, DEADLINE, 30.0)
    session.effects()
    effects = set_up(session, 3, 30.1)
    assert handle_in(effects) == "h-3"
    assert texts(effects) == []


def test_a_late_handle_of_the_connection_that_is_left_does_not_undo_the_choice() -> None:
    session = two_exchanges()
    session.resume("h-1", 10.0)
    session.receive(1, handle("h-late"), 10.05)
    assert session.handle == "h-1"


def test_a_handle_that_comes_while_another_is_being_resumed_is_not_taken_for_it() -> None:
    session = resumable(MovePolicy(overlap=True))
    session.send_text("When are you open?", 1.0)
    session.send_audio(pcm_of(640), 1.0)
    session.receive(1, frame(goAway={"timeLeft": "50s"}), 1.0)
    session.connected(2, 1.2)
    session.effects()
    session.handle_timer(46.0)
    assert handle_in(session.effects()) == "h-1"
    session.receive(1, handle("h-2"), 46.1)  # of the former, which knows of the question
    session.receive(2, frame(setupComplete={}), 46.2)
    sent = [e.frame for e in session.effects() if isinstance(e, SendFrame)]
    assert sum(b'"text":"When' in text for text in sent) == 1
    assert session.handle == "h-2"


def test_another_choice_takes_the_place_of_a_setup_that_is_on_its_way() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.connected(2, 20.1)
    session.effects()
    session.resume("h-other", 20.2)
    assert session.effects() == [CloseConnection(2, 1000, ""), OpenConnection(3)]
    session.receive(2, frame(setupComplete={}), 20.3)
    assert state_of(session) is SessionState.CONNECTING
    assert handle_in(set_up(session, 3, 20.4)) == "h-other"
    session.lost(2, CLOSED, 20.5)
    assert session.ready


def test_to_begin_anew_takes_the_place_of_a_resume_that_is_on_its_way() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.connected(2, 20.1)
    session.effects()
    session.move(20.2, fresh=True)
    assert session.effects() == [CloseConnection(2, 1000, ""), OpenConnection(3)]
    assert handle_in(set_up(session, 3, 20.4)) is None
    assert session.figures.fresh_starts == 1


def test_a_change_of_context_takes_the_place_of_a_setup_that_is_on_its_way() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    session.connected(2, 20.1)
    session.effects()
    session.move(20.15)  # says nothing new
    assert session.effects() == []
    session.update_context(20.2, instruction="Be brief.")
    assert session.effects() == [CloseConnection(2, 1000, ""), OpenConnection(3)]
    setup = setup_in(set_up(session, 3, 20.4))
    assert setup["systemInstruction"]["parts"] == [{"text": "Be brief."}]


def test_a_choice_counts_more_than_a_context_that_was_lost() -> None:
    session = resumable()
    told(session, frame(usageMetadata={"promptTokenCount": 1000}))
    session.lost(1, DEADLINE, 20.0)
    set_up(session, 2, 20.0)
    session.caller_speech(True, 20.0)
    session.receive(2, frame(usageMetadata={"promptTokenCount": 10}), 21.0)
    session.effects()
    session.resume("h-1", 21.5)
    session.lost(2, CLOSED, 21.6)
    session.effects()
    assert handle_in(set_up(session, 3, 22.0)) == "h-1"


def test_no_reason_tells_the_handle_that_was_resumed_with_though_a_newer_one_came() -> None:
    session = resumable()
    session.lost(1, DEADLINE, 20.0)
    set_up(session, 2, 20.1)
    session.receive(2, handle("h-2"), 21.0)
    session.events()
    session.lost(2, Loss(1011, "h-1, now h-2, is over"), 40.0)
    leaving = session.events()[0]
    assert isinstance(leaving, Leaving)
    assert leaving.text == "***, now ***, is over"
