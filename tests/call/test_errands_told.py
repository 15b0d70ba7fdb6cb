"""What the model is told in writing, and when: texts that wait, and the caller's keys."""

from math import inf

import pytest

from agent.call import prompts
from agent.call.errands import MOST_WAITING
from agent.call.keypad import PLAIN, KeyAct, KeyPlan
from tests.call.errand_desk import Fixture, answer, lost


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
