import json
from math import inf

import pytest

from agent.call import prompts
from agent.call.effects import CancelTools, RunTool
from agent.call.errands import LATE_RESULT_S, MOST_WAITING, Errands
from agent.call.keeping import Keeping
from agent.call.keypad import PLAIN, KeyAct, KeyPlan
from agent.call.requests import canonical, effect_key
from agent.call.timeline import Timeline
from agent.call.turn import NOT_KEPT
from agent.gemini.codec import encode_client
from agent.gemini.messages import ToolResponse, ToolResponseMessage
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.session_events import SendFrame, ToolCall
from agent.gemini.setup import SetupOptions, build_setup
from agent.gemini.tools import FunctionDeclaration, FunctionResponse


class Fixture:
    def __init__(
        self,
        model: str = "gemini-3.8-live",
        *,
        end_call_tool: bool = True,
        keys: KeyPlan = PLAIN,
        pause_tool: bool = False,
    ) -> None:
        tools = (FunctionDeclaration("book"), FunctionDeclaration("end_call"))
        setup = build_setup(SetupOptions(model=model, declarations=tools))
        self.session = LiveSession(setup, profile_for(model, "developer"))
        self.session.start(0.0)
        self.session.connected(1, 0.0)
        self.session.receive(1, b'{"setupComplete":{}}', 0.0)
        self.timeline = Timeline(0.0)
        self.keeping = Keeping(self.timeline, records=False, tells=False, longest_pause_s=45.0)
        self.errands = Errands(
            self.session,
            self.timeline,
            budget_s=8.0,
            end_call_tool=end_call_tool,
            keys=keys,
            keeping=self.keeping,
            pause_tool=pause_tool,
        )
        self.sent()

    def sent(self) -> list[bytes]:
        return [e.frame for e in self.session.effects() if isinstance(e, SendFrame)]

    def model_calls(self, *ids: str, name: str = "book", apart: bool = True) -> list[ToolCall]:
        """Calls for different things, by their ids, or all for the same."""
        calls = [ToolCall(id, name, {"for": id} if apart else {}) for id in ids]
        for call in calls:
            function = {"id": call.id, "name": name, "args": call.args}
            message = {"toolCall": {"functionCalls": [function]}}
            self.session.receive(1, json.dumps(message).encode(), 0.0)
        return calls

    def names(self) -> list[str]:
        return [entry.name for entry in self.timeline]


def run(id: str, turn: int = 0, call_id: str = "") -> RunTool:
    args = {"for": id}
    return RunTool(id, "book", args, effect_key(call_id, "book", canonical(args), turn))


def answer(id: str, name: str, **response: object) -> bytes:
    reply = ToolResponse((FunctionResponse(id, name, response),))
    return encode_client(ToolResponseMessage(reply))


def test_functions_are_run_and_their_results_sent() -> None:
    f = Fixture()
    assert not f.errands.requested(f.model_calls("a"), 1, 0.0)
    assert f.errands.take() == [run("a")]
    assert f.errands.take() == []
    f.errands.finished("a", {"output": 1}, 1.0)
    assert f.sent() == [answer("a", "book", output=1)]
    assert f.names() == ["tool.requested", "tool.finished"]
    f.errands.finished("a", {"output": 1}, 2.0)
    assert f.sent() == []


def test_end_call_is_answered_here() -> None:
    f = Fixture()
    assert f.errands.requested(f.model_calls("e", name="end_call"), 1, 0.0)
    assert f.errands.take() == []
    assert f.sent() == [answer("e", "end_call", output=prompts.END_CALL_RESULT)]


def test_what_cannot_run_is_answered_at_once() -> None:
    f = Fixture()
    calls = f.model_calls(*(str(n) for n in range(17)))
    f.errands.requested(calls, 1, 0.0)
    assert len(f.errands.take()) == 16
    assert f.sent() == [answer("16", "book", error=prompts.TOO_MANY_TOOLS, retryable=True)]


