"""Handles: when they come, and what a resumed session knows (E-28 to E-31)."""

from typing import Any

import pytest

from agent.sim.dialogue import CallTools, Move, Say
from agent.sim.faults import Faults
from agent.sim.mishaps import Resumption
from agent.sim.scripted import marker
from tests.sim.model_line import Line, calling, tools

ASKS: dict[str, Any] = {"sessionResumption": {}}
INITIAL_HISTORY: dict[str, Any] = {"historyConfig": {"initialHistoryInClientContent": True}}


def line_with(profile: str = "dev-3.8", **fields: Any) -> Line:
    setup = {**ASKS, **fields.pop("setup", {})}
    rules = fields.pop("rules", Resumption())
    return Line(profile, setup=setup, faults=Faults(resumption=rules), **fields).set_up()


class Memory:
    """Says all it has been told."""

    grammar = ""

    def __init__(self) -> None:
        self.told: tuple[str, ...] = ()

    def greeting(self, text: str) -> Move:
        return self.heard(text)

    def heard(self, text: str) -> Move:
        self.told = (*self.told, text)
        return Say(" ".join(self.told))

    def tool_result(self, name: str, response: object) -> Move:
        return self.heard(name)


def said(line: Line) -> str:
    texts = [got.content["outputTranscription"].get("text", "") for got in
             line.all("outputTranscription")]  # fmt: skip
    return "".join(texts)


def test_a_handle_comes_after_setup_and_after_each_turn() -> None:
    line = line_with()
    assert line.labels == ["setupComplete", "sessionResumptionUpdate"]
    line.text("hi").run(6.0)
    assert line.labels[-3:] == ["turnComplete", "usage", "sessionResumptionUpdate"]
    first, second = line.updates
    assert first["newHandle"] != second["newHandle"]
    assert (first["resumable"], second["resumable"]) == (True, True)


def test_nobody_who_does_not_ask_gets_a_handle() -> None:
    line = Line().set_up().text("hi").run(6.0)
    assert line.updates == []


def test_31_gives_one_unasked_when_functions_have_answered() -> None:
    def answered(profile: str, rules: Resumption) -> Line:
        faults = Faults(resumption=rules)
        line = Line(profile, setup=tools("BLOCKING"), script=calling(), faults=faults).set_up()
        line.text("greet").run(6.0).text("ask").run(2.0)
        return line.answer(*line.call_ids).run(6.0)

    [update] = answered("dev-3.1", Resumption()).updates
    assert update["resumable"] is True
    assert answered("dev-3.8", Resumption()).updates == []
    assert answered("dev-3.1", Resumption(handles="none")).updates == []


def test_a_resumed_31_has_forgotten_the_calls_of_its_initial_history() -> None:
    def history(profile: str) -> tuple[list[str], list[str]]:
        line = line_with(profile, setup=INITIAL_HISTORY)
        call = {"functionCall": {"name": "book", "args": {}}}
        turns = [{"role": "user", "parts": [{"text": "hello"}]}, {"role": "model", "parts": [call]}]
        line.send({"clientContent": {"turns": turns, "turnComplete": True}})
        line.text("one").run(6.0)
        before = context(line)
        return before, context(line.redial())

    before, after = history("dev-3.1")
    assert before[:2] == ["hello", '{"name":"book","args":{}}']
    assert after == ["hello", *before[2:]]
    before, after = history("dev-3.8")
    assert after == before


def context(line: Line) -> list[str]:
    running = line.server._running
    assert running is not None
    return [words for _, words in running.session.conversation.delivery.ledger.history]


def test_25_says_that_there_is_no_handle_while_it_generates() -> None:
    line = line_with("dev-2.5").forget().text("hi").run(6.0)
    assert [bool(update) for update in line.updates] == [False, True]
    assert [bool(update) for update in line_with().forget().text("hi").run(6.0).updates] == [True]


def test_transparent_updates_come_every_so_many_messages_and_as_late_as_they_lag() -> None:
    def indices(lag: int) -> list[str]:
        transparent = {"sessionResumption": {"transparent": True}}
        rules = Resumption(update_every=10, index_lag=lag)
        line = line_with("vertex-3.8", setup=transparent, rules=rules).hush(1.0)
        return [update.get("lastConsumedClientMessageIndex", "") for update in line.updates]

    assert indices(0) == ["", "10", "20"]
    assert indices(7) == ["", "10"]


