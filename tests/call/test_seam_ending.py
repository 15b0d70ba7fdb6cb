"""The end of a call, and the answers of functions, when connections go at the wrong moment."""

import pytest

from agent.call import prompts
from agent.call.core import CallPlan
from agent.call.effects import Outcome
from agent.call.idle import IdlePolicy
from agent.gemini.session_state import SessionState
from tests.call.line import Line, audio, content, opened, tool_call

PLAN = CallPlan("bella", idle=IdlePolicy(None, "", None))
HANDLE = {"sessionResumptionUpdate": {"newHandle": "secret", "resumable": True}}
GO_AWAY = {"goAway": {"timeLeft": "10s"}}
DONE = (content(generationComplete=True), content(turnComplete=True))


def hanging_up(**options: object) -> Line:
    """The caller has said goodbye; the model ends the call and has yet to say a word."""
    line = opened(PLAN, **options)
    line.talk(1.0)
    line.run(1.6)
    line.model(tool_call(("e", "end_call")))
    return line


# The end.


def test_a_call_that_ends_is_not_moved_before_it_must() -> None:
    line = hanging_up()
    assert line.session.staying
    line.model(HANDLE, GO_AWAY, HANDLE)
    line.run(1.0)
    line.speak(1.0, "Goodbye!")
    line.run(4.0)
    assert "model.leaving" not in line.names()
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_who_waits_for_a_goodbye_without_a_model_hears_that_the_line_is_there() -> None:
    line = hanging_up()
    line.refusals = 4
    line.lose_model()
    line.run(2.0)
    assert "cover.phrase" in line.names()


def test_who_has_heard_the_goodbye_hears_no_cover() -> None:
    line = hanging_up()
    line.refusals = 4
    line.model(audio(0.6, "Bye!"))
    line.lose_model()
    line.run(5.0)
    assert "cover.phrase" not in line.names()
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert line.voice_s == pytest.approx(0.6, abs=0.1)


def test_a_goodbye_that_was_said_is_not_said_again_on_another_connection() -> None:
    line = hanging_up()
    line.model(HANDLE, audio(3.0, "Goodbye!"), content(generationComplete=True))
    line.run(0.5)
    line.lose_model()
    assert line.session.state is SessionState.CLOSED
    line.run(6.0)
    assert sum("setup" in message for _, message in line.to_model) == 1
    assert line.voice_s == pytest.approx(3.0, abs=0.1)
    report = line.call.report(line.now)
    assert report.continuity.agent_ms_cut == 0
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_a_goodbye_that_is_owed_is_asked_for_once_after_a_move() -> None:
    line = hanging_up()
    line.model(HANDLE)
    line.lose_model()
    line.run(2.2)
    assert line.texts == []
    line.run(1.0)
    assert line.texts == [prompts.GOODBYE]
    line.speak(1.0, "Goodbye!")
    line.run(5.0)
    assert line.texts == [prompts.GOODBYE]
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_a_model_that_says_its_goodbye_by_itself_is_not_asked_for_it() -> None:
    line = hanging_up()
    line.model(HANDLE)
    line.lose_model()
    line.run(1.0)
    line.speak(1.0, "Goodbye!")
    line.run(5.0)
    assert line.texts == []
    assert line.voice_s == pytest.approx(1.0, abs=0.1)


def test_a_model_that_comes_back_late_still_has_time_for_its_goodbye() -> None:
    line = hanging_up()
    line.model(HANDLE)
    line.refusals = 3
    line.lose_model()
    line.run(6.0)
    assert line.call.outcome is None
    line.speak(1.0, "Goodbye!")
    line.run(4.0)
    assert line.voice_s > 0.9
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_a_caller_who_answers_the_goodbye_waits_for_nothing() -> None:
    line = hanging_up()
    line.refusals = 9
    line.model(audio(6.0, "Goodbye!"), content(generationComplete=True))
    line.run(0.5)
    line.talk(0.6)
    line.run(1.2)
    line.model(content(inputTranscription={"text": "Bye!"}))
    line.lose_model()
    line.run(8.0)
    assert "cover.phrase" not in line.names()
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_a_goodbye_that_was_lost_before_it_had_a_sound_is_asked_for() -> None:
    line = hanging_up()
    line.model(HANDLE, content(outputTranscription={"text": "Goodbye"}))
    line.lose_model()
    line.run(3.0)
    assert line.texts[-1] == prompts.GOODBYE


