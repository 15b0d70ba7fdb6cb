from typing import Any

import pytest

from agent.tools.http_pointer import NotThere, at, select

# The document and most pointers of RFC 6901, section 5.
DOCUMENT: dict[str, Any] = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6,
    " ": 7, "m~n": 8, "nested": {"list": [{"x": None}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1),
        ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
        ("/nested/list/0/x", None),
    ],
)  # fmt: skip
def test_pointers_lead_where_the_standard_says(pointer: str, value: object) -> None:
    assert at(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    "pointer",
    [
        *("/none", "/foo/2", "/foo/-", "/foo/-1", "/foo/01", "/foo/x", "/foo/٣", "/foo/0/0"),
        *("/nested/list/0/x/y", "/foo/" + "9" * 9999),
    ],
)
def test_a_pointer_that_leads_nowhere_says_so(pointer: str) -> None:
    with pytest.raises(NotThere):
        at(DOCUMENT, pointer)


def test_without_a_pointer_it_is_all_of_it() -> None:
    assert select(DOCUMENT, None) is DOCUMENT


def test_one_pointer_gives_its_value() -> None:
    assert select(DOCUMENT, "/foo/1") == "baz"


def test_names_get_what_is_there() -> None:
    wanted = {"first": "/foo/0", "none": "/none"}
    assert select(DOCUMENT, wanted) == {"first": "bar", "none": None}


def test_names_of_which_none_is_there_are_nothing() -> None:
    with pytest.raises(NotThere):
        select([], {"first": "/foo/0"})