@pytest.mark.parametrize("profile", ["dev-3.8", "dev-2.5"])
def test_a_handle_may_come_as_soon_as_a_reply_is_sent(profile: str) -> None:
    rules = Resumption(when_generated=True)
    line = line_with(profile, rules=rules, mind=Memory(), reply_s=8.0).forget()
    line.text("one").run(4.0)
    assert line.labels[-2:] == ["generationComplete", "sessionResumptionUpdate"]
    assert line.updates[-1]["resumable"] is True
    assert said(line.redial().forget().text("two").run(4.0)).split() == ["one", "two"]


def test_a_handle_may_come_only_once() -> None:
    line = line_with(rules=Resumption(handles="once")).text("hi").run(6.0)
    assert [bool(update) for update in line.updates] == [True, False]


def test_there_is_no_handle_while_a_function_is_at_work_and_one_when_it_has_answered() -> None:
    line = line_with(setup=tools("BLOCKING"), script=calling()).text("greet").run(6.0)
    line.forget().text("ask").run(2.0)
    assert line.updates == [{}]
    line.answer(*line.call_ids)
    assert line.updates[-1]["resumable"] is True
    assert line.kept().tool_results == line.call_ids


def test_a_resumed_session_knows_what_was_said() -> None:
    line = line_with(mind=Memory()).text("one").run(6.0).redial().forget()
    assert "two" in said(line.text("two").run(6.0))
    assert said(line).split() == ["one", "two"]
    assert line.kept() is line.recording.sessions["session-1"]


def test_an_old_handle_loses_what_came_later() -> None:
    line = line_with(mind=Memory()).text("one").run(6.0)
    old = line.handle
    line.text("two").run(6.0)
    line.redial(old).forget().text("three").run(6.0)
    assert said(line).split() == ["one", "three"]
    line.redial(old).forget().text("four").run(6.0)
    assert said(line).split() == ["one", "four"]


def test_newer_handles_can_invalidate_older_ones() -> None:
    line = line_with(rules=Resumption(newer_invalidates=True))
    old = line.handle
    line.text("one").run(6.0).redial(old)
    assert line.close is not None
    assert line.close.code == 1008
    assert line.redial().close is None


@pytest.mark.parametrize(("profile", "hours"), [("dev-3.8", 2), ("vertex-3.8", 24)])
def test_a_handle_expires_some_hours_after_the_connection(profile: str, hours: int) -> None:
    def resumed_after(seconds: float) -> Line:
        line = line_with(profile).run(1.0)
        line.server.closed()
        line.now += seconds
        return line.redial()

    assert resumed_after(hours * 3600 - 10.0).close is None
    late = resumed_after(hours * 3600 + 10.0)
    assert late.close is not None
    assert (late.close.code, late.close.reason) == (1008, "Session not found or expired.")


def test_an_unknown_handle_is_refused_before_setup_is_complete() -> None:
    line = line_with().forget().redial("invented")
    assert line.got == []
    assert line.close is not None
    assert line.close.code == 1008


def test_a_generation_in_flight_is_not_continued() -> None:
    line = line_with(reply_s=8.0).text("hi").run(1.0).redial().forget().run(30.0)
    assert line.got == []


def test_the_history_holds_what_was_assumed_to_be_heard() -> None:
    setup: dict[str, Any] = {"historyConfig": {}}
    line = line_with(setup=setup, mind=Memory(), reply_s=4.0)
    line.text("a b c d e f g h").run(0.4 + 2.0).text("stop").run(0.1)
    running = line.server._running
    assert running is not None
    assert ("model", "a b c d") in running.session.conversation.delivery.ledger.history


def test_a_session_is_not_resumed_while_its_socket_is_open() -> None:
    line = line_with().redial(hang_up=False)
    assert line.close is not None
    assert line.close.code == 1011
    overlapping = line_with(rules=Resumption(allow_overlap=True)).redial(hang_up=False)
    assert overlapping.close is None


def test_another_model_does_not_take_the_handle() -> None:
    line = line_with()
    line.setup = {**line.setup, "model": "models/gemini-3.1-flash-live-preview"}
    line.server.closed()
    line.profile = "dev-3.1"
    line.redial()
    assert line.close is not None
    assert line.close.code == 1007


def test_a_call_lost_by_a_resume_eats_the_next_turn_of_38() -> None:
    line = line_with(setup=tools("BLOCKING"), script=calling()).text("greet").run(6.0)
    line.text("ask").run(2.0).redial().forget()
    assert "audio" not in line.text("hello?").run(6.0).labels
    assert "turnComplete" in line.labels
    assert "toolCall" in line.text("hello?").run(6.0).labels


