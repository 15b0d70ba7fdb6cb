"""What the caller hears, and the model is asked, when connections go and models stall."""

import pytest

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import OpenModel, Outcome, RunTool
from agent.call.idle import IdlePolicy
from agent.gemini.session import MovePolicy, SessionState
from tests.call.line import GREETING, Line, audio, content, opened, tool_call

HANDLE = {"sessionResumptionUpdate": {"newHandle": "secret", "resumable": True}}
GO_AWAY = {"goAway": {"timeLeft": "3s"}}
WORDS = " ".join(f"w{n}" for n in range(40))


def asked(line: Line) -> list[str]:
    """What the model was asked for, greeting and idle prompts apart."""
    ours = ("You were cut off", prompts.ANSWER)
    return [t for t in line.texts if t.startswith(ours)]


def replying(plan: CallPlan | None = None, **options: object) -> Line:
    """The caller has asked something; the model is 4.2 s into an answer of 8, 1 s of it heard."""
    line = opened(plan, **options)
    line.talk(1.0)
    line.run(1.6)
    line.model(content(inputTranscription={"text": "How long?"}))
    line.speak(8.0, WORDS, complete=False)
    line.run(1.0)
    return line


# What was cut is gone on with.


def test_a_turn_cut_by_a_loss_is_played_as_far_as_it_came_and_gone_on_with_once() -> None:
    line = replying()
    line.lose_model()
    line.run(1.0)
    (text,) = asked(line)
    last = line.call.report(line.now).turns[0].agent_text
    assert last.endswith(" w20")
    assert f'"{last}"' in text
    line.speak(3.8, "and the rest.")
    line.run(9.0)
    assert len(asked(line)) == 1
    report = line.call.report(line.now)
    (turn,) = report.turns
    assert turn.agent_text == f"{last} and the rest."
    assert line.voice_s == pytest.approx(8.0, abs=0.1)
    assert report.continuity.gap_ms == 0
    assert report.continuity.agent_ms_cut == 0
    assert (report.continuity.drops, report.continuity.fresh_starts) == (1, 1)


def test_the_time_until_a_cut_turn_goes_on_is_a_gap_in_it() -> None:
    line = replying()
    line.lose_model()
    line.run(5.2)  # 3.2 s of it were left to hear
    line.speak(1.0, "and the rest.")
    line.run(3.0)
    assert line.call.report(line.now).continuity.gap_ms == pytest.approx(2000, abs=100)


def test_a_caller_who_speaks_is_answered_and_the_cut_turn_is_let_go() -> None:
    line = replying()
    line.lose_model()
    line.talk(1.0)
    line.run(3.0)
    assert asked(line) == []
    line.speak(1.0, "Pardon?")
    line.run(3.0)
    report = line.call.report(line.now)
    assert [t.agent_text for t in report.turns][1:] == ["Pardon?"]
    assert report.barge_ins == 1  # no service knows what is being heard: our own ears cut it
    assert line.voice_s < 4.0


def test_a_cough_does_not_let_the_cut_turn_drop() -> None:
    line = replying()
    line.lose_model()
    line.talk(0.15)
    line.run(2.0)
    assert asked(line) == []  # the session sends it again, and it may have been a word
    line.run(4.0)
    assert len(asked(line)) == 1


def test_a_model_that_is_prompted_anyway_is_not_asked_as_well() -> None:
    line = opened()
    line.talk(1.0)
    line.run(1.6)
    line.lose_model()  # before a word of the answer: the session sends the question again
    line.run(3.0)
    assert line.entry("model.moved")["prompted"]
    assert asked(line) == []
    line.speak(1.0, "Certainly.")
    line.run(2.0)
    assert line.call.report(line.now).turn_count == 1


