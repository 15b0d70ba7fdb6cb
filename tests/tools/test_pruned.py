from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agent.tools.pruned import TooDeep, is_large, pruned


@dataclass
class Plain:
    text: str


class Struct(msgspec.Struct):
    text: str


class Model(BaseModel):
    text: str


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 1),
        ("four", 4),
        (b"four", 4),
        ([1, 2, 3], 4),
        ((1, [2, 3]), 5),
        ({1, 2}, 3),
        ({"ab": 1}, 4),
        (Plain("four"), 9),
        (Struct("four"), 9),
        (Model(text="four"), 9),
        (UserDict({"ab": [1]}), 5),
        (Plain, 1),
        ("", 1),
        (["", ""], 3),
    ],
)
def test_every_item_counts_as_its_text_or_one(value: object, size: int) -> None:
    assert not is_large(value, size)
    assert is_large(value, size - 1)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("abcdef", "abc"),
        (b"abcdef", b"abc"),
        ([1, 2, 3, 4], [1, 2]),
        ((1, "abcdef"), [1, "a"]),
        ({"ab": 1, "cd": 2}, {"ab": 1}),
        ({5: "abcdef"}, {5: "ab"}),
        (Struct("x"), {"te": "x"[:0]}),
        (7, 7),
        (object, object),
    ],
)
def test_what_exceeds_the_limit_is_left_out(value: object, kept: object) -> None:
    assert pruned(value, 3) == kept


@pytest.mark.parametrize("value", [Plain("abcdef"), Struct("abcdef"), Model(text="abcdef")])
def test_objects_become_their_fields(value: object) -> None:
    assert pruned(value, 8) == {"text": "abc"}


def test_items_may_count_for_more() -> None:
    assert not is_large([1, "ab", "abcdefgh"], 20, least=4)
    assert is_large([1, "ab", "abcdefgh"], 19, least=4)


def test_texts_without_a_letter_are_not_free() -> None:
    assert pruned([""] * 1000, 100) == [""] * 99


def test_the_rest_is_not_even_looked_at() -> None:
    class Endless(list[int]):
        looked = 0

        def __iter__(self) -> Iterator[int]:
            while True:
                Endless.looked += 1
                yield 1

    assert is_large(Endless(), 100)
    assert len(pruned(Endless(), 100)) == 99  # type: ignore[arg-type]
    assert Endless.looked < 300


def test_what_holds_itself_is_large_and_cannot_be_told() -> None:
    inside: list[Any] = []
    inside.append(inside)
    assert is_large(inside, 10_000)
    with pytest.raises(TooDeep):
        pruned(inside, 10_000)


@given(JSON)
def test_what_is_not_large_is_kept_whole(value: object) -> None:
    assert not is_large(value, 100_000)
    assert pruned(value, 100_000) == value


@given(JSON, st.integers(1, 30))
def test_what_is_kept_is_never_large(value: object, limit: int) -> None:
    assert not is_large(pruned(value, limit), 2 * limit + 1)
