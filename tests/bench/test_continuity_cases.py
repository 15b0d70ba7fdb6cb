"""What is promised in each case, and the witness who is asked."""

from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from agent.call import prompts
from agent.sim.dialogue import CallTools, Say
from agent.sim.script import Say as Speak
from bench.continuity_cases import CASES, Case, Measured, Promise
from bench.continuity_mind import BOOK, RECALL, REMEMBER, TELL, Witness
from bench.continuity_sound import REPLY, REPLY_S, REPLY_WORDS

GOOD = Measured(
    reply_s=REPLY_S,
    again_s=0.0,
    gap_s=0.0,
    lost_ms=0.0,
    repeated_ms=0.0,
    memory=True,
    wait_s=0.9,
    bookings=1,
    confirmed=True,
    connections=2,
    used_up=0,
    ended=None,
)


def test_a_promise_that_is_kept_says_nothing() -> None:
    assert list(Promise().broken(GOOD)) == []
    assert list(Promise(reply_s=None).broken(replace(GOOD, reply_s=0.0))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reply_s": 7.9}, "7.90 s of the reply heard"),
        ({"again_s": 0.2}, "of the reply twice"),
        ({"gap_s": 0.1}, "100 ms of silence"),
        ({"lost_ms": 20.0}, "20 ms of the caller lost"),
        ({"repeated_ms": 20.0}, "of the caller repeated"),
        ({"memory": False}, "forgotten"),
        ({"memory": None}, "not answered for"),
        ({"wait_s": 2.6}, "2.60 s without a sound"),
        ({"bookings": 2}, "2 bookings"),
        ({"confirmed": False}, "did not hear"),
        ({"connections": 3}, "3 connections, expected 2 to 2"),
        ({"used_up": 1}, "1 connections used to their end"),
        ({"ended": "the socket broke"}, "the socket broke"),
    ],
)
def test_a_promise_that_is_broken_is_named(change: dict[str, Any], words: str) -> None:
    [broken] = Promise().broken(replace(GOOD, **change))
    assert words in broken


def test_cases_have_names_of_their_own_and_scripts_with_every_sentence() -> None:
    assert len({case.name for case in CASES}) == len({case.title for case in CASES}) == len(CASES)
    for case in CASES:
        labels = [step.clip.label for step in case.script() if isinstance(step, Speak)]
        assert {REMEMBER, TELL, RECALL, BOOK} == set(labels)


def test_no_two_utterances_of_a_script_sound_the_same() -> None:
    for case in CASES:
        said = [step.clip.mulaw for step in case.script() if isinstance(step, Speak)]
        assert len(set(said)) == len(said)


def test_the_long_cases_are_known_to_be_long() -> None:
    by_name: dict[str, Case] = {case.name: case for case in CASES}
    assert by_name["pongs"].seconds > 100.0
    assert by_name["calm"].seconds < 40.0


# The witness


def text_of(move: object) -> str:
    assert isinstance(move, Say)
    return move.text


def test_the_witness_knows_the_word_once_it_was_told() -> None:
    witness = Witness()
    assert text_of(witness.heard(RECALL)) == "unknown."
    assert text_of(witness.heard(REMEMBER)) == "noted."
    assert text_of(witness.heard(RECALL)) == "known."
    assert text_of(copy(witness).heard(RECALL)) == "known."


def test_a_history_tells_the_word_too() -> None:
    witness = Witness()
    witness.read("user", REMEMBER)
    assert text_of(witness.heard(f"{TELL} {RECALL}")) == "known."


def test_the_witness_goes_on_where_the_sound_broke_off() -> None:
    witness = Witness()
    assert text_of(witness.heard(TELL)) == REPLY
    heard = " ".join(REPLY_WORDS[:10])
    rest = text_of(witness.heard(prompts.say(prompts.CONTINUE, heard)))
    assert rest.split()[0] == REPLY_WORDS[10]


def test_a_witness_who_does_not_know_the_question_cannot_go_on() -> None:
    witness = Witness()
    go_on = prompts.say(prompts.CONTINUE, "ba be")
    assert text_of(witness.heard(go_on)) == "pardon."
    witness.read("user", TELL)
    assert text_of(copy(witness).heard(go_on)).startswith("bi bo")


def test_the_witness_answers_when_it_is_told_to() -> None:
    witness = Witness()
    witness.heard(TELL)
    assert text_of(witness.greeting(prompts.ANSWER)) == REPLY
    assert text_of(witness.greeting(prompts.say(prompts.GREETING, "Hello."))) == "hello."
    assert text_of(witness.heard("who is there")) == "pardon."
    assert text_of(witness.heard(prompts.WRAP_UP)) == "pardon."


def test_the_witness_books_and_says_so() -> None:
    witness = Witness()
    assert isinstance(witness.heard(BOOK), CallTools)
    late = prompts.LATE_RESULT.format(name="book_table", result='{"output": "booked"}')
    assert text_of(witness.heard(late)) == "booked."
    assert text_of(witness.tool_result("book_table", {"error": "no"})) == "failed."