def test_the_rest_is_asked_for_when_all_that_was_kept_is_sent() -> None:
    line = replying()
    line.model(HANDLE)
    line.refusals = 5
    line.lose_model()
    while line.session.state is not SessionState.READY:
        line.run(0.1)
    back_at, took_s = line.now, float(line.entry("model.moved")["took_s"])
    assert line.entry("model.moved")["resumed"]
    line.run(took_s / 4)
    assert asked(line) == []
    line.run(took_s / 4 + 1.0)
    assert len(asked(line)) == 1
    (at,) = [t for t, m in line.to_model if t > back_at and "cut off" in str(m)]
    assert at > back_at + took_s / 3


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("", prompts.ANSWER),
        ("It is booked.", prompts.say(prompts.CONTINUE, "One moment.")),
    ],
)
def test_an_answer_cut_before_it_had_a_sound_is_asked_for(text: str, wording: str) -> None:
    line = opened()
    line.talk(1.0)
    line.run(1.6)
    line.model(audio(0.6, "One moment."), tool_call(("c1", "book")))
    line.run(0.5)
    line.finish_tool("c1", output="booked")
    line.model(HANDLE, content(outputTranscription={"text": text}))
    line.lose_model()
    line.run(2.0)
    assert not line.entry("model.moved")["prompted"]
    assert asked(line) == [wording]


def test_a_turn_that_is_cut_again_and_again_is_not_gone_on_with_for_ever() -> None:
    line = replying()
    for _ in range(6):
        line.lose_model()
        line.run(1.0)
        line.speak(4.0, WORDS, complete=False)
        line.run(0.4)
    report = line.call.report(line.now)
    assert report.turn_count > 1
    assert len([t for t in asked(line) if report.turns[0].agent_text[:40] in t]) <= 3


def test_what_was_asked_on_a_connection_that_went_is_asked_again_on_the_next() -> None:
    line = replying()
    line.lose_model()
    line.run(1.0)
    line.lose_model()
    line.run(1.0)
    line.speak(1.0, "and the rest.")
    line.run(6.0)
    assert len(asked(line)) == 2
    assert line.call.report(line.now).turn_count == 1


def test_a_greeting_that_is_cut_is_gone_on_with_and_never_said_twice() -> None:
    line = opened(GREETING)
    line.speak(4.0, "Bella Vista, hello. How can I help you on this fine day?", complete=False)
    line.run(0.3)
    line.lose_model()
    line.run(1.0)
    (text,) = asked(line)
    assert '"Bella Vista,' in text
    assert line.typed == [prompts.say(prompts.GREETING, "Bella Vista, hello."), text]


def test_a_greeting_of_which_nothing_was_heard_is_asked_for_again() -> None:
    line = opened(GREETING)
    line.lose_model()
    line.run(1.0)
    assert line.typed == 2 * [prompts.say(prompts.GREETING, "Bella Vista, hello.")]
    line.speak(1.0, "Bella Vista, hello.")
    line.run(3.0)
    assert asked(line) == []
    assert line.call.report(line.now).turn_count == 1


def test_a_greeting_cut_before_it_had_a_sound_is_asked_for_by_one_side_only() -> None:
    line = opened(GREETING)
    line.model(content(outputTranscription={"text": "Bella"}))
    line.lose_model()
    line.run(3.0)
    assert line.typed == 2 * [prompts.say(prompts.GREETING, "Bella Vista, hello.")]


def test_the_history_knows_only_what_was_heard() -> None:
    line = replying()
    line.lose_model()
    line.run(0.5)
    seeded = [m for _, m in line.to_model if "clientContent" in m]
    words = seeded[0]["clientContent"]["turns"][1]["parts"][0]["text"]
    assert words.split()[-1] == line.call.report(line.now).turns[0].agent_text.split()[-1]


# Planned moves are not heard.


def test_a_planned_move_costs_the_caller_nothing() -> None:
    line = opened()
    line.talk(1.0)
    line.run(1.6)
    line.speak(8.0, WORDS)
    line.after(1.0, lambda: line.model(HANDLE, GO_AWAY))
    line.after(2.1, lambda: line.model(HANDLE))
    line.run(12.0)
    assert line.voice_s == pytest.approx(8.0, abs=0.1)
    assert not line.carrier.line.gaps
    assert asked(line) == []
    figures = line.call.report(line.now).continuity
    assert (figures.moves, figures.drops) == (1, 0)
    assert (figures.gap_ms, figures.caller_ms_lost, figures.agent_ms_cut) == (0, 0, 0)
    assert len(line.performed(OpenModel)) == 2


