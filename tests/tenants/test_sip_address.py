import pytest

from agent.errors import ConfigError
from agent.tenants.parse import parse_tenant
from agent.tenants.routing import matching
from agent.tenants.sip_address import entries_for, is_sip, sip_entry

TABLE = {
    "sip:sales@acme.sip.example.com": 1,
    "sip:sales": 2,
    "+15550100100": 3,
    "+1555*": 4,
    "default": 5,
}


@pytest.mark.parametrize(
    ("called", "entry"),
    [
        ("sip:Sales@Acme.SIP.example.com;region=us1", "sip:sales@acme.sip.example.com"),
        ("sips:sales;x=1@other.example.com:5061", "sip:sales"),
        ("sip:+15550100100@other.example.com", "+15550100100"),
        ("sip:+15559990000@other.example.com", "+1555*"),
        ("sip:nobody@other.example.com", "default"),
        ("sip:nobody", "default"),
        ("sip:@x", "default"),
        ("+15550100100", "+15550100100"),
    ],
)
def test_a_sip_user_has_a_tenant_as_a_number_has(called: str, entry: str) -> None:
    found = matching(called, TABLE)
    assert found is not None
    assert found[0] == entry


def test_an_address_that_nobody_answers_is_not_answered() -> None:
    assert matching("sip:nobody@x.example.com", {"sip:sales": 1}) is None
    assert entries_for("+15550100100") == ()


def test_an_entry_is_written_in_small_letters() -> None:
    assert sip_entry(" SIPS:Sales@Acme.example.com ") == "sip:sales@acme.example.com"
    assert is_sip("SIP:x")
    assert not is_sip("+15550100100")


@pytest.mark.parametrize("text", ["sip:", "sip:a b", "sip:sales@", "sip:sales@x;y=1", "sip:a@b@c"])
def test_what_cannot_be_called_is_told_at_its_place(text: str) -> None:
    raw = f"tenant: a\nnumbers: ['{text}']\nagent: {{instructions: x}}\n"
    with pytest.raises(ConfigError, match=r"a\.yaml:2:11: numbers\[0\]: .* is not a SIP address"):
        parse_tenant(raw, "a.yaml")


def test_a_tenant_answers_numbers_and_addresses() -> None:
    raw = "tenant: a\nnumbers: [+15550100100, sip:sales]\nagent: {instructions: x}\n"
    assert parse_tenant(raw, "a.yaml").numbers == ("+15550100100", "sip:sales")
