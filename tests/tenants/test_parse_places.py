"""A problem has its place, in files that are included too, and the rest is checked further."""

import pytest
from pydantic import BaseModel

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant, plain_place, read_model
from agent.tenants.tenant import Strict, Tenant
from tests.tenants.smallest import SMALLEST, problems


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("agent.instructions", "3:23"),
        ("agent.voice", "3:8"),
        ("numbers[0]", "2:11"),
        ("numbers[7]", "2:10"),
        ("moon.phase", "1:1"),
    ],
)
def test_a_later_problem_finds_its_place_or_the_nearest(field: str, place: str) -> None:
    file = read_model(SMALLEST, "x.yaml", Tenant)
    assert file.problem(field, "no good") == f"x.yaml:{place}: {field}: no good"


def test_a_problem_without_a_file_names_the_field() -> None:
    assert plain_place("agent.voice", "no good") == "agent.voice: no good"


def test_an_error_without_words_of_ours_keeps_those_of_pydantic() -> None:
    class Odd(BaseModel):
        value: bytes

    with pytest.raises(ConfigError, match=r"x\.yaml:1:8: value: Input should be a valid bytes"):
        read_model("value: [a]", "x.yaml", Odd)


def test_what_is_shared_stands_under_what_the_file_says() -> None:
    shared = "agent: {voice: Kore, instructions: x}\nidle: {say: Hello?}"
    text = "include: d.yaml\n" + SMALLEST
    tenant = parse_tenant(text, "t/x.yaml", {"t/d.yaml": shared}.__getitem__)
    assert (tenant.agent.voice, tenant.agent.instructions) == ("Kore", "Be kind.")


def test_a_problem_of_a_shared_value_points_at_the_shared_file() -> None:
    def read_file(path: str) -> str:
        return "\nidle: {sai: x}\nagent: {voice: [a], barge_in: modl}\nnumbers:\n - 1\n"

    with pytest.raises(ConfigError) as caught:
        parse_tenant("include: d.yaml\nfoo: 1\nagent: {barge_in: loca}", "t/x.yaml", read_file)
    assert caught.value.problems == (
        "t/x.yaml:1:1: tenant: is missing",
        "t/x.yaml:2:1: foo: unknown key",
        "t/x.yaml:3:8: agent.instructions: is missing",
        't/x.yaml:3:19: agent.barge_in: "loca" is not one of model, local, both; '
        'did you mean "local"?',
        't/d.yaml:2:8: idle.sai: unknown key; did you mean "say"?',
        "t/d.yaml:3:16: agent.voice: should be text",
        't/d.yaml:5:4: numbers[0]: "1" is not a number in international form; '
        "write it as +15550100100",
    )
    file = read_model(
        "include: d.yaml\n" + SMALLEST, "t/x.yaml", Tenant, lambda _: "idle: {say: x}"
    )
    assert file.problem("idle.say", "no good") == "t/d.yaml:1:13: idle.say: no good"


def test_what_may_stand_in_a_file_that_was_not_read_is_not_called_missing() -> None:
    assert problems("include: d.yaml\ntenant: X") == (
        "x.yaml:1:10: include: files cannot be included here",
        'x.yaml:2:9: tenant: "X" is not a name; use small letters, digits and hyphens',
    )


def test_the_rest_of_a_refused_file_is_checked_further() -> None:
    def further(tenant: Tenant) -> list[tuple[str, str]]:
        return [("agent.voice", f"not {tenant.agent.voice}"), ("idle.sai", "told"), ("tools", "no")]

    for rest, place in (("idle: {sai: x}", "idle.sai: unknown key"), ("a: *b", "a: refers to an")):
        text = SMALLEST.replace("{instructions", "{voice: A, instructions") + rest
        with pytest.raises(ConfigError) as caught:
            read_model(text, "x.yaml", Tenant, None, further)
        found = list(caught.value.problems)
        assert "x.yaml:3:16: agent.voice: not A" in found
        assert "x.yaml:1:1: tools: no" in found
        assert any(place in problem for problem in found)
        assert len([problem for problem in found if "idle.sai" in problem]) == 1
    assert read_model(SMALLEST, "x.yaml", Tenant, None, further).model.tenant == "x"


def test_of_a_file_without_keys_nothing_further_is_checked() -> None:
    def further(tenant: Tenant) -> list[tuple[str, str]]:
        raise AssertionError(tenant)

    with pytest.raises(ConfigError):
        read_model("[a]", "x.yaml", Tenant, None, further)


class _Stop(Strict):
    city: str = ""


type _Stops = dict[str, _Stop]


class _Journey(Strict):
    stops: dict[str, _Stop] | None = None
    detours: tuple[_Stop, ...] = ()
    others: _Stops | None = None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("stops: {first: {ctiy: x}}", 'stops.first.ctiy: unknown key; did you mean "city"?'),
        ("detours: [{ctiy: x}]", 'detours[0].ctiy: unknown key; did you mean "city"?'),
        ("others: {first: {ctiy: x}}", "others.first.ctiy: unknown key"),
    ],
)
def test_an_unknown_key_is_named_in_tables_and_lists_too(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_model(text, "x.yaml", _Journey)
    assert [line.split(": ", 1)[1] for line in caught.value.problems] == [problem]
