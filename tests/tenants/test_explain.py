import pytest
from pydantic import BaseModel, ValidationError

from agent.errors import ConfigError
from agent.tenants.explain import explain
from agent.tenants.parse import parse_tenant
from agent.tenants.tree import read_tree

HEAD = "tenant: x\nnumbers: [+15550100100]\nagent: {instructions: x}\n"
HTTP = "name: a, description: b, url: 'https://a.example/{c}'"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "hours: {open: {mon-fry: 9:00-17:00}, closed: {say: x}}",
            '4:16: hours.open.mon-fry: "mon-fry" is not a day of the week; '
            "write mon, mon-fri or sat, sun",
        ),
        (
            "hours: {open: {mon: 9-17}, closed: {say: x}}",
            '4:21: hours.open.mon: "9-17" is not a part of a day; write it as 11:30-22:00',
        ),
        (
            "hours: {open: {mon: [9:00-10:00, 9-17]}, closed: {say: x}}",
            '4:34: hours.open.mon[1]: "9-17" is not a part of a day; write it as 11:30-22:00',
        ),
        (
            f"tools: [{{http: {{{HTTP}, parameters: {{c: strin}}}}}}]",
            '4:88: tools[0].http.parameters.c: "strin" is not one of string, integer, number, '
            'boolean, date, time, datetime; did you mean "string"?',
        ),
        (
            f"tools: [{{http: {{{HTTP}, parameters: {{c: {{typ: string}}}}}}}}]",
            '4:89: tools[0].http.parameters.c.typ: unknown key; did you mean "type"?',
        ),
        (
            f"tools: [{{http: {{{HTTP}, parameters: {{c: string}}}}, htp: x}}]",
            '4:98: tools[0].htp: unknown key; did you mean "http"?',
        ),
        (
            f"tools: [{{http: {{{HTTP}, parameters: {{c: string}}, headers: x}}}}]",
            "4:106: tools[0].http.headers: should hold keys of its own",
        ),
        ("idle: {sai: x}", '4:8: idle.sai: unknown key; did you mean "say"?'),
        ('idle: {say: ""}', "4:13: idle.say: is empty"),
        (f"idle: {{say: {'x' * 1001}}}", "4:13: idle.say: is too long; at most 1000"),
        ("idle: {end_after: 1}", '4:19: idle.end_after: "1" is not a duration; write 20m, 4s or'),
        ("record: {audio: [a]}", "4:17: record.audio: should be true or false"),
        ("audio: {uplink_packet: x}", '4:24: audio.uplink_packet: "x" is not a duration; write'),
        ("overrides: [{when: {mon: 9:00-10:00}}]", "4:13: overrides[0].agent: is missing"),
        ("hours:\n  open: {mon: 9:00-10:00}\n  closed:", "6:10: hours.closed: is missing; write"),
        ("tools: [{pyton: a.b}]", '4:9: tools[0]: "pyton" is not a kind of tool; did you mean'),
        ("tools: [x]", "4:9: tools[0]: should hold keys of its own: python, http, mcp or builtin"),
        ("tools: [{foo: 1}]", "4:9: tools[0]: does not say what it is; give it one of python,"),
        (
            "tools: [{builtin: end_cal}]",
            '4:19: tools[0].builtin: "end_cal" is not one of end_call,',
        ),
        ("tools: [{builtin: [a]}]", "4:19: tools[0].builtin: this is not one of end_call,"),
        (
            "tools: [{mcp: {name: a, command: [b], allow: [[c]]}}]",
            "4:47: tools[0].mcp.allow[0]: sh",
        ),
        ("record: !x [a]", "4:9: record: tags (!name) are not used here; remove it"),
        ("tools: [{mcp: x}]", "4:15: tools[0].mcp: should hold keys of its own"),
    ],
)
def test_the_place_and_the_words_are_the_owners(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_tenant(HEAD + text, "x.yaml")
    (found,) = caught.value.problems
    assert found.startswith(f"x.yaml:{problem}")


def test_a_key_without_its_value_is_empty_and_one_that_is_not_there_is_missing() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_tenant("tenant:\nnumbers: [+15550100100]\n", "x.yaml")
    assert caught.value.problems == (
        "x.yaml:1:1: agent: is missing",
        "x.yaml:1:8: tenant: is empty",
    )


class _Odd(BaseModel):
    value: bytes


def test_an_error_without_words_of_ours_keeps_those_of_pydantic() -> None:
    root, _ = read_tree("value: [a]")
    assert root is not None
    with pytest.raises(ValidationError) as caught:
        _Odd.model_validate({"value": ["a"]})
    (problem,) = explain(_Odd, root, caught.value.errors()[0])
    assert problem.text("x") == "x:1:8: value: Input should be a valid bytes"


def test_what_the_form_has_told_is_not_told_again() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_tenant(HEAD + "hours: *h", "x.yaml")
    assert caught.value.problems == ("x.yaml:4:8: hours: refers to an anchor (*h); write it out",)
