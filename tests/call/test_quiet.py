"""A caller who says nothing, in a call: when that is silence, and what becomes of it."""

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import Outcome
from agent.call.idle import IdlePolicy
from agent.gemini.session import MovePolicy
from tests.call.line import opened, tool_call

IDLE = IdlePolicy(3.0, "Hello?", 5.0)


def test_a_silent_caller_is_prompted_and_then_taken_leave_of() -> None:
    line = opened(CallPlan("b", idle=IDLE))
    line.speak(1.0, "Welcome.")
    line.run(1.0 + 3.1)
    assert line.texts == [prompts.say(prompts.IDLE, "Hello?")]
    line.speak(1.0, "Hello?")
    line.run(1.0 + 5.1)
    assert line.texts[1:] == [prompts.IDLE_GOODBYE]
    assert line.call.state is CallState.ENDING
    line.speak(1.0, "Goodbye.")
    line.run(2.0)
    assert line.call.outcome == Outcome.IDLE
    assert line.carrier.line.n_cut == 0
    assert line.call.report(line.now).turns[-1].agent_text == "Goodbye."


def test_a_caller_who_answers_the_prompt_is_not_hung_up_on() -> None:
    line = opened(CallPlan("b", idle=IDLE))
    line.run(3.2)
    line.talk(1.0)
    line.run(3.0)
    line.speak(1.0, "Ah, there you are.")
    line.run(3.5)
    assert line.call.state is CallState.TALKING
    assert prompts.IDLE_GOODBYE not in line.texts


def test_while_a_function_runs_nobody_is_idle() -> None:
    line = opened(CallPlan("b", idle=IDLE, tool_budget_s=30.0))
    line.model(tool_call(("c1", "book")))
    line.run(20.0)
    assert line.texts == []
    line.finish_tool("c1", output=1)
    line.run(7.9)
    assert line.texts == []
    line.run(0.2)
    assert line.texts == [prompts.ANSWER]
    assert line.call.report(line.now).counters["talk.turns_closed_locally"] == 1


def test_a_time_without_the_model_is_no_silence_of_the_caller_s() -> None:
    line = opened(CallPlan("b", idle=IDLE), moves=MovePolicy(backoff_s=(2.0,)))
    line.speak(0.5, "Welcome.")
    line.run(1.0)
    line.refusals = 1
    line.lose_model()
    line.run(3.5)
    assert prompts.say(prompts.IDLE, "Hello?") not in line.texts
    line.run(2.0)
    assert line.texts[-1] == prompts.say(prompts.IDLE, "Hello?")


def test_who_is_away_is_not_asked_whether_he_is_there() -> None:
    line = opened(CallPlan("b", idle=IDLE, reattach_s=20.0))
    line.break_phone()
    line.run(10.0)
    assert line.texts == []


def test_when_the_prompt_is_never_said_it_is_the_model_that_is_silent() -> None:
    line = opened(CallPlan("b", idle=IDLE))
    line.run(45.0)
    assert line.texts[0] == prompts.say(prompts.IDLE, "Hello?")
    assert prompts.IDLE_GOODBYE not in line.texts
    assert line.call.outcome == Outcome.MODEL_SILENT
