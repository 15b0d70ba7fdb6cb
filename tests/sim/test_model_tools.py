"""Function calls of the model's stand-in (E-23, E-24, E-26, E-27)."""

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pytest

from agent.audio.pcm import silence
from agent.sim.dialogue import CallTools, Move, Nothing, Say
from agent.sim.faults import Faults
from tests.sim.model_line import Line, calling, tools

LOW = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}


def asked(profile: str = "dev-3.8", behavior: str | None = "BLOCKING", **line: Any) -> Line:
    """A session in which a typed text has just been answered with a call."""
    setup = tools(behavior) | (LOW if profile == "dev-3.8-xt" else {})
    made = Line(profile, setup=setup, **{"script": calling()} | line).set_up()
    return made.text("greet").run(made.reply_s + 3.0).forget().text("ask").run(0.6)


def words(line: Line) -> list[str]:
    skipped = {
        "outputTranscription", "voiceActivity", "thought", "empty", "groundingMetadata", "usage",
        "sessionResumptionUpdate",
    }  # fmt: skip
    return [word for word, _ in groupby(w for w in line.labels if w not in skipped)]


@pytest.mark.parametrize(
    ("profile", "form"),
    [
        ("dev-2.5", r"function-call-\d+"),
        ("dev-3.1", r"fc_\d+"),
        ("dev-3.8", r"fc_\d+"),
        ("vertex-3.8", r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"),
        ("vertex-2.5-half-cascade", r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"),
    ],
)
def test_call_ids_have_the_profiles_form_and_are_unique(profile: str, form: str) -> None:
    line = asked(profile)
    line.answer(*line.call_ids).run(6.0).text("ask").run(0.6)
    assert len(set(line.call_ids)) == 2
    assert all(re.fullmatch(form, id_) for id_ in line.call_ids)
    call = line.first("toolCall").message["toolCall"]["functionCalls"][0]
    assert (call["name"], call["args"]) == ("look_up", {"order": 7})


@pytest.mark.parametrize("profile", ["dev-2.5", "dev-3.1", "dev-3.8", "vertex-3.8"])
def test_a_blocking_call_is_silent_until_answered_and_is_one_turn_with_its_answer(
    profile: str,
) -> None:
    line = asked(profile).run(30.0)
    assert words(line) == ["toolCall"]
    line.answer(*line.call_ids).run(6.0)
    assert words(line) == ["toolCall", "audio", "generationComplete", "turnComplete"]


def test_the_answer_comes_a_moment_after_the_result() -> None:
    line = asked().run(5.0)
    answered_at = line.now - 100.0
    line.answer(*line.call_ids).run(6.0)
    assert line.first("audio").at - answered_at == pytest.approx(0.6)


def test_a_filler_is_said_before_a_blocking_call() -> None:
    line = asked(script=calling("One moment.")).run(3.0)
    assert words(line) == ["audio", "toolCall"]
    line.answer(*line.call_ids).run(8.0)
    assert words(line) == ["audio", "toolCall", "audio", "generationComplete", "turnComplete"]


def test_a_call_that_does_not_block_ends_its_turn_and_the_result_begins_another() -> None:
    line = asked(behavior="NON_BLOCKING", script=calling("Let me check.")).run(8.0)
    spoken = ["audio", "generationComplete", "turnComplete"]
    assert words(line) == ["toolCall", *spoken]
    line.answer(*line.call_ids).run(8.0)
    assert words(line) == ["toolCall", *spoken, *spoken]


def test_unset_behavior_blocks_on_25_and_not_on_38() -> None:
    assert words(asked("dev-2.5", None).run(8.0)) == ["toolCall"]
    assert words(asked("dev-3.8", None).run(8.0))[-1] == "turnComplete"


def test_half_cascade_closes_the_turn_of_the_call_by_itself() -> None:
    line = asked("vertex-2.5-half-cascade", None).run(5.0)
    order = [w for w in line.labels if w not in ("usage", "groundingMetadata")]
    assert order == [
        "outputTranscription", "toolCall", "outputTranscription", "generationComplete",
        "turnComplete",
    ]  # fmt: skip
    transcripts = [got.content["outputTranscription"] for got in line.all("outputTranscription")]
    assert transcripts == [{}, {"finished": True}]
    line.forget().answer(*line.call_ids).run(6.0)
    assert words(line) == ["audio", "generationComplete", "turnComplete"]


class Twice:
    """Calls two functions at once, then says how they answered."""

    grammar = ""

    def greeting(self, text: str) -> Move:
        return CallTools((("look_up", {}), ("book", {"people": 2})), None)

    def heard(self, text: str) -> Move:
        return Nothing()

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        return Say(f"{name} is done.")


def test_parallel_calls_come_in_one_frame_and_are_waited_for_together() -> None:
    setup = tools("BLOCKING", "look_up", "book")
    line = Line(setup=setup, mind=Twice()).set_up().text("go").run(1.0)
    [frame] = line.all("toolCall")
    first, second = line.call_ids
    assert len(frame.message["toolCall"]["functionCalls"]) == 2
    assert words(line.answer(second).run(5.0))[-1] == "toolCall"
    line.answer(first).run(6.0)
    assert words(line)[-3:] == ["audio", "generationComplete", "turnComplete"]
    said = "".join(got.content.get("outputTranscription", {}).get("text", "") for got in line.got)
    assert said == "book is done. look_up is done."


def test_a_function_that_was_not_declared_is_never_called() -> None:
    line = Line(mind=Twice()).set_up().text("go").run(6.0)
    assert "toolCall" not in words(line)
    assert words(line)[-1] == "turnComplete"


class Stubborn(Twice):
    """Answers every failure with the same call."""

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        return self.greeting("")


def test_a_mind_that_insists_on_missing_functions_falls_silent() -> None:
    line = Line(mind=Stubborn()).set_up().forget().text("go").run(6.0)
    assert words(line) == ["turnComplete"]


def test_a_call_made_by_a_result_is_carried_out() -> None:
    line = Line(setup=tools("BLOCKING", "look_up", "book"), mind=Stubborn()).set_up()
    line.text("go").run(1.0)
    line.answer(*line.call_ids).run(6.0)
    assert len(line.call_ids) == 4


# Results of calls that do not block


def unblocked(profile: str = "dev-3.8", **line: Any) -> Line:
    """A call that does not block has been made, and a long reply is now being spoken."""
    made = asked(profile, "NON_BLOCKING", script=calling("A long filler."), reply_s=8.0, **line)
    assert words(made)[0] == "toolCall"
    return made.run(1.0)


def test_when_idle_waits_for_the_end_of_the_reply() -> None:
    line = unblocked()
    line.forget().answer(*line.call_ids, scheduling="WHEN_IDLE").run(16.0)
    spoken = ["audio", "generationComplete", "turnComplete"]
    assert words(line) == spoken + spoken


def test_when_idle_waits_for_the_caller_too() -> None:
    line = unblocked().run(12.0).say(0, 0.4)
    assert "turnComplete" in words(line)
    line.forget().answer(*line.call_ids).say(0, 1.0)
    assert words(line) == []


def test_interrupt_cuts_the_reply_and_speaks_of_the_result() -> None:
    line = unblocked().forget()
    line.answer(*line.call_ids, scheduling="INTERRUPT").run(2.0)
    assert words(line)[:3] == ["interrupted", "turnComplete", "audio"]


def test_interrupt_waits_for_a_caller_who_is_speaking_on_38_and_not_on_25() -> None:
    patient = unblocked("dev-3.8").run(12.0).say(0, 0.4).forget()
    patient.answer(*patient.call_ids, scheduling="INTERRUPT").say(0, 1.0)
    assert words(patient) == []
    rude = unblocked("dev-2.5").run(12.0).say(0, 0.4).forget()
    rude.answer(*rude.call_ids, scheduling="INTERRUPT").say(0, 1.0)
    assert words(rude)[0] == "audio"


def test_silent_adds_to_the_context_and_says_nothing() -> None:
    line = unblocked().run(12.0).forget()
    line.answer(*line.call_ids, scheduling="SILENT").run(12.0)
    assert words(line) == []


def test_will_continue_keeps_the_call_open() -> None:
    line = unblocked().run(12.0).forget()
    [call_id] = line.call_ids
    line.answer(call_id, willContinue=True).run(12.0)
    assert words(line) == []
    line.answer(call_id).run(12.0)
    assert words(line)[0] == "audio"


def test_extended_thinking_is_in_progress_until_the_result_was_spoken_of() -> None:
    line = unblocked("dev-3.8-xt").run(12.0)
    line.answer(*line.call_ids).run(12.0)
    status = [got.content["interactionStatus"] for got in line.all("turnComplete")]
    assert status == ["IN_PROGRESS", "IDLE"]


def test_extended_thinking_refuses_scheduling_and_closes() -> None:
    line = unblocked("dev-3.8-xt")
    line.answer(*line.call_ids, scheduling="SILENT")
    assert line.close is not None
    assert line.close.reason == "Function response scheduling is not supported for this model"


# Cancellation


@pytest.mark.parametrize("profile", ["dev-2.5", "dev-3.1", "dev-3.8"])
def test_speech_during_a_blocking_call_interrupts_and_then_cancels(profile: str) -> None:
    line = asked(profile).say(0, 0.3)
    assert words(line) == ["toolCall", "interrupted", "turnComplete", "toolCallCancellation"]
    assert line.first("toolCallCancellation").message["toolCallCancellation"] == {
        "ids": line.call_ids
    }


def test_new_input_during_a_blocking_call_cancels_it_on_vertex_38() -> None:
    line = asked("vertex-3.8").say(0, 0.3)
    assert words(line) == ["toolCall", "toolCallCancellation", "turnComplete"]


def test_text_that_cuts_the_turn_cancels_its_call() -> None:
    line = asked("dev-3.8").text("never mind").run(0.1)
    assert words(line) == ["toolCall", "interrupted", "turnComplete", "toolCallCancellation"]


def test_half_cascade_keeps_its_call_while_the_caller_speaks() -> None:
    line = asked("vertex-2.5-half-cascade", faults=Faults(tool_gate_frames=-1)).say(0, 0.3)
    assert "toolCallCancellation" not in words(line)


def test_answers_to_cancelled_calls_are_ignored() -> None:
    line = asked().say(0, 0.3, then=1.0).run(6.0).answer("stranger")
    cancelled = line.call_ids[0]
    before = len(line.got)
    line.answer(cancelled).run(6.0)
    assert line.close is None
    assert not [got for got in line.got[before:] if "audio" in got.labels]


@pytest.mark.parametrize("code", [1007, 1008])
def test_answers_to_unknown_calls_can_be_punished(code: int) -> None:
    line = asked(faults=Faults(unknown_id_code=code)).answer("stranger")
    assert line.close is not None
    assert line.close.code == code


def test_no_interruption_leaves_the_call_alone() -> None:
    setup = tools("BLOCKING") | {"realtimeInputConfig": {"activityHandling": "NO_INTERRUPTION"}}
    line = Line(setup=setup, script=calling()).set_up().text("greet").run(6.0).forget()
    line.text("ask").run(0.6).say(0, 0.3).audio(silence(16_000))
    assert words(line.run(1.0)) == ["toolCall", "inputTranscription"]
