from datetime import date, datetime, time
from pathlib import Path

import pytest

from agent.tools import CallContext
from agent.tools.http_template import (
    as_json,
    in_json_string,
    json_of,
    percent,
    read_template,
    text_of,
    values_of,
)


def test_a_text_is_taken_apart_at_its_places() -> None:
    template = read_template("Order {n} of {call.caller}!", str.upper)
    assert template.literals == ("ORDER ", " OF ", "!")
    assert template.places == ("n", "call.caller")
    assert template.fill({"n": 7, "call.caller": "+1"}, text_of) == "ORDER 7 OF +1!"
    assert not template.is_place
    assert read_template("{n}", str).is_place


@pytest.mark.parametrize(
    "text", ["", "{}", "{ n }", '{"n"}', "{n-1}", "${n}", "{call.other}", "{1}"]
)
def test_other_braces_are_text(text: str) -> None:
    assert read_template(text, str).fill({}, text_of) == text


def test_a_value_is_not_read_as_a_template() -> None:
    assert read_template("{a}{b}", str).fill({"a": "{b}", "b": "x"}, text_of) == "{b}x"


def test_without_one_of_its_values_there_is_no_text() -> None:
    assert read_template("{a}{b}", str).fill({"a": "x", "b": None}, text_of) is None


def test_a_template_does_not_show_what_it_holds() -> None:
    assert "sesame" not in repr(read_template("sesame {a}", str))


def test_a_call_is_known_by_its_caller_id_and_tenant() -> None:
    values = values_of({"a": 1}, CallContext("shop", "CA1", None, Path("/nowhere")))
    assert values == {"a": 1, "call.caller": None, "call.id": "CA1", "call.tenant": "shop"}


@pytest.mark.parametrize(
    ("value", "text", "json"),
    [
        ("é", "é", "é"),
        (4, "4", 4),
        (1.5, "1.5", 1.5),
        (True, "true", True),
        (False, "false", False),
        (date(2026, 11, 27), "2026-11-27", "2026-11-27"),
        (time(19), "19:00", "19:00"),
        (time(19, 0, 5), "19:00:05", "19:00:05"),
        (datetime(2026, 11, 27, 19), "2026-11-27T19:00", "2026-11-27T19:00"),
    ],
)
def test_values_are_written_as_servers_read_them(value: object, text: str, json: object) -> None:
    assert text_of(value) == text
    assert json_of(value) == json


def test_each_place_has_its_own_encoding() -> None:
    assert percent("a/b?c&d e") == "a%2Fb%3Fc%26d%20e"
    assert in_json_string('"a"\n\\') == '\\"a\\"\\n\\\\'
    assert as_json('"a"') == '"\\"a\\""'
    assert as_json(True) == "true"
    assert as_json(None) == "null"
