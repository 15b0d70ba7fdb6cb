"""The look-up in a tenant's file: what it says, and what does not go together."""

import pytest

from agent.errors import ConfigError
from agent.tenants.lookup import Lookup
from agent.tenants.parse import parse_tenant
from agent.tenants.tenant import Tenant

FILE = """\
tenant: a
numbers: [default]
agent: {{instructions: 'Be kind to {place}.', greeting: Hello.}}
tools:
  - python: crm.find_customer
  - http: {{name: find, description: Find., url: https://example.com/}}
  - mcp: {{name: crm, command: [crm], allow: [find-it]}}
  - builtin: end_call
{more}
"""


def tenant(more: str = "", place: str = "{caller.name|all}") -> Tenant:
    return parse_tenant(FILE.format(more=more, place=place), "a.yaml")


def problems(more: str = "", place: str = "{caller.name|all}") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        tenant(more, place)
    return list(caught.value.problems)


def test_by_default_nothing_is_looked_up() -> None:
    assert tenant(place="everybody").lookup is None


def test_a_look_up_names_a_tool() -> None:
    lookup = tenant("lookup: {tool: find_customer}").lookup
    assert lookup == Lookup(tool="find_customer", timeout=1.5, arguments={})


@pytest.mark.parametrize("name", ["find_customer", "find", "crm_find_it"])
def test_tools_of_every_kind_can_look_up(name: str) -> None:
    assert tenant(f"lookup: {{tool: {name}}}").lookup is not None


def test_another_name_is_told() -> None:
    assert problems("lookup: {tool: find_costumer}") == [
        'a.yaml:9:16: lookup.tool: "find_costumer" is not one of the tools of this file; '
        'did you mean "find_customer"?'
    ]
    assert problems("lookup: {tool: end_call}")[0].endswith("is not one of the tools of this file")


def test_places_need_a_look_up() -> None:
    told = "nothing looks up what stands in {caller...}; add lookup: {tool: ...}"
    assert problems() == [f"a.yaml:3:23: agent.instructions: {told}"]
    more = (
        "overrides:\n  - when: {mon: 9:00-10:00}\n    agent: {greeting: 'Hi {caller.name|there}'}"
    )
    assert problems(more, "all") == [f"a.yaml:11:23: overrides[0].agent.greeting: {told}"]


def test_a_look_up_needs_places() -> None:
    assert problems("lookup: {tool: find}", "all") == [
        "a.yaml:9:9: lookup: has no effect: nothing like {caller.name|there} is in "
        "agent.instructions or .greeting"
    ]


def test_places_of_another_hour_are_enough() -> None:
    more = (
        "lookup: {tool: find}\noverrides:\n  - when: {mon: 9:00-10:00}\n"
        "    agent: {instructions: 'Be kind to {caller.name|them}.'}"
    )
    assert tenant(more, "all").lookup is not None


def test_what_is_wrong_below_it_is_told_at_its_place() -> None:
    more = "lookup: {tool: find, timeout: 6s, arguments: {n: '{caller.id}'}, retries: 1}"
    assert problems(more) == [
        'a.yaml:9:31: lookup.timeout: "6s" is not between 100ms and 5s',
        'a.yaml:9:50: lookup.arguments.n: "{caller.id}" is not known before the look-up; '
        "only {caller.number} is",
        "a.yaml:9:66: lookup.retries: unknown key",
    ]


def test_the_number_stands_in_arguments() -> None:
    lookup = Lookup(tool="find", arguments={"phone": "tel:{caller.number}", "kind": "any"})
    assert lookup.arguments_for("+1 (555) 010-0100") == {
        "phone": "tel:+15550100100",
        "kind": "any",
    }


@pytest.mark.parametrize("caller", [None, "", "anonymous", "sip:a@b", "1234"])
def test_without_a_number_there_are_no_arguments_that_need_one(caller: str | None) -> None:
    assert Lookup(tool="find", arguments={"n": "{caller.number}"}).arguments_for(caller) is None
    assert Lookup(tool="find", arguments={"n": "5"}).arguments_for(caller) == {"n": "5"}
    assert Lookup(tool="find").arguments_for(caller) == {}


def test_what_a_sip_call_brings_along_is_not_looked_up() -> None:
    assert tenant(place="{caller.sip_x_case|none}").lookup is None
    [told] = problems("lookup: {tool: find_customer}", place="{caller.sip_x_case|none}")
    assert "lookup: has no effect" in told
