import pytest

from agent.telephony.twilio.sip import LONGEST, MOST_HEADERS, number_of, sip_call, user_and_host

FIELDS = {
    "From": "sip:ann@pbx.example.com",
    "To": "sip:Sales@acme.sip.twilio.com;region=us1",
    "SipDomain": "acme.sip.twilio.com",
    "SipCallId": "abc@10.0.0.1",
    "SipUsername": "office",
    "SipHeader_X-Account-Ref": "77",
    "CallSid": "CA1",
}


def test_a_call_that_came_by_sip_brings_its_headers() -> None:
    call = sip_call(FIELDS)
    assert call is not None
    assert call.domain == "acme.sip.twilio.com"
    assert call.call_id == "abc@10.0.0.1"
    assert call.facts() == {
        "sip_user": "Sales",
        "sip_domain": "acme.sip.twilio.com",
        "sip_login": "office",
        "sip_x_account_ref": "77",
    }


def test_another_call_did_not() -> None:
    assert sip_call({"From": "+15550199999", "To": "+15550100100"}) is None


def test_a_call_of_a_trunk_may_have_numbers_and_a_sip_address_behind_them() -> None:
    assert sip_call({"From": "+15550199999", "To": "+15550100100", "SipCallId": "x"}) is not None
    call = sip_call({"From": "SIP:ann@pbx.example.com", "To": "+15550100100"})
    assert call is not None
    assert call.user == ""


@pytest.mark.parametrize("name", ["SipHeader_X-Case", "SipSourceIp", "SipUsername", "SipDomainSid"])
def test_any_field_that_only_such_calls_have_says_so(name: str) -> None:
    call = sip_call({"From": "+15550199999", "To": "+15550100100", name: "7"})
    assert call is not None
    assert call.headers == ({"X-Case": "7"} if name.startswith("SipHeader_") else {})


def test_headers_are_bounded_and_plain() -> None:
    fields = {f"SipHeader_X-{i}": "v" for i in range(50)}
    call = sip_call({"SipCallId": "x", **fields})
    assert call is not None
    assert len(call.headers) == MOST_HEADERS

    hostile = {
        "SipHeader_X-Long": "y" * 5000,
        "SipHeader_X-Lines": "a\r\nEvil: 1\x00\u202e",
        "SipHeader_Via": "secret",
        "SipHeader_X-b@d": "1",
        "SipHeader_": "1",
    }
    call = sip_call({"SipCallId": "x", **hostile})
    assert call is not None
    assert call.headers == {"X-Long": "y" * LONGEST, "X-Lines": "aEvil: 1"}


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("sip:ann@Pbx.example.com", ("ann", "pbx.example.com")),
        ("sips:ann;x=1@[::1]:5061;transport=tls", ("ann", "[::1]:5061")),
        ("sip:pbx.example.com", ("", "pbx.example.com")),
        ("+15550100100", ("", "")),
        ("sip:", ("", "")),
        ("sip:" + "a" * 200 + "@b", ("", "")),
    ],
)
def test_an_address_has_two_parts(uri: str, parts: tuple[str, str]) -> None:
    assert user_and_host(uri) == parts


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("+15550100100", "+15550100100"),
        ("sip:+15550100100@pbx.example.com", "+15550100100"),
        ("sip:ann@pbx.example.com", None),
        ("anonymous", None),
        ("", None),
    ],
)
def test_a_number_may_stand_in_an_address(address: str, number: str | None) -> None:
    assert number_of(address) == number
