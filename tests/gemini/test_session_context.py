"""What the model is told in the middle of a session, and which setup says it again."""

from agent.gemini.session import Loss, SessionState
from agent.gemini.session_events import Leaving, Why
from agent.gemini.tools import FunctionDeclaration
from tests.gemini.parties import D25, new_session, pcm_of, ready_session, sent
from tests.gemini.steps import DEADLINE, HANDLE, set_up, setup_in


def test_gemini_38_is_told_in_the_session() -> None:
    session = ready_session()
    session.update_context(1.0, instruction="Be brief.")
    session.update_context(1.0, declarations=[FunctionDeclaration("book")])
    session.update_context(1.0, declarations=[])
    first, second, third = sent(session)
    assert first["contextUpdate"] == {
        "systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"}
    }
    [tool] = second["contextUpdate"]["tools"]["tools"]
    assert tool["functionDeclarations"][0]["behavior"] == "BLOCKING"
    assert third["contextUpdate"] == {"tools": {"tools": []}}


def test_vertex_25_takes_an_instruction_as_a_turn_and_tools_in_a_setup() -> None:
    session = ready_session("gemini-live-2.5-flash-native-audio", "vertex")
    session.update_context(1.0, instruction="Be brief.")
    [message] = sent(session)
    assert message["clientContent"]["turns"][0]["role"] == "system"
    assert "turnComplete" not in message["clientContent"]
    session.update_context(1.0, declarations=[FunctionDeclaration("book")])
    assert session.state is SessionState.PREPARING


def test_elsewhere_the_session_moves_with_a_setup_that_says_so() -> None:
    session = ready_session(D25)
    session.receive(1, HANDLE, 0.0)
    session.events()
    session.update_context(1.0, instruction="Be brief.", declarations=[FunctionDeclaration("x")])
    session.connected(2, 1.2)
    session.lost(1, Loss(1000, ""), 1.3)
    setup = setup_in(session.effects())
    assert setup["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert setup["tools"][0]["functionDeclarations"][0]["name"] == "x"
    assert setup["sessionResumption"] == {"handle": "h-1"}
    leaving = session.events()[0]
    assert isinstance(leaving, Leaving)
    assert leaving.why is Why.SETUP_CHANGED


def test_a_change_before_the_session_is_ready_stands_in_its_setup() -> None:
    session = new_session()
    session.start(0.0)
    session.update_context(0.0, instruction="Be brief.")
    session.connected(1, 0.1)
    setup = setup_in(session.effects())
    assert setup["systemInstruction"]["parts"] == [{"text": "Be brief."}]


def test_compression_may_begin_earlier_from_the_next_setup_on() -> None:
    session = ready_session()
    session.receive(1, HANDLE, 0.0)
    session.compress(10_000, 5_000, 1.0)
    assert session.state is SessionState.PREPARING
    session.effects()
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    assert setup_in(set_up(session, 2, 20.1))["contextWindowCompression"] == {
        "triggerTokens": 10_000,
        "slidingWindow": {"targetTokens": 5_000},
    }


def test_compression_before_the_session_is_ready_stands_in_its_setup() -> None:
    session = new_session()
    session.start(0.0)
    session.compress(10_000, 5_000, 0.0)
    session.connected(1, 0.1)
    assert setup_in(session.effects())["contextWindowCompression"]["triggerTokens"] == 10_000


def test_a_change_outlives_the_connection_it_was_told_on() -> None:
    session = ready_session()
    session.update_context(1.0, instruction="Be brief.")
    session.receive(1, HANDLE, 1.0)
    session.effects()
    session.lost(1, DEADLINE, 20.0)
    session.effects()
    assert setup_in(set_up(session, 2, 20.1))["systemInstruction"]["parts"] == [
        {"text": "Be brief."}
    ]


def test_a_handle_can_be_chosen_and_given_up() -> None:
    session = ready_session()
    session.resume("h-other", 5.0)
    session.lost(1, Loss(1000, ""), 5.1)
    session.effects()
    assert setup_in(set_up(session, 2, 5.2))["sessionResumption"] == {"handle": "h-other"}
    session.effects()
    session.move(9.0, fresh=True)
    session.lost(2, Loss(1000, ""), 9.1)
    session.effects()
    assert setup_in(set_up(session, 3, 9.2))["sessionResumption"] == {}


def test_pictures_go_out_as_live_input() -> None:
    session = ready_session()
    session.send_video(b"\xff\xd8", "image/jpeg", 1.0)
    [message] = sent(session)
    assert message == {"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": "/9g="}}}


def test_a_closed_session_takes_every_command_in_silence() -> None:
    session = ready_session()
    session.close(1.0)
    session.effects()
    session.update_context(2.0, instruction="x")
    session.move(2.0)
    session.caller_speech(True, 2.0)
    session.send_video(b"x", "image/png", 2.0)
    assert (session.effects(), session.next_timer()) == ([], None)


def test_an_empty_change_of_context_says_nothing() -> None:
    session = ready_session()
    session.update_context(1.0)
    assert sent(session) == []


def test_what_the_service_has_not_acknowledged_is_known_where_it_acknowledges() -> None:
    assert ready_session().unconfirmed_ms is None
    session = ready_session("gemini-3.8-live", "vertex")
    session.send_audio(pcm_of(1600), 1.0)
    assert session.unconfirmed_ms == 100
