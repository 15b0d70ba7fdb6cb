from datetime import UTC, datetime

import pytest

from agent.errors import ConfigError
from agent.tenants.overrides import overridden, override_at, place_of_override
from agent.tenants.parse import parse_tenant, read_model
from agent.tenants.tenant import Tenant

TEXT = """\
tenant: x
numbers: [+15550100100]
agent: {instructions: Be kind., voice: Kore}
hours: {timezone: Europe/Rome}
overrides:
  - when: {mon-fri: 18:00-8:00}
    agent: {greeting: Good evening., voice: Puck}
  - when: {mon-sun: 17:00-19:00}
    agent: {instructions: Be short.}
"""


@pytest.fixture
def tenant() -> Tenant:
    return parse_tenant(TEXT, "x.yaml")


@pytest.mark.parametrize(
    ("moment", "index"),
    [
        ("2026-11-25 15:59", None),  # a Wednesday, 16:59 in Rome
        ("2026-11-25 16:00", 1),
        ("2026-11-25 17:00", 0),  # both fit: the first
        ("2026-11-26 06:59", 0),
        ("2026-11-26 07:00", None),
        ("2026-11-28 17:00", 1),  # a Saturday
    ],
)
def test_the_first_that_fits_holds(tenant: Tenant, moment: str, index: int | None) -> None:
    at_utc = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert override_at(tenant, at_utc) == index


def test_what_is_not_changed_stays(tenant: Tenant) -> None:
    evening = overridden(tenant, 0)
    assert (evening.agent.greeting, evening.agent.voice) == ("Good evening.", "Puck")
    assert evening.agent.instructions == "Be kind."
    assert overridden(tenant, 1).agent.voice == "Kore"
    assert evening.overrides == ()
    assert evening.hours is tenant.hours


def test_a_problem_stands_where_the_value_stands() -> None:
    file = read_model(TEXT, "x.yaml", Tenant)
    place = place_of_override(file.model, 0, file.problem)
    assert place("agent.voice", "no") == "x.yaml:7:45: overrides[0].agent.voice: no"
    assert place("agent.model", "no") == "x.yaml:3:8: agent.model: no"
    assert place("tools", "no") == "x.yaml:1:1: tools: no"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{when: {mon: 9:00-10:00}, agent: {}}", "5:46: overrides[0].agent: changes nothing; give"),
        ("{when: {}, agent: {voice: a}}", "5:20: overrides[0].when: holds no time at all; give"),
        ("{when: {mon: 9:00-10:00}}", "5:13: overrides[0].agent: is missing"),
        (
            "{when: {mon: 9:00-10:00}, agent: {vad: {start: low}}}",
            "5:47: overrides[0].agent.vad: unknown key",
        ),
    ],
)
def test_an_override_says_when_and_what(given: str, problem: str) -> None:
    head = TEXT[: TEXT.index("overrides")]
    with pytest.raises(ConfigError) as caught:
        parse_tenant(f"{head}overrides: [{given}]\n", "x.yaml")
    (found,) = caught.value.problems
    assert found.startswith(f"x.yaml:{problem}")
