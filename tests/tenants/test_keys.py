from typing import Any

import pytest
from pydantic import ValidationError

from agent.errors import ConfigError
from agent.tenants.keys import KeyAction, Keys
from agent.tenants.parse import parse_tenant

HEAD = "tenant: x\nnumbers: [+15550100100]\nagent: {instructions: Hi}\n"


def keys_of(text: str) -> Keys:
    return parse_tenant(HEAD + text, "x.yaml").keys


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        keys_of(text)
    return [problem.removeprefix("x.yaml:") for problem in caught.value.problems]


def test_without_the_key_the_model_is_told_what_was_pressed() -> None:
    keys = keys_of("")
    assert keys == Keys()
    assert keys.pass_on
    assert not keys.map
    assert (keys.end, keys.pause, keys.most) == ("#", 1.5, 32)


def test_keys_are_the_characters_that_stand_there() -> None:
    keys = keys_of(
        "keys:\n  pass_on: yes\n  end: '#'\n  pause: 2s\n  most: 20\n  map:\n"
        "    0: {say: They want a person.}\n"
        "    9: {do: end_call}\n"
        "    '*': {do: repeat}\n"
        "    A: {say: 0}\n"
    )
    assert (keys.end, keys.pause, keys.most) == ("#", 2.0, 20)
    assert keys.map == {
        "0": KeyAction(say="They want a person."),
        "9": KeyAction(do="end_call"),
        "*": KeyAction(do="repeat"),
        "A": KeyAction(say="0"),
    }


def test_a_hash_without_quotes_is_a_comment_and_changes_nothing() -> None:
    assert keys_of("keys:\n  end: #\n  pause: 2s\n").end == "#"


def test_nothing_mapped_and_nobody_told_is_a_choice() -> None:
    assert not keys_of("keys: {pass_on: no, end: '*', pause: 1s}").pass_on


@pytest.mark.parametrize("key", [*"0123456789*#", "A", "D"])
def test_each_key_of_a_telephone_can_be_mapped(key: str) -> None:
    end = "1" if key == "#" else "#"
    given: dict[str, Any] = {"end": end, "map": {key: {"do": "repeat"}}}
    assert list(Keys.model_validate(given).map) == [key]


@pytest.mark.parametrize("key", ["", "00", "a", "E", "+", " ", "0\n", "\u0661", "\u00b2"])
def test_nothing_else_is_a_key(key: str) -> None:
    for given in ({"end": key}, {"map": {key: {"do": "repeat"}}}):
        with pytest.raises(ValidationError, match="is not one key of a telephone"):
            Keys.model_validate(given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "keys: {map: {0: {say: x}, 0: {do: repeat}}}",
            ["4:27: keys.map.0: given twice (first on line 4)"],
        ),
        (
            "keys: {map: {10: {do: repeat}}}",
            ['4:14: keys.map.10: "10" is not one key of a telephone: 0 to 9, *, # or A to D'],
        ),
        (
            "keys: {end: '*', map: {'*': {do: repeat}}}",
            ['4:13: keys.end: "*" ends an entry, and cannot do something else by itself; '
             "give end another key, or map another"],
        ),
        (
            "keys: {map: {'#': {do: repeat}}}",
            ['4:19: keys.map.#: "#" ends an entry, and cannot do something else by itself; '
             "give end another key, or map another"],
        ),
        (
            "keys: {pass_on: no, most: 5}",
            ["4:27: keys.most: has no effect while pass_on is false; remove it"],
        ),
        ("keys: {map: {0: {}}}", ["4:17: keys.map.0: does nothing; give it say or do"]),
        (
            "keys: {map: {0: {say: x, do: repeat}}}",
            ["4:17: keys.map.0: has both say and do; give it one of them"],
        ),
        (
            "keys: {map: {0: {do: transfer}}}",
            ['4:22: keys.map.0.do: "transfer" is not one of end_call, repeat'],
        ),
        (
            "keys: {map: {0: {tell: x}}}",
            ["4:18: keys.map.0.tell: unknown key"],
        ),
        ("keys: {map: {0: end_call}}", ["4:17: keys.map.0: should hold keys of its own"]),
        ("keys: {pause: 20s}", ['4:15: keys.pause: "20s" is not between 300ms and 10s']),
        ("keys: {most: 0}", ["4:14: keys.most: 0 is not between 1 and 100"]),
        ("keys: {ending: 0}", ['4:8: keys.ending: unknown key; did you mean "end"?']),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert found == expected
