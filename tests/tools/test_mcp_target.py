import pytest

from agent.errors import ConfigError
from agent.tenants.tools import McpTool
from agent.tools.mcp_target import Target, target_of

FILES = {"/run/token": "t0ken\n"}


def target(**keys: object) -> Target:
    tool = McpTool.model_validate({"name": "s", "allow": ["a"], **keys})
    return target_of(tool, {"KEY": "k3y"}.get, FILES.__getitem__)


def test_a_program_has_its_secrets_filled_in() -> None:
    assert target(command=["run", "it"], env={"API_KEY": "${ENV:KEY}", "MODE": "fast"}) == Target(
        ("run", "it"), "", (("API_KEY", "k3y"), ("MODE", "fast")), ()
    )


def test_so_has_an_address() -> None:
    url, headers = "https://example.com/mcp", {"Authorization": "Bearer ${FILE:/run/token}"}
    made = target(url=url, headers=headers)
    assert made == Target((), url, (), (("Authorization", "Bearer t0ken"),))


def test_no_secret_is_shown() -> None:
    assert "k3y" not in repr(target(command=["run"], env={"API_KEY": "${ENV:KEY}"}))


def test_entries_that_mean_the_same_server_are_equal() -> None:
    assert target(command=["run"]) == target(command=["run"], name="other", allow=["b"])
    assert target(command=["run"]) != target(command=["run"], env={"MODE": "fast"})


def test_a_secret_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="NONE"):
        target(command=["run"], env={"API_KEY": "${ENV:NONE}"})
