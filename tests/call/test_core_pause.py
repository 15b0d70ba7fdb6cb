"""A pause of the recording: what is said in it is nowhere in what is kept of the call."""

from functools import partial

import numpy as np

from agent.audio.pcm import Pcm16
from agent.call import prompts
from agent.call.core import CallPlan
from agent.call.effects import RunTool, SaveAudio
from agent.call.turn import NOT_KEPT
from tests.call.line import Line, content, opened, tool_call

PLAN = CallPlan("bella", barge_in="local", record=True, pause_tool=True, longest_pause_s=20.0)
NUMBER = "It is 4929 1234."


def stereo(line: Line) -> tuple[Pcm16, Pcm16]:
    pieces = [effect.stereo for _, effect in line.effects if isinstance(effect, SaveAudio)]
    both = np.frombuffer(b"".join(pieces), "<i2").reshape(-1, 2)
    return both[:, 0], both[:, 1]


def loud_between(pcm: Pcm16, from_s: float, to_s: float) -> bool:
    piece = pcm[round(from_s * 8000) : round(to_s * 8000)]
    return bool(piece.size and np.abs(piece.astype(np.int32)).max() > 500)


def pause(line: Line) -> None:
    line.model(tool_call(("p1", prompts.PAUSE_RECORDING)))


def resume(line: Line) -> None:
    line.model(tool_call(("p2", prompts.RESUME_RECORDING)))


def paid() -> Line:
    """A call in which a card's number is spoken, keyed, and read back, from 1.5 to 8.5 s."""
    line = opened(PLAN)
    line.model(content(inputTranscription={"text": "I want to pay."}))
    line.speak(0.5, "One moment.")
    line.run(1.0)
    pause(line)
    line.speak(1.0, "Your number please.")
    line.run(1.5)
    line.talk(2.0)
    line.run(2.0)
    line.model(content(inputTranscription={"text": NUMBER}))
    line.speak(2.0, "I heard 4929 1234.")
    line.run(3.0)
    resume(line)
    line.run(0.5)
    line.talk(1.0)
    line.run(1.5)
    line.model(content(inputTranscription={"text": "4929 once more."}))
    line.speak(0.5, "Thank you.")
    line.run(1.5)
    line.talk(1.0)
    line.run(1.5)
    line.speak(0.5, "That was all.")
    line.run(1.5)
    line.talk(1.0)
    line.run(1.5)
    line.model(content(inputTranscription={"text": "What else?"}))
    line.speak(1.0, "Nothing else.")
    line.run(2.0)
    line.hang_up()
    line.run(0.1)
    return line


def test_the_model_is_told_how_long_and_no_business_function_runs() -> None:
    line = opened(PLAN)
    pause(line)
    resume(line)

    first, second = line.responses

    assert first["response"] == {"output": prompts.PAUSED.format(seconds=20)}
    assert second["response"] == {"output": prompts.RESUMED}
    assert not line.performed(RunTool)


def test_silence_stands_in_the_place_of_both_sides_and_time_stays_right() -> None:
    line = paid()
    caller, agent = stereo(line)
    times = {entry.name: entry.t for entry in line.call.timeline}
    began, paused, resumed = (times[f"recording.{name}"] for name in ("began", "paused", "resumed"))

    assert loud_between(agent, 0.0, paused - began)
    assert not loud_between(agent, paused - began, resumed - began)
    assert not loud_between(caller, paused - began, resumed - began)
    assert loud_between(caller, resumed - began, resumed - began + 2.5)
    lasted = times["call.ended"] - began
    assert abs(caller.size / 8000 - lasted) < 0.2


def test_words_are_not_in_the_report_and_not_in_the_timeline() -> None:
    line = paid()
    report = line.call.report(line.now)
    told = [str(entry.values.get("pii.text")) for entry in line.call.timeline]

    texts = [text for turn in report.turns for text in (turn.caller_text, turn.agent_text)]
    for text in (*texts, *told):
        assert "4929" not in text
    assert "Your number please." not in texts
    assert NOT_KEPT in texts
    assert NOT_KEPT in told
    assert texts[-2:] == ["What else?", "Nothing else."]
    assert "Nothing else." in told


def test_a_pause_that_is_forgotten_ends_by_itself() -> None:
    line = opened(PLAN)
    pause(line)
    line.run(19.5)
    assert "recording.resumed" not in line.names()

    line.run(1.0)

    assert line.entry("recording.resumed") == {"by": "time"}


def test_who_asks_is_told_that_nothing_may_be_kept() -> None:
    line = opened(PLAN)
    assert not line.call.private

    pause(line)
    assert line.call.private

    resume(line)
    assert not line.call.private


def test_words_that_nobody_answered_are_not_kept_either() -> None:
    line = opened(PLAN)
    line.speak(0.5, "One moment.")
    line.run(1.0)
    pause(line)
    line.model(content(generationComplete=True), content(turnComplete=True))
    line.after(0.5, partial(line.talk, 1.0))
    line.run(2.5)
    line.model(content(inputTranscription={"text": NUMBER}))
    line.hang_up()
    line.run(0.1)

    said = [e.values for e in line.call.timeline if e.name == "caller.said"]
    assert said == [{"turn": None, "pii.text": NOT_KEPT}]


def test_a_turn_that_is_gone_on_with_during_a_pause_is_hidden_as_well() -> None:
    line = opened(PLAN)
    line.speak(4.0, "one two three four five six seven eight nine", complete=False)
    line.run(0.8)
    pause(line)
    line.run(0.2)
    line.lose_model()
    line.run(3.0)
    line.speak(1.0, "ten eleven")
    line.run(4.0)

    [turn, *_] = line.call.report(line.now).turns
    assert turn.agent_text == NOT_KEPT


def test_without_the_tool_its_names_are_a_business_functions() -> None:
    line = opened(CallPlan("bella", record=True))
    pause(line)

    assert [run.name for run in line.performed(RunTool)] == [prompts.PAUSE_RECORDING]
    assert "recording.paused" not in line.names()


def test_a_key_that_is_pressed_in_a_pause_is_not_written_down_and_is_told_the_model() -> None:
    line = opened(PLAN)
    key = b'{"event":"dtmf","streamSid":"%b","sequenceNumber":"9999","dtmf":{"digit":"4"}}'
    sid = line.call.report(line.now).stream_id.encode()
    pause(line)
    line.call.phone_received(key % sid, line.now)
    line.run(3.0)

    assert line.entry("dtmf") == {"pii.digit": NOT_KEPT}
    assert prompts.KEYS.format(keys="4") in line.texts