def test_cancelled_functions_are_stopped_and_so_are_all_at_the_end() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a", "b"), 1, 0.0)
    f.errands.take()
    f.errands.cancelled(["a"], 1.0)
    f.errands.cancelled(["a"], 1.0)
    f.errands.tell_when_quiet("later", 9.0)
    f.errands.end(2.0)
    assert f.errands.take() == [CancelTools(("a",)), CancelTools(("b",))]
    assert f.errands.deadline(0.0) == inf


def test_a_slow_function_is_answered_for_and_its_result_told_when_it_is_quiet() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a"), 1, 0.0)
    assert f.errands.deadline(inf) == 8.0
    f.errands.advance(inf, 8.0)
    assert f.sent() == [answer("a", "book", error=prompts.STILL_WORKING, retryable=False)]
    f.errands.finished("a", {"output": "Friday"}, 10.0)
    f.errands.advance(inf, 10.0)
    assert f.sent() == []
    assert f.errands.deadline(inf) == 10.0 + LATE_RESULT_S
    assert f.errands.deadline(11.0) == 11.0
    f.errands.advance(11.0, 11.0)
    (frame,) = f.sent()
    assert b"Friday" in frame
    assert f.errands.deadline(0.0) == inf


def test_a_text_that_cannot_wait_longer_goes_out_whatever_goes_on() -> None:
    f = Fixture()
    f.errands.tell_when_quiet("hurry", 5.0)
    f.errands.tell_when_quiet("no hurry", 50.0)
    f.errands.advance(inf, 4.9)
    assert f.sent() == []
    f.errands.advance(inf, 5.0)
    assert len(f.sent()) == 1
    assert f.errands.deadline(inf) == 50.0


def test_nothing_is_told_into_the_last_words_but_a_slow_function_is_answered_for() -> None:
    f = Fixture()
    lost(f)
    f.errands.finished("a", {"output": "Friday"}, 3.0)
    f.errands.tell_when_quiet("hurry", 5.0)
    f.errands.pressed("5", 4.0)
    f.errands.ending = True
    assert f.errands.deadline(4.0) == inf
    f.errands.requested(f.model_calls("b"), 1, 4.0)
    assert f.errands.deadline(4.0) == 12.0
    f.errands.advance(4.0, 12.0)
    assert f.sent() == [answer("b", "book", error=prompts.STILL_WORKING, retryable=False)]
    assert f.errands.deadline(4.0) == inf


def test_too_many_texts_are_counted_not_kept() -> None:
    f = Fixture()
    for _ in range(MOST_WAITING + 2):
        f.errands.tell_when_quiet("x", 1.0)
    assert f.errands.counters["texts_dropped"] == 2


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("gemini-3.8-live", b"realtimeInput"),
        ("gemini-2.5-flash-native-audio-preview-12-2025", b"clientContent"),
    ],
)
def test_the_model_is_told_in_its_own_way(model: str, key: bytes) -> None:
    f = Fixture(model)
    f.errands.tell("Hello", 0.0)
    (frame,) = f.sent()
    assert key in frame


def test_keys_are_told_together() -> None:
    f = Fixture()
    f.errands.pressed("1", 0.0)
    f.errands.pressed("#", 0.1)
    f.errands.advance(inf, 0.1)
    (frame,) = f.sent()
    assert b": 1#" in frame
    assert f.timeline.since(0)[0].values == {"pii.digit": "1"}


KEYS = KeyPlan(
    acts={
        "0": KeyAct("say", "The caller wants a person."),
        "9": KeyAct("end_call", "Say goodbye.", ends_call=True),
    }
)


def test_a_key_that_acts_is_not_told_but_what_it_means() -> None:
    f = Fixture(keys=KEYS)
    f.errands.pressed("0", 0.0)
    assert f.errands.deadline(inf) == PLAIN.pause_s
    assert not f.errands.advance(inf, PLAIN.pause_s)
    (frame,) = f.sent()
    assert b"The caller wants a person." in frame
    assert [(e.name, e.values) for e in f.timeline] == [
        ("dtmf", {"pii.digit": "0"}),
        ("key.acted", {"does": "say"}),
    ]


