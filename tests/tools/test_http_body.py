import json
from datetime import date
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.tools.http_body import FORM, JSON, TEXT, read_body

VALUES: dict[str, Any] = {
    "name": 'Ann "A" <b>&',
    "people": 4,
    "day": date(2026, 11, 27),
    "sure": True,
    "none": None,
}


def secrets(text: str) -> str:
    return text.replace("${ENV:KEY}", "sesame&open")


def filled(written: Any, content_type: str = "", values: dict[str, Any] = VALUES) -> str:
    return read_body(written, content_type, secrets).fill(values).decode()


def kind(written: Any, content_type: str = "") -> str:
    return read_body(written, content_type, secrets).content_type


# Keys.


def test_keys_become_json_and_a_value_alone_keeps_its_type() -> None:
    written = {
        "who": "{name}",
        "party": {"people": "{people}", "text": "for {people}"},
        "lines": ["{day}", "{none}", {"sure": "{sure}"}],
        "none": "{none}",
        "mixed": "a {none}",
        "fixed": 3,
        "key": "${ENV:KEY}",
    }
    assert kind(written) == JSON
    assert json.loads(filled(written)) == {
        "who": 'Ann "A" <b>&',
        "party": {"people": 4, "text": "for 4"},
        "lines": ["2026-11-27", {"sure": True}],
        "fixed": 3,
        "key": "sesame&open",
    }


def test_keys_become_a_form_where_the_header_says_so() -> None:
    written = {"a b": "{name}", "n": "x{people}", "none": "{none}", "key": "${ENV:KEY}"}
    form = filled(written, f"{FORM}; charset=utf-8")
    assert kind(written, FORM) == FORM
    assert parse_qsl(form) == [("a b", 'Ann "A" <b>&'), ("n", "x4"), ("key", "sesame&open")]


def test_a_form_has_no_keys_below_keys() -> None:
    with pytest.raises(ConfigError, match="a form holds names and texts only"):
        read_body({"a": {"b": "c"}}, FORM, secrets)


# Text.


@pytest.mark.parametrize(
    ("content_type", "written", "kind_of_it"),
    [
        ("", '{"a": 1}', JSON),
        ("", " [1]", JSON),
        ("application/vnd.api+json", "{name}", JSON),
        ("", "Hello {name}", TEXT),
        ("text/xml", "<a/>", "text/xml"),
        (FORM, "a={name}", FORM),
    ],
)
def test_a_text_is_of_the_kind_of_its_header_or_look(
    content_type: str, written: str, kind_of_it: str
) -> None:
    assert kind(written, content_type) == kind_of_it


def test_in_a_json_text_values_are_strings_inside_quotation_marks_and_whole_outside() -> None:
    written = (
        '{"who": "Mr \\"{name}\\"", "people": {people}, "raw": {name}, "n": {none}, "e": "{none}"}'
    )
    assert json.loads(filled(written)) == {
        "who": 'Mr "Ann "A" <b>&"',
        "people": 4,
        "raw": 'Ann "A" <b>&',
        "n": None,
        "e": "",
    }


def test_in_xml_values_open_no_element() -> None:
    root = ElementTree.fromstring(filled('<a n="{name}">{name}{none}</a>', "application/xml"))
    assert (root.get("n"), root.text) == ('Ann "A" <b>&', 'Ann "A" <b>&')


def test_in_a_form_text_values_add_no_key() -> None:
    assert filled("a={name}&b={people}", FORM) == "a=Ann%20%22A%22%20%3Cb%3E%26&b=4"


def test_plain_text_is_sent_as_it_is() -> None:
    assert filled("{name}: {people}{none}") == 'Ann "A" <b>&: 4'


@given(st.text())
def test_no_text_adds_a_key(text: str) -> None:
    values = {"x": text}
    inside = filled('{"a": "<{x}>", "b": 1}', values=values)
    assert json.loads(inside) == {"a": f"<{text}>", "b": 1}
    assert json.loads(filled('{"a": {x}}', values=values)) == {"a": text}
    assert msgspec.json.decode(filled({"a": "{x}", "b": "1"}, values=values)) == {
        "a": text,
        "b": "1",
    }
    form = filled({"a": "{x}", "b": "1"}, FORM, values)
    assert parse_qsl(form, keep_blank_values=True) == [("a", text), ("b", "1")]


def test_a_body_does_not_show_what_it_holds() -> None:
    assert "sesame" not in repr(read_body("${ENV:KEY}", "", secrets))
