import copy
from typing import Any

import pytest
from pydantic import ValidationError

from agent.tenants import partial
from agent.tenants.partial import usable
from agent.tenants.tenant import BuiltinTool, Tenant

WHOLE: dict[str, Any] = {
    "tenant": "a",
    "numbers": ["+15550100100"],
    "agent": {"instructions": "Be kind.", "voice": "Kore"},
    "idle": {"say": "Hello?"},
}


def left(**changes: Any) -> Tenant | None:
    plain = copy.deepcopy(WHOLE)
    for key, value in changes.items():
        if isinstance(value, dict) and key in plain:
            plain[key].update(value)
        else:
            plain[key] = value
    with pytest.raises(ValidationError) as caught:
        Tenant.model_validate(plain)
    return usable(plain, caught.value.errors(include_url=False))


@pytest.mark.parametrize(
    "changes",
    [
        {"agnet": "x"},
        {"tenant": "A B"},
        {"numbers": []},
        {"numbers": ["x"]},
        {"agent": {"barge_in": "modl"}},
        {"agent": {"vad": {"start": "medium"}}},
        {"agent": {"protect": "1s"}},
        {"agent": {"instructions": ""}},
        {"limits": "20m"},
        {"limits": {"call": "30s", "wrap_up": "60s"}},
        {"hours": {"open": {"mon-fri": "9-17"}}},
        {"hours": {"open": {"mon-fri": "9:00-17:00"}}},
        {"tools": [{"http": {"name": "a"}}, {"python": "x"}]},
        {"tools": [{"builtin": "end_call"}, {"builtin": "end_call"}]},
        {"tools": [{"http": {"name": "a", "description": "b", "url": "ftp://x"}}]},
        {"overrides": [{"when": {}, "agent": {}}]},
        {"context": {"compress_from": "9000", "compress_to": "9000"}},
    ],
)
def test_the_rest_of_a_broken_file_can_be_checked(changes: dict[str, Any]) -> None:
    tenant = left(**changes)
    assert tenant is not None
    assert (tenant.agent.voice, tenant.idle.say) == ("Kore", "Hello?")


def test_other_tools_than_the_broken_one_stay_in_their_places() -> None:
    tenant = left(tools=[{"builtin": "end_cal"}, {"python": "x"}, {"builtin": "current_time"}])
    assert tenant is not None
    assert tenant.tools[2] == BuiltinTool(builtin="current_time")
    assert tenant.tools[0] != tenant.tools[1]


def test_what_is_missing_is_filled_in() -> None:
    assert usable({}, []) is not None
    plain = {"agent": {"voice": "Kore"}}
    with pytest.raises(ValidationError) as caught:
        Tenant.model_validate(plain)
    tenant = usable(plain, caught.value.errors())
    assert tenant is not None
    assert (tenant.agent.voice, tenant.agent.instructions) == ("Kore", "x")


def test_where_the_agent_is_no_group_another_takes_its_place() -> None:
    plain = {**WHOLE, "agent": "x"}
    with pytest.raises(ValidationError) as caught:
        Tenant.model_validate(plain)
    tenant = usable(plain, caught.value.errors())
    assert tenant is not None
    assert tenant.idle.say == "Hello?"


@pytest.mark.parametrize("plain", ["x", ["x"]])
def test_of_what_is_no_group_nothing_is_left(plain: object) -> None:
    assert usable(plain, []) is None


def test_what_stays_wrong_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {**WHOLE, "agent": "x"}
    monkeypatch.setattr(partial, "_ROUNDS", 1)
    assert usable(plain, []) is None
