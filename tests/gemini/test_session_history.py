"""What a connection is told of the talk before it, fresh or resumed, and what it hears again."""

import json
from typing import Any

import pytest

from agent.gemini.session import LiveSession, Loss, MovePolicy, SessionState
from agent.gemini.session_events import InputTranscript, Moved, SessionEffect
from agent.gemini.tools import FunctionResponse
from agent.gemini.transcripts import REPEATS_WITHIN_S
from tests.gemini.parties import D25, content, frame, ready_session, sent, told, tool_call, user
from tests.gemini.steps import DEADLINE, HANDLE, set_up, setup_in

FRESH = Loss(1007, "Request contains an invalid argument.")


def begun_anew(session: LiveSession, now: float = 30.0) -> list[SessionEffect]:
    """The session loses its connection and its handle; what the next one is told."""
    session.effects()
    session.lost(1, FRESH, now)
    session.effects()
    return set_up(session, 2, now)


def handed(effects: list[SessionEffect]) -> Any:
    """The history in what was sent after the setup."""
    frames = [json.loads(getattr(e, "frame", b"{}")) for e in effects]
    [message, *_] = [m["clientContent"] for m in frames if "clientContent" in m]
    return message


def test_a_fresh_session_is_told_what_was_said_and_what_functions_answered() -> None:
    session = ready_session()
    told(session, content(inputTranscription={"text": "A table "}))
    told(session, content(inputTranscription={"text": "for two."}))
    told(session, tool_call("a"))
    session.send_tool_responses([FunctionResponse("a", response={"output": "free"})], 2.0)
    told(session, content(outputTranscription={"text": "It is free."}))
    told(session, content(turnComplete=True))
    session.send_text("Thanks.", 3.0)
    session.send_text("(nudge)", 3.0, remember=False)
    effects = begun_anew(session)
    turns = handed(effects)["turns"]
    assert [(turn["role"], turn["parts"][0]["text"]) for turn in turns] == [
        ("user", "A table for two."),
        ("model", "(I called look_up with {}.)"),
        ("model", '(look_up answered: {"output":"free"})'),
        ("model", "It is free."),
        ("user", "Thanks."),
    ]
    assert setup_in(effects)["historyConfig"] == {"initialHistoryInClientContent": True}
    moved = session.events()[-1]
    assert isinstance(moved, Moved)
    assert not moved.resumed


def test_only_what_was_heard_of_a_reply_is_handed_over() -> None:
    session = ready_session()
    told(session, content(outputTranscription={"text": "We are open from nine to five."}))
    told(session, content(interrupted=True))
    session.reply_heard("We are open")
    [turn] = handed(begun_anew(session))["turns"]
    assert turn["parts"] == [{"text": "We are open"}]


def test_turns_that_were_added_are_part_of_the_history() -> None:
    session = ready_session()
    session.send_content([user("I am Ann.")], 1.0, turn_complete=False)
    session.send_content([user("(nudge)")], 1.0, turn_complete=True, remember=False)
    [first] = handed(begun_anew(session))["turns"]
    assert first["parts"] == [{"text": "I am Ann."}]


def test_a_history_in_turns_that_is_refused_is_told_in_the_instruction() -> None:
    session = ready_session()
    told(session, content(inputTranscription={"text": "Hello."}))
    session.lost(1, FRESH, 30.0)
    session.connected(2, 30.0)
    session.effects()
    session.lost(2, FRESH, 30.1)
    session.handle_timer(session.next_timer() or 0.0)
    session.effects()
    effects = set_up(session, 3, 31.0)
    setup = setup_in(effects)
    assert "Caller: Hello." in setup["systemInstruction"]["parts"][-1]["text"]
    assert "historyConfig" not in setup
    assert len(effects) == 1
    session.lost(3, FRESH, 60.0)
    session.connected(4, 60.0)
    session.lost(4, FRESH, 60.1)
    assert session.state is SessionState.CLOSED