def test_a_key_can_end_the_call() -> None:
    f = Fixture(keys=KEYS)
    f.errands.pressed("9", 0.0)
    assert f.errands.advance(inf, 2.0)
    (frame,) = f.sent()
    assert b"Say goodbye." in frame
    assert not f.errands.advance(inf, 3.0)


def test_keys_of_which_nothing_comes_are_counted_and_kept_apart_as_any() -> None:
    f = Fixture(keys=KeyPlan(pass_on=False))
    f.errands.pressed("5", 0.0)
    f.errands.ending = True
    f.errands.pressed("6", 1.0)
    assert f.errands.counters["keys_ignored"] == 2
    f.errands.advance(inf, 9.0)
    assert f.sent() == []
    assert [e.values for e in f.timeline] == [{"pii.digit": "5"}, {"pii.digit": "6"}]


def test_only_our_own_words_are_an_echo() -> None:
    f = Fixture()
    assert not f.errands.is_echo("")
    f.errands.tell("Greet the caller.", 0.0)
    assert f.errands.is_echo(" Greet the caller. ")
    assert not f.errands.is_echo("Greet")
    assert f.errands.counters["echoes"] == 1


def test_the_key_is_of_the_carriers_call_and_the_callers_turn() -> None:
    f = Fixture()
    f.errands.started("CA1")
    f.errands.caller_spoke()
    f.errands.caller_spoke()
    f.errands.requested(f.model_calls("a"), 1, 0.0)
    f.errands.model_answered(1.0, whole=True)
    f.errands.caller_spoke()
    f.errands.requested(f.model_calls("b"), 2, 2.0)
    assert f.errands.take() == [run("a", 1, "CA1"), run("b", 2, "CA1")]


def test_what_the_caller_wants_once_more_is_run_once_more() -> None:
    f = Fixture()
    ids = []
    for id in "ab":
        f.errands.caller_spoke()
        f.errands.requested(f.model_calls(id, apart=False), 1, 0.0)
        ids += [effect.id for effect in f.errands.take() if isinstance(effect, RunTool)]
        f.errands.finished(id, {"output": 1}, 1.0)
        f.errands.model_answered(2.0, whole=True)
        f.errands.saved(2.0)
    assert ids == ["a", "b"]


def test_one_effect_answers_every_call_for_it() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a", "b", apart=False), 1, 0.0)
    assert len(f.errands.take()) == 1
    f.errands.finished("a", {"output": 1}, 1.0)
    responses = tuple(FunctionResponse(id, "book", {"output": 1}) for id in "ab")
    assert f.sent() == [encode_client(ToolResponseMessage(ToolResponse(responses)))]
    assert f.names() == ["tool.requested"] * 2 + ["tool.finished"] * 2


def lost(f: Fixture) -> None:
    """A call of the model went with its connection at 1 s, and there is a new one at 2 s."""
    f.errands.requested(f.model_calls("a", apart=False), 1, 0.0)
    f.errands.take()
    f.errands.left(1.0)
    f.errands.lost(["a"], 1.0)
    f.errands.lost(["a"], 1.0)
    f.errands.moved(True, 2.0)
    assert f.names() == ["tool.requested", "tool.lost"]


def test_the_result_of_a_lost_call_is_told_when_the_model_does_not_ask_again() -> None:
    f = Fixture()
    lost(f)
    f.errands.finished("a", {"output": "Friday"}, 3.0)
    assert f.names()[-1] == "tool.finished"
    assert f.errands.deadline(inf) == 5.0
    f.errands.advance(inf, 5.0)
    assert f.sent() == []
    f.errands.advance(6.0, 6.0)
    (frame,) = f.sent()
    assert b"Friday" in frame
    f.errands.advance(6.0, 99.0)
    assert f.sent() == []