def test_answering_the_lost_call_closes_it_with_an_empty_turn() -> None:
    line = line_with(setup=tools("BLOCKING"), script=calling()).text("greet").run(6.0)
    line.text("ask").run(2.0).redial().forget().answer(*line.call_ids).run(1.0)
    assert [w for w in line.labels if w != "usage"] == ["turnComplete", "sessionResumptionUpdate"]
    assert "toolCall" in line.text("ask").run(6.0).labels


def test_25_ignores_the_late_answer() -> None:
    line = line_with("dev-2.5", setup=tools(), script=calling()).text("greet").run(6.0)
    line.text("ask").run(2.0).redial().forget().answer(*line.call_ids).run(1.0)
    assert line.got == []
    assert "toolCall" in line.text("ask").run(6.0).labels


class Asks(Memory):
    def heard(self, text: str) -> Move:
        return CallTools((("look_up", {}),), None)

    def tool_result(self, name: str, response: object) -> Move:
        return Say("here it is")


def waiting_in_a_snapshot() -> Line:
    """A session resumed from a handle that was given while a function was at work."""
    rules = Resumption(during_calls=True)
    line = line_with(rules=rules, setup=tools("NON_BLOCKING"), mind=Asks()).text("ask").run(3.0)
    assert line.updates[-1]["resumable"] is True
    return line.redial().forget()


def test_a_call_that_waits_in_a_snapshot_can_be_answered_after_the_resume() -> None:
    line = waiting_in_a_snapshot()
    assert said(line.answer(*line.call_ids).run(6.0)) == "here it is"
    assert line.kept().tool_results == line.call_ids


def test_a_call_that_waits_in_a_snapshot_eats_the_next_turn_unless_answered() -> None:
    line = waiting_in_a_snapshot().text("hello?").run(6.0)
    assert "toolCall" not in line.labels
    assert "turnComplete" in line.labels
    line.answer(*line.call_ids).run(6.0)
    assert said(line) == ""
    assert "toolCall" in line.text("hello?").run(6.0).labels


# Caller audio


def test_38_includes_speech_that_has_not_ended_and_31_does_not() -> None:
    for profile, included in (("dev-3.8", True), ("dev-3.1", False)):
        line = line_with(profile, reply_s=4.0).text("hi").run(1.0)
        line.hush(0.4).say(0, 1.0)  # interrupts: a handle in mid-utterance
        assert line.labels.count("interrupted") == 1
        handle_at = line.n_said
        line.redial()
        missing = line.account().missing
        assert bool(line.kept().n_samples > 16_000 * 0.4) is included
        assert missing[-1][1] == handle_at


def test_an_utterance_cut_by_a_resume_is_heard_whole_when_the_rest_follows() -> None:
    line = line_with(reply_s=4.0, rules=Resumption(covers_open_speech=True))
    line.text("hi").run(1.0).hush(0.4).say(2, 1.0)
    kept = line.recording.sessions["session-1"].n_samples
    line.redial().forget()
    [(start, end)] = line.account().missing
    assert end - start == kept - line.kept().n_samples
    line.audio_from(marker(2, 1.0, 16_000)[start - 6400 :], start).hush(1.5)
    assert line.account().n_missing == line.account().n_repeated == 0
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 2"


def test_speech_that_was_cut_is_not_half_heard_where_handles_leave_it_out() -> None:
    line = line_with("dev-3.1", reply_s=4.0).text("hi").run(1.0).hush(0.4).say(2, 1.0)
    line.redial().forget().hush(2.0)
    assert line.labels == []


def test_an_utterance_the_ear_was_busy_with_is_heard_after_the_resume() -> None:
    line = line_with("vertex-3.8")
    line.setup = {**line.setup, "sessionResumption": {"transparent": True}}
    line.redial(transparent=True)
    waiting: list[int] = []
    server = line.server
    server.heard = lambda utterance_id, text, now: waiting.append(utterance_id)  # type: ignore[method-assign]
    line.say(4, 1.0, then=2.0)
    assert len(waiting) == 1
    line.redial(transparent=True).run(6.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 4"
    assert "audio" in line.labels


def test_the_clients_own_brackets_go_on_after_a_resume() -> None:
    manual = {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}}
    line = line_with(setup=manual)
    line.send({"realtimeInput": {"activityStart": {}}})
    line.say(5, 0.5).text("and").run(6.0)  # a turn, and with it a handle
    line.redial().forget().say(5, 0.5).send({"realtimeInput": {"activityEnd": {}}}).run(6.0)
    assert line.first("inputTranscription").content["inputTranscription"]["text"] == "utterance 5"
    assert line.recording.connections["b"].utterances == [16_000]