def test_after_a_planned_move_the_caller_can_still_interrupt_what_plays_on() -> None:
    line = opened()
    line.speak(8.0, WORDS)
    line.after(2.1, lambda: line.model(HANDLE, GO_AWAY))
    line.run(3.0)
    assert "model.moved" in line.names()
    line.talk(1.0)
    line.run(1.0)
    assert line.entry("barge_in")["by"] == "local"


def test_functions_outlive_a_move() -> None:
    line = opened()
    line.model(tool_call(("c1", "book")))
    line.lose_model()
    line.run(1.0)
    line.finish_tool("c1", output="booked")
    line.run(5.0)
    assert [run.id for run in line.performed(RunTool)] == ["c1"]
    assert any("booked" in text for text in line.texts)


# While there is no model.


def test_a_waiting_caller_hears_noise_at_once_then_a_phrase() -> None:
    line = opened()
    line.talk(1.0)
    line.refusals = 3
    line.run(0.7)
    line.lose_model()
    line.run(4.0)
    names = line.names()
    assert "cover.phrase" in names
    times = [e.t for e in line.call.timeline if e.name in {"caller.speech_ended", "cover.phrase"}]
    assert times[1] - times[0] <= 1.25
    assert names.count("model.move_failed") == 3
    assert "model.moved" in names
    assert line.call.report(line.now).continuity.dead_air_ms < 1200


def test_an_opening_that_takes_no_longer_than_usual_is_not_covered() -> None:
    line = opened(GREETING)
    assert line.carrier.line.n_received == 0


def test_a_model_that_does_not_come_at_all_is_covered_for() -> None:
    line = Line(GREETING, answers=False)
    line.run(2.5)
    (at,) = [e.t for e in line.call.timeline if e.name == "cover.phrase"]
    assert at == pytest.approx(1.2, abs=0.05)
    assert line.carrier.line.n_received > 1.8 * 8000


def test_a_caller_who_waits_for_nothing_hears_no_cover() -> None:
    line = opened()
    line.run(1.0)
    line.refusals = 3
    line.lose_model()
    line.run(6.0)
    assert "cover.phrase" not in line.names()
    assert line.voice_s == 0


def test_the_rest_of_a_cut_sentence_is_waited_for_with_cover() -> None:
    line = replying()
    line.refusals = 4
    line.lose_model()
    line.run(5.2)
    assert "cover.phrase" in line.names()


def test_after_the_budget_the_caller_is_told_before_the_call_ends() -> None:
    line = replying()
    line.refusals = 10**6
    line.lose_model()
    line.run(60.0)
    assert line.names()[-3:] == ["call.ending", "cover.apology", "call.ended"]
    assert line.call.outcome == Outcome.MODEL_LOST
    assert line.carrier.line.n_cut == 0


def test_no_idle_time_runs_while_there_is_no_model() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(3.0, "Hello?", 5.0)))
    line.run(2.0)
    line.refusals = 5
    line.lose_model()
    line.run(8.0)
    assert line.texts == []
    line.run(2.0)
    assert line.call.state is CallState.TALKING
    assert "model.moved" in line.names()


def test_a_call_that_is_ending_asks_for_nothing_more() -> None:
    line = opened()
    line.model(audio(2.0, "Goodbye then."), tool_call(("c1", "end_call")))
    line.lose_model()
    line.run(5.0)
    assert asked(line) == []
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert "cover.apology" not in line.names()


@pytest.mark.parametrize("moves", [True, False])
def test_a_goodbye_is_no_time_for_an_apology(moves: bool) -> None:
    line = opened(moves=MovePolicy(moves=moves))
    line.model(audio(1.0, "Goodbye."), tool_call(("c1", "book"), ("e", "end_call")))
    line.finish_tool("c1", output="booked")
    line.model(audio(0.4, "Take care"))
    line.lose_model()
    line.run(20.0)
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert "cover.apology" not in line.names()