def test_the_result_of_a_lost_call_answers_the_call_made_again_and_is_not_told() -> None:
    f = Fixture()
    lost(f)
    f.errands.finished("a", {"output": "Friday"}, 3.0)
    f.errands.advance(inf, 5.0)
    f.errands.requested(f.model_calls("b", apart=False), 1, 5.5)
    assert f.errands.take() == []
    assert f.sent() == [answer("b", "book", output="Friday")]
    assert [entry.values["id"] for entry in f.timeline if entry.name == "tool.finished"] == [*"ab"]
    f.errands.advance(6.0, 99.0)
    assert f.sent() == []


def test_a_call_made_again_waits_for_the_function_under_way() -> None:
    f = Fixture()
    lost(f)
    f.errands.requested(f.model_calls("b", apart=False), 1, 3.0)
    f.errands.finished("a", {"output": "Friday"}, 4.0)
    assert f.errands.take() == []
    assert f.sent() == [answer("b", "book", output="Friday")]
    assert [entry.values["id"] for entry in f.timeline if entry.name == "tool.finished"] == [*"ab"]


def test_a_text_that_waits_when_the_connection_goes_waits_for_the_next_one() -> None:
    f = Fixture()
    lost(f)
    f.errands.tell_when_quiet("later", 50.0)
    f.errands.finished("a", {"output": "Friday"}, 3.0)
    f.errands.advance(inf, 5.0)
    f.errands.left(6.0)
    f.errands.advance(inf, 20.0)
    assert f.sent() == []
    f.errands.moved(True, 21.0)
    f.errands.advance(inf, 24.0)
    f.errands.advance(24.0, 24.0)
    told = f.sent()
    assert [b"Friday" in frame for frame in told] == [False, True]


def test_a_function_goes_on_though_the_model_has_ended_its_turn() -> None:
    f = Fixture()
    f.errands.requested(f.model_calls("a"), 1, 0.0)
    f.errands.model_answered(1.0, whole=True)
    f.errands.saved(1.0)
    assert f.errands.take() == [run("a")]
    f.errands.finished("a", {"output": 1}, 2.0)
    assert f.sent() == [answer("a", "book", output=1)]


def test_what_the_model_had_no_time_to_say_it_may_ask_for_again() -> None:
    for whole, runs in ((True, 2), (False, 1)):
        f = Fixture()
        for id in "ab":
            f.errands.caller_spoke()
            f.errands.requested(f.model_calls(id, apart=False), 1, 0.0)
            f.errands.finished(id, {"output": 1}, 1.0)
            f.errands.model_answered(2.0, whole=whole)
        assert len([e for e in f.errands.take() if isinstance(e, RunTool)]) == runs


def test_the_model_pauses_what_is_kept_and_goes_on() -> None:
    f = Fixture(pause_tool=True)

    assert not f.errands.requested(f.model_calls("p", name="pause_recording"), 1, 1.0)
    assert f.keeping.due == 46.0
    f.errands.pressed("4", 2.0)
    assert not f.errands.requested(f.model_calls("q", name="resume_recording"), 1, 3.0)
    assert not f.keeping.paused
    f.errands.pressed("5", 4.0)

    told = [
        text
        for frame in f.sent()
        for text in (prompts.RESUMED, "45 seconds")
        if text.encode() in frame
    ]
    assert told == ["45 seconds", prompts.RESUMED]
    assert f.errands.take() == []
    shown = [e.values["pii.digit"] for e in f.timeline if e.name == "dtmf"]
    assert shown == [NOT_KEPT, "5"]


@pytest.mark.parametrize("pause_tool", [True, False])
def test_other_functions_do_not_pause_anything(pause_tool: bool) -> None:
    f = Fixture(pause_tool=pause_tool)
    name = "book" if pause_tool else "pause_recording"

    f.errands.requested(f.model_calls("b", name=name), 1, 1.0)

    assert not f.keeping.paused
    assert [e.name for e in f.errands.take() if isinstance(e, RunTool)] == [name]
