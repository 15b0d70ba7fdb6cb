from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sim.scenario import CONFIRM, MORE, Understood
from tests.sim.talking import SCENARIOS, TODAY, scenario, sentence

SITUATIONS = [
    (name, expected)
    for name in SCENARIOS
    for expected in (None, CONFIRM, MORE, *scenario(name).file.slots)
] + [("restaurant", "time+day"), ("restaurant", "people+day+time+name")]


@pytest.mark.parametrize(("name", "expected"), SITUATIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_the_grammar_lets_through_is_understood(
    name: str, expected: str | None, data: st.DataObject
) -> None:
    spoken = scenario(name)
    said = data.draw(st.sampled_from(spoken.sentences(expected)))
    choose = lambda n: data.draw(st.integers(0, n - 1))  # noqa: E731
    words, slots = sentence(said.phrase, spoken.rules, choose)
    values = {slot: spoken.kind(slot).read(told, TODAY) for slot, told in slots.items()}
    if words and None not in values.values():
        understood = spoken.understand(" ".join(words), TODAY, expected)
        if understood.intents == ("no",) and words == ["no"]:
            return  # to the shop's first question, "no" is an answer of its own
        assert understood.slots == values
        assert understood.intents == ((said.intent,) if said.intent else ())


@pytest.mark.parametrize(("name", "expected"), SITUATIONS)
def test_the_grammar_knows_every_rule_it_uses(name: str, expected: str | None) -> None:
    grammar = scenario(name).grammar(expected)
    head, _, rules = grammar.partition("public <utterance> = ")
    assert head == f"#JSGF V1.0;\ngrammar {name};\n"
    defined = re.findall(r"^<(\w+)> =", rules, re.MULTILINE)
    assert sorted(defined) == sorted(set(re.findall(r"<(\w+)>", rules)))
    assert "()" not in rules


@pytest.mark.speech
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_word_is_in_the_ears_dictionary(name: str) -> None:
    package = find_spec("pocketsphinx")
    assert package is not None
    assert package.origin is not None
    dictionary = Path(package.origin).parent / "model" / "en-us" / "cmudict-en-us.dict"
    known = {line.split()[0] for line in dictionary.read_text().splitlines()}
    for expected in (None, CONFIRM, MORE, *scenario(name).file.slots):
        rules = scenario(name).grammar(expected).partition("public")[2]
        words = set(re.findall(r"[a-z']+", re.sub(r"<\w+>|/\d+/", "", rules)))
        assert words <= known


def test_what_was_asked_for_is_the_likeliest() -> None:
    lines = scenario().grammar("time").splitlines()
    assert lines[2:4] == ["public <utterance> = /8/ <time>", "    | /8/ at <time>"]
    assert "book" not in scenario().grammar("time")
    assert "(book | reserve)" in scenario().grammar()


@pytest.mark.parametrize(
    ("text", "intents", "slots"),
    [
        (
            "Hi, I'd like to book a table for four on Friday at 7:30 pm, please!",
            ("book",),
            {"people": 4, "day": "2026-11-27", "time": "19:30"},
        ),
        ("Do you have a table for 2 tomorrow at 8?", ("check",), {"people": 2}),
        ("When are you open? Thank you. Goodbye.", ("hours", "goodbye"), {}),
        ("hello i would like to book a table at seven for two", ("book",), {"people": 2}),
        ("um yes", ("yes",), {}),
        ("", (), {}),
        ("the weather is lovely in the mountains today my friend", (), {}),
    ],
)
def test_typed_sentences_are_understood_in_parts(
    text: str, intents: tuple[str, ...], slots: dict[str, object]
) -> None:
    understood = scenario().understand(text, TODAY)
    assert understood.intents == intents
    assert understood.slots.items() >= slots.items()
    assert bool(understood) is bool(intents)


def test_a_bare_number_means_what_was_asked_for() -> None:
    def seven(expected: str | None) -> Understood:
        return scenario().understand("seven", TODAY, expected)

    assert seven("people") == Understood((), {"people": 7})
    assert seven("time") == Understood((), {"time": "19:00"})
    assert seven("time+people") == Understood((), {"time": "19:00"})
    assert seven(None) == Understood()


@pytest.mark.parametrize("text", ["Zoltan Kiss", "My name is Zoltan Kiss."])
def test_an_unknown_name_can_be_typed_where_a_name_was_asked_for(text: str) -> None:
    understood = scenario().understand(text, TODAY, "day+name")
    assert understood == Understood((), {"name": "Zoltan Kiss"})
    assert not scenario().understand(text, TODAY, "day")


def test_a_day_that_does_not_exist_is_no_other_day() -> None:
    assert not scenario().understand("on the thirtieth of february", TODAY, "day")


def test_a_long_answer_is_no_name() -> None:
    assert not scenario().understand("blue cars go very fast", TODAY, "name")
