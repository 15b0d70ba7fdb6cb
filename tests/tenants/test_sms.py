import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant
from agent.tenants.sms import Sms, one_or_more

FILE = "tenant: a\nnumbers: [default]\nagent: {instructions: x}\n"
TOOL = "tools: [{builtin: send_sms}]\n"


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_tenant(FILE + text, "a.yaml")
    return list(caught.value.problems)


def test_by_default_messages_go_to_the_caller_only() -> None:
    assert parse_tenant(FILE + TOOL, "a.yaml").sms == Sms(sender=None, to=(), most=3, longest=480)


def test_others_may_get_one_where_the_file_says_so() -> None:
    read = parse_tenant(FILE + TOOL + "sms: {sender: +15550100111, to: +1555, most: 1}", "a.yaml")
    assert read.sms == Sms(sender="+15550100111", to=("+1555",), most=1)
    assert one_or_more(("+1", "+2")) == ("+1", "+2")


def test_limits_without_the_tool_have_no_effect() -> None:
    assert problems("sms: {most: 2}") == [
        "a.yaml:4:6: sms: has no effect: add - builtin: send_sms to tools"
    ]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("sender: Shop", "is not a number"),
        ("to: 1555", "is not the beginning of a number"),
        ("most: 100", "100 is not between 1 and 20"),
        ("longest: 9999", "9999 is not between 20 and 1600"),
    ],
)
def test_what_the_carrier_would_refuse_is_told(key: str, why: str) -> None:
    [told] = problems(TOOL + f"sms: {{{key}}}")
    assert why in told
