"""Which tenant a test calls, and by which scenario: from the files of a configuration."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.testing.tenants import Configuration
from agent.tools.function import ToolFunction

CONFIG = Path(__file__).parents[2] / "config"
HEAD = """
tenant: {name}
numbers: [+15550100{digits}]
agent:
  model: gemini-3.8-live
  instructions: You answer the telephone.
hours: {{timezone: Europe/Berlin}}
tools:
"""
OPEN = """
include: shared/hours.yaml
tenant: mine
numbers: [+15550100100]
agent: {model: gemini-3.8-live, instructions: You answer the telephone.}
overrides:
  - when: {mon-fri: 18:00-22:00}
    agent: {instructions: It is the evening.}
"""
SHARED = """
hours:
  timezone: Europe/Berlin
  open: {mon-fri: 9:00-22:00}
  closed: {say: We are closed.}
"""
HTTP = """
  - http:
      name: look_up
      description: Look something up.
      url: ${ENV:NOT_SET_ANYWHERE}/things/{thing}
      headers: {Authorization: "Bearer ${ENV:NOT_SET_ANYWHERE}"}
      parameters: {thing: {type: string, description: Which thing.}}
"""
MCP = """
  - mcp:
      name: crm
      command: [crm-server]
      allow: [find_customer]
"""
BUILTIN = """
  - builtin: current_time
  - builtin: end_call
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG / "functions", tmp_path / "functions")
    (tmp_path / "tenants").mkdir()
    shutil.copy(CONFIG / "service.yaml", tmp_path)
    return tmp_path


def write(folder: Path, tools: str, name: str = "mine", file: str = "mine.yaml") -> Path:
    path = folder / "tenants" / file
    path.write_text(HEAD.format(name=name, digits=f"{len(file):03}") + tools)
    return path


def find_customer(number: str) -> dict[str, str]:
    """Find a customer.

    Args:
        number: of the customer.
    """
    return {"name": number}


def functions(folder: Path, fakes: dict[str, object]) -> dict[str, ToolFunction]:
    return dict(Configuration(folder).tenant("mine", fakes)[0].tools.functions)


def test_a_tenant_is_found_by_its_name_by_its_file_and_as_itself() -> None:
    configuration = Configuration(CONFIG)
    by_name, _ = configuration.tenant("corner-shop", {})
    by_file, _ = configuration.tenant(CONFIG / "tenants" / "corner-shop.yaml", {})
    itself, _ = configuration.tenant(by_name.tenant, {})
    for ready in (by_name, by_file, itself):
        assert ready.tenant == by_name.tenant
        assert list(ready.tools.functions) == ["order_status", "transfer", "call_back"]
        assert ready.prepared.plan.tenant == "corner-shop"


def test_a_file_may_be_named_otherwise_than_its_tenant(folder: Path) -> None:
    write(folder, BUILTIN, name="other", file="mine.yaml")
    write(folder, BUILTIN, name="mine", file="something.yaml")
    ready, _ = Configuration(folder).tenant("mine", {})
    assert ready.tenant.tenant == "mine"


def test_a_tenant_that_is_not_there_is_a_problem(folder: Path) -> None:
    write(folder, BUILTIN)
    with pytest.raises(ConfigError, match='there is no tenant "nobody" in '):
        Configuration(folder).tenant("nobody", {})
    with pytest.raises(ConfigError, match=r"nobody\.yaml: cannot be read: No such file"):
        Configuration(folder).tenant(folder / "nobody.yaml", {})


def test_a_mistake_in_the_file_is_told_with_its_place(folder: Path) -> None:
    path = write(folder, "  - python: restaurant.nothing\n")
    with pytest.raises(ConfigError) as caught:
        functions(folder, {})
    [problem] = caught.value.problems
    assert problem.startswith(f"{path}:9:")


def test_built_in_tools_are_the_services_own(folder: Path) -> None:
    write(folder, BUILTIN)
    assert list(functions(folder, {})) == ["current_time"]


def test_what_talks_to_the_network_needs_something_in_its_place(folder: Path) -> None:
    write(folder, HTTP + MCP)
    with pytest.raises(ConfigError) as caught:
        functions(folder, {})
    assert [problem.partition(": ")[2] for problem in caught.value.problems] == [
        f"tools[{index}]: talks to the network: put something in its place, "
        "phone_call(..., tools={name: ...})"
        for index in (0, 1)
    ]


def test_a_replaced_http_tool_is_declared_as_in_the_file_and_needs_no_secret(folder: Path) -> None:
    write(folder, HTTP)
    found = functions(folder, {"look_up": {"found": True}})
    declaration = found["look_up"].declaration
    assert declaration.description == "Look something up."
    assert declaration.parameters is not None
    assert "thing" in declaration.parameters["properties"]


def test_a_replaced_mcp_tool_is_declared_by_what_replaces_it(folder: Path) -> None:
    write(folder, MCP)
    found = functions(folder, {"other": 1, "crm_find_customer": find_customer})
    declaration = found["crm_find_customer"].declaration
    assert (declaration.name, declaration.description) == ("crm_find_customer", "Find a customer.")
    with pytest.raises(ConfigError, match="is not a function"):
        functions(folder, {"crm_find_customer": 1})


def test_a_scenario_is_found_by_its_name_by_its_file_and_by_the_functions(tmp_path: Path) -> None:
    configuration = Configuration(CONFIG)
    ready, _ = configuration.tenant("corner-shop", {})
    for wanted in ("shop", CONFIG / "scenarios" / "shop.yaml", None):
        assert configuration.scenario(wanted, ready).file.scenario == "shop"
    assert configuration.scenario("shop", ready) is configuration.scenario("shop", ready)
    with pytest.raises(ConfigError, match=r"nothing\.yaml: cannot be read"):
        configuration.scenario("nothing", ready)
    with pytest.raises(ConfigError, match=r"there is no scenario \(\*\.yaml\) in this folder"):
        Configuration(tmp_path).scenario(None, ready)


def test_a_folder_needs_its_service_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"service\.yaml: there is no such file"):
        Configuration(tmp_path).tenant("mine", {})


def test_a_tenant_is_the_one_of_the_hour(folder: Path) -> None:
    (folder / "tenants" / "mine.yaml").write_text(OPEN)
    (folder / "tenants" / "shared").mkdir()
    (folder / "tenants" / "shared" / "hours.yaml").write_text(SHARED)
    configuration = Configuration(folder)
    by_day, at_utc = configuration.tenant("mine", {}, datetime(2026, 11, 24, 12))
    assert at_utc == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert by_day.prepared.instructions == "You answer the telephone."
    at_night, _ = configuration.tenant("mine", {}, datetime(2026, 11, 24, 17, tzinfo=UTC))
    assert at_night.prepared.instructions == "It is the evening."
    with pytest.raises(ConfigError) as caught:
        configuration.tenant("mine", {}, datetime(2026, 11, 22, 12))
    assert caught.value.problems == (
        'mine is closed at 2026-11-22 12:00: no agent answers, and callers hear "We are closed."',
    )


def test_without_a_time_it_is_now() -> None:
    before = datetime.now(UTC)
    _, at_utc = Configuration(CONFIG).tenant("corner-shop", {})
    assert before <= at_utc <= datetime.now(UTC)
