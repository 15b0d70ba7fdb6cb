import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant

FILE = "tenant: a\nnumbers: [default]\nagent: {instructions: x}\n"
CLOSED = "hours: {open: {mon: 9:00-17:00}, closed: {say: Closed., then: voicemail}}\n"
GREETING = "voicemail: {say: After the tone., longest: 1m, pause: 3s}\n"


@pytest.mark.parametrize(
    "use", [CLOSED, "fallback: {then: voicemail}\n", "tools: [{builtin: voicemail}]\n"]
)
def test_a_message_can_be_left_in_three_ways(use: str) -> None:
    voicemail = parse_tenant(FILE + use + GREETING, "a.yaml").voicemail
    assert (voicemail.say, voicemail.longest, voicemail.pause) == ("After the tone.", 60.0, 3.0)


def test_without_any_of_them_there_is_no_use_for_a_greeting() -> None:
    for use in ("", CLOSED.replace(", then: voicemail", "")):
        with pytest.raises(ConfigError, match="voicemail: has no effect: write then: voicemail"):
            parse_tenant(FILE + use + GREETING, "a.yaml")


def test_there_is_something_else_to_do_than_voicemail() -> None:
    with pytest.raises(ConfigError, match='then: "fax" is not one of voicemail'):
        parse_tenant(FILE + "fallback: {then: fax}", "a.yaml")
