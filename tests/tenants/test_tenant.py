import pytest
from pydantic import ValidationError

from agent.tenants.tenant import Agent, Audio, BuiltinTool, PythonTool, Tenant


def test_a_tenant_can_be_made_in_python() -> None:
    tools = (PythonTool(python="shop.order_status", timeout=4), BuiltinTool(builtin="end_call"))
    tenant = Tenant(
        tenant="x", numbers=("+1 555 010 0100",), agent=Agent(instructions="Hi"), tools=tools
    )
    assert tenant.numbers == ("+15550100100",)
    assert tenant.tools == tools


def test_a_tool_of_no_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="tag"):
        Tenant.model_validate({"tools": [3]})


def test_a_tenant_does_not_change_under_a_call() -> None:
    agent = Agent(instructions="Hi")
    with pytest.raises(ValidationError, match="frozen"):
        agent.voice = "Kore"


@pytest.mark.parametrize("name", ["a", "bella-vista", "a1", "x" * 63])
def test_names_are_small_words_with_hyphens(name: str) -> None:
    Tenant(tenant=name, numbers=("+15550100100",), agent=Agent(instructions="Hi"))


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a b", "x" * 64, "é", "a\n"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a name"):
        Tenant(tenant=name, numbers=("+15550100100",), agent=Agent(instructions="Hi"))


@pytest.mark.parametrize("name", ["book", "a.", ".a", "a b.c", "a.é", "os:system"])
def test_a_function_is_named_with_its_module(name: str) -> None:
    with pytest.raises(ValidationError, match="does not name a function"):
        PythonTool(python=name)


def test_a_packet_holds_whole_frames() -> None:
    assert Audio(uplink_packet=0.06).uplink_packet == 0.06
    with pytest.raises(ValidationError, match='"50ms" is not a multiple of 20ms'):
        Audio(uplink_packet=0.05)


def test_a_number_is_listed_once() -> None:
    number = "+15550100100"
    with pytest.raises(ValidationError, match="is listed twice"):
        Tenant(tenant="x", numbers=(number, number), agent=Agent(instructions="Hi"))