# Answers of functions.


def test_an_answer_that_may_not_have_arrived_is_known_and_spoken_of_after_the_move() -> None:
    line = opened(PLAN)
    line.talk(1.0)
    line.run(1.6)
    line.model(audio(0.4, "One moment."), tool_call(("c1", "book")), HANDLE)
    line.run(0.5)
    line.finish_tool("c1", output="booked")
    line.lose_model()
    line.run(2.0)
    assert len([text for text in line.texts if "booked" in text]) == 1
    assert not line.entry("model.moved")["prompted"]
    assert line.texts[-1] == prompts.ANSWER


def test_a_model_that_asks_again_for_a_lost_answer_gets_it_and_no_text_of_ours() -> None:
    line = opened(PLAN)
    line.model(HANDLE)
    line.talk(1.0)
    line.run(1.6)
    line.model(tool_call(("c1", "book")))
    line.finish_tool("c1", output="booked")
    line.lose_model()
    line.run(1.0)
    line.model(tool_call(("c2", "book")), audio(0.4, "Booked."), *DONE)
    line.run(6.0)
    (answer,) = [r["response"] for r in line.responses if r["id"] == "c2"]
    assert answer["output"] == "booked"
    line.run(6.0)
    assert len([text for text in line.texts if "booked" in text]) == 1  # what the session knows


def test_who_was_answered_from_what_is_known_is_waited_for() -> None:
    """As who was answered by a function that ran: a caller without a model is not left alone."""
    line = opened(PLAN)
    line.model(HANDLE)
    line.talk(1.0)
    line.run(1.6)
    line.model(tool_call(("c1", "book")))
    line.finish_tool("c1", output="booked")
    line.model(tool_call(("c2", "book")))
    assert len(line.responses) == 2
    line.refusals = 4
    line.lose_model()
    line.run(2.0)
    assert "cover.phrase" in line.names()


def test_who_asked_for_what_was_given_up_still_waits_for_an_answer() -> None:
    line = opened(PLAN)
    line.talk(1.0)
    line.run(1.6)
    line.model(tool_call(("c1", "book"), ("c2", "end")), {"toolCallCancellation": {"ids": ["c1"]}})
    assert not line.call._seam.watchdog.owed  # but for the other function
    line.model({"toolCallCancellation": {"ids": ["c2"]}}, {"toolCallCancellation": {"ids": ["c2"]}})
    line.refusals = 4
    line.lose_model()
    line.run(2.0)
    assert "cover.phrase" in line.names()


def test_nothing_that_waits_to_be_told_cuts_the_last_words_short() -> None:
    line = opened(PLAN)
    line.model(tool_call(("c1", "book"), ("e", "end_call")))
    line.call._errands.tell_when_quiet("By the way.", line.now)
    line.model(audio(2.0, "Bye."), *DONE)
    line.call._errands.tell_when_quiet("And then.", line.now)
    line.run(3.0)
    assert line.texts == []
    assert not line.call._seam.watchdog.owed
    assert line.call.report(line.now).continuity.agent_ms_cut == 0


def test_what_is_asked_for_in_the_last_words_is_not_waited_for() -> None:
    line = opened(PLAN)
    line.model(tool_call(("e", "end_call")), audio(1.0, "Bye."), *DONE)
    line.call._errands.tell("Goodbye.", line.now)
    line.run(0.1)
    assert not line.call._seam.watchdog.owed


# Time.


def test_a_caller_who_repeats_himself_does_not_put_the_watchdog_off() -> None:
    line = opened(PLAN)
    for _ in range(3):
        line.talk(1.0)
        line.run(7.0)
    assert "model.watchdog" in line.names()


@pytest.mark.parametrize("model", ["gemini-2.5-flash-native-audio-latest", "gemini-3.1-live"])
def test_what_waits_for_a_function_goes_out_with_the_answer_in_its_place(model: str) -> None:
    line = opened(CallPlan("b", tool_budget_s=3.0), model=model)
    line.model(tool_call(("c1", "book")))
    line.talk(4.0)
    line.run(6.0)  # each timer that fires must move: the line looks
    assert "error" in line.responses[0]["response"]