def test_a_late_result_of_a_lost_call_is_passed_on_as_text() -> None:
    for model, key in (("gemini-3.8-live", "realtimeInput"), (D25, "clientContent")):
        session = ready_session(model)
        told(session, tool_call("a"))
        session.lost(1, DEADLINE, 20.0)
        session.effects()
        set_up(session, 2, 20.1)
        session.send_tool_responses([FunctionResponse("a", "look_up", {"output": 1})], 21.0)
        [message] = sent(session)
        assert '(look_up answered: {\\"output\\":1})' in str(message).replace('"', '\\"')
        assert key in message


def test_a_resumed_session_is_reminded_of_what_its_handle_did_not_know() -> None:
    session = ready_session()
    told(session, content(outputTranscription={"text": "Hello."}))
    told(session, content(turnComplete=True))
    session.receive(1, HANDLE, 1.0)
    told(session, content(inputTranscription={"text": "When are you open?"}))
    told(session, content(outputTranscription={"text": "From nine"}))
    session.effects()
    session.lost(1, DEADLINE, 20.0)
    reminder = handed(set_up(session, 2, 20.0))
    assert "turnComplete" not in reminder
    assert [(turn["role"], turn["parts"][0]["text"]) for turn in reminder["turns"]] == [
        ("user", "When are you open?"),
        ("model", "From nine"),
    ]


def test_what_a_handle_heard_of_an_utterance_is_not_told_again() -> None:
    session = ready_session()
    session.caller_speech(True, 1.0)
    session.receive(1, HANDLE, 1.0)
    told(session, content(inputTranscription={"text": "When are you open?", "finished": True}))
    session.effects()
    session.caller_speech(False, 2.0)
    told(session, content(outputTranscription={"text": "From nine"}))
    session.lost(1, DEADLINE, 20.0)
    [turn] = handed(set_up(session, 2, 20.0))["turns"]
    assert turn["parts"] == [{"text": "From nine"}]


def test_reminders_can_be_left_out() -> None:
    session = ready_session(moves=MovePolicy(reminds=False))
    session.receive(1, HANDLE, 1.0)
    told(session, content(outputTranscription={"text": "From nine"}))
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    assert len(set_up(session, 2, 20.0)) == 1


def test_words_that_only_began_like_the_last_ones_are_reported_when_the_model_reacts() -> None:
    session = ready_session()
    told(session, content(inputTranscription={"text": "A table for two"}))
    session.receive(1, HANDLE, 1.0)
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    set_up(session, 2, 20.0)
    session.events()
    session.receive(2, content(inputTranscription={"text": "A table"}), 21.0)
    assert session.events() == []
    session.receive(2, content(outputTranscription={"text": "For how many?"}), 22.0)
    first, _ = session.events()
    assert first == InputTranscript("A table", finished=False)


@pytest.mark.parametrize("ear", ["ours", "the service's", "none"])
def test_a_caller_who_says_the_same_after_a_move_is_heard(ear: str) -> None:
    session = ready_session()
    said = content(inputTranscription={"text": "Yes."})
    told(session, said)
    told(session, content(outputTranscription={"text": "For how many?"}))
    told(session, content(turnComplete=True))
    session.receive(1, HANDLE, 1.0)
    session.move(10.0)
    session.lost(1, Loss(1000, ""), 10.1)
    session.effects()
    set_up(session, 2, 10.2)
    session.events()
    session.receive(2, said, 10.3)
    assert session.events() == [], "what the service hears twice by itself"
    session.move(20.0)
    session.lost(2, Loss(1000, ""), 20.1)
    session.effects()
    set_up(session, 3, 20.2)
    session.events()
    now = 20.2
    if ear == "ours":
        session.caller_speech(True, 20.5)
    elif ear == "none":
        now += REPEATS_WITHIN_S
    else:
        session.receive(3, frame(voiceActivity={"type": "ACTIVITY_START"}), 20.5)
    session.events()
    session.receive(3, said, now)
    assert session.events() == [InputTranscript("Yes.", finished=False)]
