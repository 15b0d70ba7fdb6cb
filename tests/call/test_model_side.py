"""What each event of the session comes to; how the parts take it is tested with the parts."""

from agent.call.core import CallPlan, CallState
from agent.call.effects import CancelTools, Outcome, RunTool
from agent.gemini.session import MovePolicy
from tests.call.line import audio, content, opened, tool_call

HANDLE = {"sessionResumptionUpdate": {"newHandle": "secret", "resumable": True}}
NO_HANDLE = {"sessionResumptionUpdate": {"resumable": False}}


def test_speech_and_words_of_the_model_belong_to_its_turn() -> None:
    line = opened()
    line.model(audio(0.4, "Hello."), content(generationComplete=True), content(turnComplete=True))
    (turn,) = line.call.report(line.now).turns
    assert (turn.agent_text, turn.audio_s) == ("Hello.", 0.4)


def test_what_comes_for_a_turn_that_was_interrupted_wakes_nobody() -> None:
    line = opened()
    line.talk(1.0)
    line.run(0.5)
    line.model(audio(0.4, "Hello."), content(interrupted=True), audio(0.4, "Hello?"))
    assert line.call.report(line.now).turns[0].audio_s == 0.4


def test_after_the_last_words_what_the_model_says_is_not_played() -> None:
    line = opened()
    line.model(audio(1.0))
    line.call.finish("shutdown", line.now)
    line.model(audio(1.0))
    assert line.call.report(line.now).continuity.agent_ms_cut == 1000


def test_the_caller_s_words_are_kept_and_the_end_of_a_transcript_is_no_word() -> None:
    line = opened(CallPlan("b", greeting="Hi."))
    (text,) = line.texts
    line.model(
        content(inputTranscription={"text": text}),
        content(inputTranscription={"text": "A table", "finished": False}),
        content(inputTranscription={"finished": True}),
        content(outputTranscription={"text": "Yes", "finished": False}),
        content(outputTranscription={"finished": True}),
    )
    (turn,) = line.call.report(line.now).turns
    assert (turn.caller_text, turn.agent_text) == ("A table", "Yes")


def test_words_that_come_after_their_answer_has_begun_belong_to_it() -> None:
    line = opened()
    line.model({"voiceActivity": {"type": "ACTIVITY_START"}})
    line.model({"voiceActivity": {"type": "ACTIVITY_END"}}, audio(0.4, "Yes."))
    line.model(content(inputTranscription={"text": "A table"}))
    (turn,) = line.call.report(line.now).turns
    assert (turn.answers_caller, turn.caller_text) == (True, "A table")


def test_functions_are_run_cancelled_and_outlive_their_connection() -> None:
    line = opened()
    line.model(tool_call(("c1", "book"), ("c2", "book")))
    line.model({"toolCallCancellation": {"ids": ["c1", "c2"]}}, tool_call(("c3", "cancel")))
    line.lose_model()
    assert [run.name for run in line.performed(RunTool)] == ["book", "cancel"]
    assert len(line.performed(CancelTools)) == 1
    assert [tool.state for tool in line.call.report(line.now).tools][-1] == "lost"


def test_ending_the_call_is_no_function_that_can_be_taken_back() -> None:
    line = opened()
    line.model(tool_call(("e", "end_call")), {"toolCallCancellation": {"ids": ["e"]}})
    assert line.performed(CancelTools) == []
    line.model(audio(0.5, "Bye."), content(turnComplete=True))
    line.run(2.0)
    assert line.call.outcome is Outcome.AGENT_ENDED


def test_the_model_may_end_the_call() -> None:
    line = opened()
    line.model(tool_call(("e", "end_call")))
    assert line.call.state is CallState.ENDING
    line.model(audio(0.5, "Bye."), content(turnComplete=True))
    line.run(2.0)
    assert line.call.outcome is Outcome.AGENT_ENDED


def test_a_call_of_a_function_too_late_for_its_turn_is_nobody_s() -> None:
    line = opened()
    line.model(audio(0.4), content(generationComplete=True), content(turnComplete=True))
    line.talk(0.5)
    line.run(0.3)
    line.model(audio(0.4), content(interrupted=True), tool_call(("c", "book")))
    assert line.call.report(line.now).tools[0].turn == 0


def test_connections_come_and_go_in_the_timeline() -> None:
    line = opened()
    line.model(HANDLE, NO_HANDLE, {"goAway": {"timeLeft": "50s"}})
    line.refusals = 1
    line.lose_model()
    line.run(2.0)
    assert [name for name in line.names() if name.startswith("model.")] == [
        "model.ready",
        "model.going_away",
        "model.leaving",
        "model.move_failed",
        "model.moved",
    ]
    assert line.entry("model.leaving") == {
        "connection": 1,
        "planned": False,
        "why": "lost",
        "turn_cut": False,
        "phase": "live",
        "code": 1011,
        "reason": "gone",
    }
    failed = line.entry("model.move_failed")
    assert (failed["phase"], failed["attempt"], failed["reason"]) == ("dial", 1, "refused")
    moved = line.entry("model.moved")
    assert (moved["planned"], moved["resumed"]) == (False, True)
    assert "secret" not in repr(list(line.call.timeline))


def test_usage_is_kept() -> None:
    line = opened()
    line.model({"usageMetadata": {"totalTokenCount": 3}}, {"usageMetadata": {"totalTokenCount": 4}})
    assert line.call.report(line.now).usage.reports == 2


def test_a_session_that_failed_ends_the_call() -> None:
    line = opened(moves=MovePolicy(moves=False))
    line.lose_model()
    assert line.entry("model.lost") == {"phase": "live", "code": 1011, "reason": "gone"}
    assert line.call.state is CallState.ENDING
    line.run(5.0)
    assert line.call.outcome is Outcome.MODEL_LOST
