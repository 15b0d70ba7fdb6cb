"""What the caller hears, and the model is asked, when a model owes a sound."""

import pytest

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import Outcome
from agent.call.idle import IdlePolicy
from agent.call.watchdog import WatchdogPolicy
from agent.gemini.session import MovePolicy
from tests.call.line import audio, content, opened, tool_call
from tests.call.seam import HANDLE, WORDS, asked, replying


def test_a_turn_that_stalls_before_its_first_sound_is_asked_for() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.talk(1.0)
    line.run(1.6)
    line.model(content(outputTranscription={"text": "We"}))
    line.run(4.5)
    assert asked(line) == [prompts.ANSWER]


def test_a_turn_whose_end_is_never_said_is_closed_and_nothing_is_asked() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.model(audio(1.0, "Yes."), content(generationComplete=True))
    line.run(10.5)
    assert not line.call.report(line.now).turns[0].reason
    line.run(1.0)
    assert line.call.report(line.now).turns[0].reason == "watchdog"
    assert asked(line) == []


def test_words_that_only_the_service_heard_want_an_answer_too() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.model(content(inputTranscription={"text": "hello?"}))
    line.run(9.0)
    assert asked(line) == [prompts.ANSWER]


def test_words_that_were_transcribed_late_do_not() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.speak(0.4, "Yes.")
    line.run(2.0)
    line.model(content(inputTranscription={"text": "hello?"}))
    line.run(12.0)
    assert asked(line) == []


def test_a_stall_is_met_by_a_nudge_then_a_move_then_a_fresh_session() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.speak(1.0, "And so we", complete=False)
    line.run(40.0)
    remedies = [e.values["remedy"] for e in line.call.timeline if e.name == "model.watchdog"]
    assert remedies == ["nudge", "move", "fresh", "give_up"]
    assert asked(line)[0].startswith("You were cut off")
    assert line.call.report(line.now).turns[0].reason == "watchdog"
    assert line.call.state is CallState.TALKING


def test_a_nudge_that_helps_is_the_end_of_it() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.speak(1.0, "And so we", complete=False)
    line.run(6.0)
    line.speak(1.0, "go on.")
    line.run(30.0)
    report = line.call.report(line.now)
    assert report.counters["watchdog.nudge"] == 1
    assert "watchdog.move" not in report.counters
    assert [t.agent_text for t in report.turns] == ["And so we go on."]


def test_after_a_function_that_was_given_up_the_model_gets_its_time() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None), tool_budget_s=5.0))
    line.model(tool_call(("c1", "book")))
    line.run(12.5)
    assert asked(line) == []
    line.run(1.0)
    assert asked(line) == [prompts.ANSWER]


def test_a_caller_whom_nobody_answers_is_not_left_alone() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.talk(1.0)
    line.run(9.2)
    assert asked(line) == [prompts.ANSWER]


def test_a_resumed_session_that_never_speaks_is_begun_afresh() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.speak(1.0, "Hello.")
    line.run(2.0)
    line.model(HANDLE)
    line.lose_model()
    line.run(1.0)
    assert line.entry("model.moved")["resumed"]
    line.talk(1.0)
    line.run(10.0)
    remedies = [e.values["remedy"] for e in line.call.timeline if e.name == "model.watchdog"]
    assert remedies == ["fresh"]
    assert not line.entry("model.moved")["resumed"]


def test_a_phantom_interruption_drops_nothing_and_the_turn_is_gone_on_with() -> None:
    line = opened()
    line.run(1.0)
    line.model(audio(2.0, "This is the first half"))
    line.run(0.5)
    line.model(content(interrupted=True), content(turnComplete=True))
    assert asked(line) == []  # it may go on by itself
    line.run(2.0)
    assert len(asked(line)) == 1
    line.speak(2.0, "and this the other.")
    line.run(4.0)
    report = line.call.report(line.now)
    assert report.counters["talk.phantom_interruptions"] == 1
    assert (report.barge_ins, report.continuity.agent_ms_cut) == (0, 0)
    assert line.voice_s == pytest.approx(4.0, abs=0.1)
    assert [t.agent_text for t in report.turns] == ["This is the first half and this the other."]


def test_after_a_phantom_interruption_a_model_that_goes_on_by_itself_is_not_asked() -> None:
    line = opened()
    line.run(1.0)
    line.model(audio(2.0, "This is the first half"))
    line.run(0.5)
    line.model(content(interrupted=True), content(turnComplete=True))
    line.speak(2.0, "As I was saying.")
    line.run(5.0)
    assert asked(line) == []


def test_an_interruption_that_our_own_nudge_causes_does_not_let_the_turn_drop() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.speak(1.0, "And so we", complete=False)
    line.run(6.0)
    assert len(asked(line)) == 1
    line.model(content(interrupted=True), content(turnComplete=True))
    line.speak(1.0, "go on.")
    line.run(3.0)
    report = line.call.report(line.now)
    assert [t.agent_text for t in report.turns] == ["And so we go on."]


def test_an_interruption_by_the_caller_is_believed() -> None:
    line = opened()
    line.speak(4.0, WORDS)
    line.run(0.8)
    line.talk(1.0)
    line.run(0.4)
    line.model(content(interrupted=True), content(turnComplete=True))
    line.run(2.0)
    assert line.call.report(line.now).barge_ins == 1
    assert asked(line) == []


@pytest.mark.parametrize(("finish", "times"), [(False, 0), (True, 1)])
def test_a_turn_that_ends_in_mid_sentence_is_counted_and_finished_if_wanted(
    finish: bool, times: int
) -> None:
    plan = CallPlan("b", watchdog=WatchdogPolicy(finish_premature=finish))
    line = opened(plan)
    line.speak(2.0, "We are open from nine to")
    line.run(4.0)
    assert line.call.report(line.now).counters["talk.premature_ends"] == 1
    assert len(asked(line)) == times


def test_a_session_that_may_not_move_ends_with_its_connection() -> None:
    line = replying(moves=MovePolicy(moves=False))
    line.lose_model()
    line.run(8.0)
    assert line.call.outcome == Outcome.MODEL_LOST
    assert "cover.apology" in line.names()
