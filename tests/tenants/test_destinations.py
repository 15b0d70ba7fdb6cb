import pytest

from agent.tenants.destinations import (
    LONGEST_HEADERS,
    destination,
    header_faults,
    number_prefix,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+1 (555) 010-0100", "+15550100100"),
        ("sip:desk@pbx.example.com", "sip:desk@pbx.example.com"),
        ("SIPS:desk@pbx.example.com:5061", "sips:desk@pbx.example.com:5061"),
        ("sip:+15550100100@10.0.0.1;transport=tls", "sip:+15550100100@10.0.0.1;transport=tls"),
    ],
)
def test_a_call_goes_to_a_number_or_a_sip_address(written: str, read: str) -> None:
    assert destination(written) == read


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("5550100", "not a number in international form"),
        ("tel:+15550100100", "not a number in international form"),
        ("sip:desk", "is not a SIP address"),
        ("sip:a b@pbx.example.com", "is not a SIP address"),
        ("sip:desk@-x.example.com", "is not a SIP address"),
        ('sip:desk@pbx.example.com"/>', "is not a SIP address"),
        ("sip:" + "d" * 300 + "@pbx.example.com", "is not a SIP address"),
        ("sip:desk@pbx.example.com?X-A=1", "headers stand under headers"),
    ],
)
def test_anything_else_is_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        destination(written)


def test_what_is_no_text_is_left_to_others() -> None:
    assert destination(3) == 3
    assert number_prefix(3) == 3


@pytest.mark.parametrize("written", ["+1555", "+1 555", "+1-555*"])
def test_the_beginning_of_numbers_is_read(written: str) -> None:
    assert number_prefix(written) == "+1555"


@pytest.mark.parametrize("written", ["1555", "+", "+0", "+1x", "*", "+1555**"])
def test_what_no_number_begins_with_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not the beginning of a number"):
        number_prefix(written)


def test_headers_are_such_as_carriers_pass_on() -> None:
    assert not [*header_faults({"X-Case": "42", "x-case": "42"})][1:]
    faults = {"Via": "x", "X-A": "", "X-B": "a\nb", "X-C": "\u00e9"}
    assert [name for name, _ in header_faults(faults)] == ["Via", "X-A", "X-B", "X-C"]


def test_headers_are_not_longer_than_an_address_can_be() -> None:
    many = {f"X-{i}": "v" * 190 for i in range(5)}
    assert [*header_faults(many)] == [
        ("", f"are longer than {LONGEST_HEADERS} characters together")
    ]
