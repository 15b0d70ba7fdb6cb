import pytest
from pydantic import ValidationError

from agent.tenants.tenant import Agent, Audio, BuiltinTool, Context, Limits, PythonTool, Tenant


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


def test_a_packet_holds_whole_frames() -> None:
    assert Audio(uplink_packet=0.06).uplink_packet == 0.06
    with pytest.raises(ValidationError, match='"50ms" is not a multiple of 20ms'):
        Audio(uplink_packet=0.05)


def test_a_number_is_listed_once() -> None:
    number = "+15550100100"
    with pytest.raises(ValidationError, match="is listed twice"):
        Tenant(tenant="x", numbers=(number, number), agent=Agent(instructions="Hi"))


@pytest.mark.parametrize("key", ["barge_in_after", "protect"])
def test_what_only_this_service_does_needs_its_speech_detection(key: str) -> None:
    given = {"instructions": "Hi", key: "1s"}
    with pytest.raises(ValidationError, match="has no effect while barge_in is model"):
        Agent.model_validate(given)
    assert Agent.model_validate({**given, "barge_in": "local"}).barge_in == "local"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"compress_to": "104857"}, "104857 is not below 104857"),
        ({"compress_from": "6000", "compress_to": "7000"}, "7000 is not below 6000"),
        ({"compress_from": "4999"}, "4999 is not between 5000 and 128000"),
    ],
)
def test_the_context_is_cut_to_less_than_it_was(given: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Context.model_validate(given)
    assert Context.model_validate({"compress_to": "104856"}).compress_from is None


def test_the_good_bye_comes_within_the_call() -> None:
    with pytest.raises(ValidationError, match="30s is not below call, 30s"):
        Limits.model_validate({"call": "30s", "wrap_up": "30s"})


@pytest.mark.parametrize("given", ["shared.yaml", ["shared.yaml"]])
def test_one_file_or_several_are_included(given: object) -> None:
    tenant = Tenant.model_validate(
        {
            "tenant": "x",
            "numbers": ["default"],
            "agent": {"instructions": "Hi"},
            "include": given,
        }
    )
    assert tenant.include == ("shared.yaml",)


def test_what_is_said_of_the_caller_is_looked_up() -> None:
    given = {
        "tenant": "x",
        "numbers": ["default"],
        "agent": {"instructions": "You talk to {caller.name|somebody}."},
    }
    with pytest.raises(ValidationError, match="nothing looks up what stands in"):
        Tenant.model_validate(given)
    looking = {**given, "tools": [{"python": "crm.find"}], "lookup": {"tool": "find"}}
    assert Tenant.model_validate(looking).lookup is not None
