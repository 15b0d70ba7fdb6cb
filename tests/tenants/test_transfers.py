"""Whom a caller may be passed on to: what a file says, and what does not go together."""

import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant
from agent.tenants.tenant import Tenant
from agent.tenants.transfers import Transfer

FILE = """\
tenant: a
numbers: [default]
agent: {{instructions: Be kind.}}
tools: [{tools}]
{more}
"""
TOOL = "{builtin: transfer}"
LONG = "{" + ", ".join(f"X-{i}: {'v' * 190}" for i in range(5)) + "}"


def tenant(more: str, tools: str = TOOL) -> Tenant:
    return parse_tenant(FILE.format(more=more, tools=tools), "a.yaml")


def problems(more: str, tools: str = TOOL) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        tenant(more, tools)
    return list(caught.value.problems)


def target(**keys: str) -> str:
    inside = ", ".join(f"{k}: {v}" for k, v in keys.items())
    return f"transfers: {{owner: {{{inside}}}}}"


def test_by_default_nobody_is_called() -> None:
    assert tenant("", "{builtin: end_call}").transfers == {}


def test_a_target_has_a_name_and_an_address() -> None:
    read = tenant(target(to="+1 555 010 0199", about="Mario", how="warm", ring="20s"))
    assert read.transfers == {
        "owner": Transfer(to="+15550100199", about="Mario", how="warm", ring=20.0)
    }


def test_a_person_may_answer_by_voice_in_languages_whose_words_are_known() -> None:
    voice = target(to="+15550100199", how="warm", accept="voice")
    assert tenant(voice).transfers["owner"].accept == "voice"
    german = FILE.replace("Be kind.", "Be kind., language: de-DE")
    file = german.format(more=voice, tools=TOOL)
    assert parse_tenant(file, "a.yaml").transfers["owner"].accept == "voice"
    with pytest.raises(ConfigError) as caught:
        parse_tenant(file.replace("de-DE", "ja-JP"), "a.yaml")
    [problem] = caught.value.problems
    assert "transfers.owner.accept: no words for yes and no are known in" in problem
    assert "de, en, es" in problem
    [cold] = problems(target(to="+15550100199", accept="voice"))
    assert ".accept: has no effect while how is cold; write how: warm" in cold


def test_a_sip_address_may_have_headers_and_take_a_call_over() -> None:
    read = tenant(target(to="'sip:d@pbx.example.com'", how="refer", headers="{X-Case: a}"))
    assert read.transfers["owner"].headers == {"X-Case": "a"}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"to": "Mario"}, ".to: \"Mario\" is not a number in international form; write it as"),
        ({"to": "+15550100199", "headers": "{X-A: b}"}, ".headers: belong to a SIP address"),
        ({"to": "'sip:d@x.example.com'", "headers": "{Via: b}"}, '.headers.Via: "Via" is not a'),
        (
            {"to": "'sip:d@x.example.com'", "headers": LONG},
            ".headers: are longer than 800",
        ),
        ({"to": "+15550100199", "how": "refer"}, ".how: refer hands a call over to a SIP address"),
        (
            {"to": "+15550100199", "hold": "https://cdn.example.com/a.mp3"},
            ".hold: has no effect while how is cold; write how: warm",
        ),
        ({"to": "+15550100199", "ask": "Take it?"}, ".ask: has no effect while how is cold"),
        (
            {"to": "+15550100199", "how": "warm", "hold": "http://cdn.example.com/a.mp3"},
            ".hold: should begin with https://",
        ),
        (
            {"to": "+15550100199", "how": "warm", "hold": "https://localhost/a.mp3"},
            '.hold: "localhost" is a private address',
        ),
        ({"to": "+15550100199", "ring": "3s"}, '.ring: "3s" is not between 5s and 2m'),
        ({"to": "+15550100199", "how": "hot"}, '.how: "hot" is not one of cold, warm, refer'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(keys: dict[str, str], problem: str) -> None:
    [told] = problems(target(**keys))
    assert told.startswith("a.yaml:5:")
    assert f"transfers.owner{problem}" in told


def test_names_are_such_as_the_model_can_say() -> None:
    [told] = problems("transfers: {The Boss: {to: +15550100199}}")
    assert '"The Boss" is not a name for a target' in told


def test_hold_music_stands_where_everybody_can_get_it() -> None:
    read = tenant(target(to="+15550100199", how="warm", hold="https://cdn.example.com/a.mp3"))
    assert read.transfers["owner"].hold == "https://cdn.example.com/a.mp3"


def test_a_number_outside_the_prefixes_is_told_at_its_place() -> None:
    more = target(to="+442071234567") + "\nlimits: {transfer_prefixes: [+1555, +49]}"
    assert problems(more) == [
        'a.yaml:5:25: transfers.owner.to: "+442071234567" does not begin with one of '
        "limits.transfer_prefixes"
    ]
    assert tenant(more.replace("+44", "+49")).limits.transfer_prefixes == ("+1555", "+49")


def test_a_sip_address_has_no_prefix() -> None:
    read = tenant(target(to="'sip:d@x.example.com'") + "\nlimits: {transfer_prefixes: +1}")
    assert read.transfers["owner"].to == "sip:d@x.example.com"


def test_the_tool_and_its_targets_need_one_another() -> None:
    assert problems("") == [
        "a.yaml:4:19: tools[0].builtin: has nobody to pass a caller on to; "
        "add transfers: {name: {to: ...}}"
    ]
    assert problems(target(to="+15550100199"), "{builtin: end_call}") == [
        "a.yaml:5:12: transfers: have no effect: add - builtin: transfer to tools"
    ]
    assert problems("limits: {transfer_prefixes: +1}", "{builtin: end_call}") == [
        "a.yaml:5:29: limits.transfer_prefixes: have no effect: there are no transfers"
    ]


def test_the_fallback_may_be_one_of_them() -> None:
    more = target(to="+15550100199") + "\nfallback: {transfer: %s}"
    assert tenant(more % "owner", "{builtin: end_call}").fallback.transfer == "owner"
    assert problems(more % "ovner") == [
        'a.yaml:6:22: fallback.transfer: "ovner" is not one of transfers; did you mean "owner"?'
    ]
    assert problems(more % "+15550100199")[0].endswith("is not one of transfers")
    assert problems((more % "owner").replace("{tr", "{then: voicemail, tr")) == [
        "a.yaml:6:18: fallback.then: has no effect beside transfer; remove one of them"
    ]
