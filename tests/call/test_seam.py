"""What the caller hears, and the model is asked, when a connection goes in mid-turn."""

import pytest

from agent.call import prompts
from agent.gemini.session import SessionState
from tests.call.line import GREETING, audio, content, opened, tool_call
from tests.call.seam import HANDLE, WORDS, asked, replying


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
