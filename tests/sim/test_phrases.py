from __future__ import annotations

import pytest

from agent.sim.phrases import (
    Choice,
    Found,
    Row,
    Rule,
    Word,
    find,
    jsgf,
    may_be_bare,
    parse,
    rules_in,
    words_in,
)

RULES = {"people": parse("two|three"), "day": parse("[the] <ORDINAL>"), "ORDINAL": parse("first")}
TABLE = "(a|one) table [for {people}]"


def found(pattern: str, text: str) -> list[Found]:
    return list(find(parse(pattern), RULES, text.split()))


def test_a_pattern_is_read_as_words_choices_and_slots() -> None:
    rest = Choice((Row((Word("for"), Rule("people"))), Row(())))
    assert parse(TABLE) == Row((Choice((Word("a"), Word("one"))), Word("table"), rest))


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (TABLE, "(a | one) table [for <people>]"),
        ("yes | o'clock", "(yes | o'clock)"),
        ("[a | b c]", "[a | b c]"),
        ("(alone)", "alone"),
        ("<HOUR> [(a|b) c]", "<HOUR> [(a | b) c]"),
    ],
)
def test_it_is_written_as_jsgf(pattern: str, written: str) -> None:
    assert jsgf(parse(pattern)) == written


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("a (b", "character 5 should not be the end"),
        ("a ]b", "character 2 should not be ]"),
        ("a)", "character 2 should not be )"),
        ("(a]", "character 3 should not be ]"),
        ("[]", "nothing stands before character 2"),
        ("a||b", "nothing stands before character 3"),
        ("|a", "nothing stands before character 1"),
        ("a|", "nothing stands before character 3"),
        ("I am", '"I" at character 1 has no meaning here'),
        ("for 4", '"4" at character 5'),
        ("{Two}", '"{" at character 1'),
    ],
)
def test_a_broken_pattern_is_told_with_its_place(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        parse(pattern)
    assert message in str(caught.value)


def test_slots_are_found_with_their_words() -> None:
    assert found(TABLE, "a table for three") == [
        Found(4, {"people": ("three",)}),
        Found(2, {}),
    ]
    assert found("{day}", "the first of") == [Found(2, {"day": ("the", "first")})]


@pytest.mark.parametrize("text", ["", "table", "a chair", "two table"])
def test_what_was_not_said_is_not_found(text: str) -> None:
    assert found(TABLE, text) == []


def test_rules_and_words_are_listed() -> None:
    phrase = parse(f"{TABLE} <HOUR>")
    assert rules_in(phrase) == {"people", "HOUR"}
    assert words_in(phrase) == {"a", "one", "table", "for"}


@pytest.mark.parametrize(
    ("pattern", "bare"),
    [("{day}", True), ("[on] {day}", True), ("on {day}", False), ("({day}|on {day})", True)],
)
def test_an_answer_may_be_bare(pattern: str, bare: bool) -> None:
    assert may_be_bare(parse(pattern)) is bare
