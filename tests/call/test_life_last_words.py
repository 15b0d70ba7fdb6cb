"""Calls that end with words of the agent's: a goodbye for a key, a message for a machine."""

import pytest

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import Outcome
from agent.call.idle import IdlePolicy
from agent.call.keypad import KeyAct, KeyPlan
from tests.call.line import Line, audio, content, opened

PATIENT = IdlePolicy(None, "", None)
NINE_ENDS = CallPlan(
    "b",
    idle=PATIENT,
    keys=KeyPlan(acts={"9": KeyAct("end_call", prompts.KEY_GOODBYE, ends_call=True)}),
)
PLACED = CallPlan("b", greeting="Hi.", idle=PATIENT)
MESSAGE = prompts.say(prompts.MESSAGE, "Call us.")


def test_the_key_that_ends_the_call_lets_the_agent_say_goodbye() -> None:
    line = opened(NINE_ENDS)
    line.carrier.press("9")
    line.run(1.4)
    assert line.texts == []
    line.run(0.2)
    assert line.texts == [prompts.KEY_GOODBYE]
    assert line.call.state is CallState.ENDING
    line.speak(1.0, "Goodbye.")
    line.run(2.0)
    assert line.call.outcome == Outcome.CALLER_ENDED
    assert line.carrier.line.n_cut == 0
    assert line.call.report(line.now).turns[-1].agent_text == "Goodbye."


@pytest.mark.parametrize("told", [True, False])
def test_a_long_speech_is_cut_by_the_key_that_ends_the_call_and_the_goodbye_heard(
    told: bool,
) -> None:
    line = opened(NINE_ENDS)
    line.speak(20.0, "Let me tell you a story.", complete=False, speed=1.5)
    line.run(3.0)
    line.carrier.press("9")
    line.carrier.press("#")
    line.run(0.1)
    assert line.texts == [prompts.KEY_GOODBYE]
    line.run(0.5)  # what the model goes on with meanwhile is no goodbye
    voice_s = line.voice_s
    line._agenda.clear()
    if told:
        line.model(content(interrupted=True))
        line.model(audio(0.2, "story"))
    line.model(content(turnComplete=True))
    line.run(1.0)
    assert line.call.state is CallState.ENDING
    line.speak(1.0, "Goodbye.")
    line.run(2.5)
    assert line.voice_s - voice_s == pytest.approx(1.0, abs=0.1)
    assert line.call.outcome == Outcome.CALLER_ENDED
    assert line.call.report(line.now).turns[-1].agent_text == "Goodbye."


def test_a_call_that_its_key_ends_ends_without_a_word_of_the_model_too() -> None:
    line = Line(NINE_ENDS, answers=False)
    line.run(0.5)
    line.carrier.press("9")
    line.run(12.0)
    assert line.call.outcome == Outcome.CALLER_ENDED


def leave_message(line: Line) -> None:
    line.call.leave_message("Call us.", line.now)
    line._perform()


def test_after_a_machine_s_beep_the_message_is_said_in_full_and_the_call_is_over() -> None:
    line = opened(PLACED)
    line.model(audio(6.0, "Hi there"))
    line.run(1.0)
    leave_message(line)
    line.run(0.1)
    assert line.carrier.line.n_cut > 0, "the machine does not record the greeting"
    assert line.texts[1:] == [MESSAGE]
    line.model(content(interrupted=True), content(turnComplete=True))
    line.speak(2.0, "Call us.")
    line.talk(1.0)
    heard_s = line.heard_s()
    line.run(5.0)
    assert line.call.outcome == Outcome.MACHINE
    assert line.heard_s() - heard_s == pytest.approx(2.0, abs=0.1)


def test_a_machine_that_is_known_before_the_model_is_there_gets_the_message_alone() -> None:
    line = Line(PLACED)
    line.run(0.05)
    leave_message(line)
    line.run(0.5)
    assert line.texts == [MESSAGE]
    line.speak(1.0, "Call us.")
    line.run(4.0)
    assert line.call.outcome == Outcome.MACHINE


def test_a_plan_may_be_no_more_than_a_message() -> None:
    line = opened(CallPlan("b", greeting="Hi.", message="Call us.", idle=PATIENT))
    assert line.texts == [MESSAGE]


def test_a_person_who_is_called_gets_the_message_as_an_announcement() -> None:
    announced = prompts.say(prompts.ANNOUNCEMENT, "Call us.")
    line = opened(PLACED)
    line.call.leave_message("Call us.", line.now, to_machine=False)
    line.run(0.1)
    assert line.texts[1:] == [announced]
    line.speak(1.0, "Call us.")
    line.run(4.0)
    assert line.call.outcome == Outcome.AGENT_ENDED

    line = opened(CallPlan("b", message="Call us.", to_machine=False, idle=PATIENT))
    assert line.texts == [announced]


def test_a_call_that_ends_leaves_no_message() -> None:
    line = opened(PLACED)
    line.finish("operator")
    leave_message(line)
    assert MESSAGE not in line.texts
