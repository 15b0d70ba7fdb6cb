"""Which telephone numbers may be called, and what time it is there."""

from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from agent.telephony.number_ranges import ISLANDS, NO_COUNTRY, ONE_CLOCK, SPECIAL
from agent.telephony.numbers import WITHHELD, NumberPolicy, refusal, zone_of

ANY = NumberPolicy()
SPECIAL_KINDS = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
)
ORDINARY_KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
TOO_MANY_RANGES = {"CN", "KR"}
"""Whose special numbers begin as ordinary ones do: no short table tells them apart."""


@pytest.mark.parametrize(
    "number", ["+15550100100", "+442079460958", "+4930123456", "+8613800138000"]
)
def test_an_ordinary_number_may_be_called(number: str) -> None:
    assert refusal(number, ANY) is None


@pytest.mark.parametrize(
    "number",
    ["", "+", "15550100100", "+0123456789", "+1555", "+1555010010012345", "+1555010010x",
     "+1 555 010 0100", "+15550100100\n", "+1555010010\u0660", "911", "sip:a@b.example"],
)  # fmt: skip
def test_what_is_no_number_is_not_called(number: str) -> None:
    said = refusal(number, ANY)
    assert said is not None
    assert "international form" in said


def test_a_line_calls_only_what_its_owner_allows() -> None:
    policy = NumberPolicy(("+1555", "+44"))
    assert refusal("+15550100100", policy) is None
    assert refusal("+442079460958", policy) is None
    assert refusal("+15650100100", policy) == "begins as no number that may be called"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+870773111632", "satellite"),
        ("+881612345678", "satellite"),
        ("+882161234567", "satellite or network"),
        ("+979123456789", "premium-rate"),
        ("+18761234567", "costly island"),
        ("+19005550100", "premium-rate, shared-cost or personal"),
        ("+4990012345678", "premium-rate, shared-cost or personal"),
        ("+447012345678", "premium-rate, shared-cost or personal"),
        ("+33891234567", "premium-rate, shared-cost or personal"),
        ("+390878123456", "premium-rate, shared-cost or personal"),
    ],
)
def test_a_number_that_costs_more_than_a_call_is_refused(number: str, kind: str) -> None:
    assert refusal(number, ANY) == f"is a {kind} number"
    broad = NumberPolicy((number[:2],))
    assert refusal(number, broad) == f"is a {kind} number"
    assert refusal(number, NumberPolicy(special=True)) is None


def test_a_costly_range_is_called_where_it_is_named_itself() -> None:
    assert refusal("+18761234567", NumberPolicy(("+1", "+1876"))) is None
    assert refusal("+4990012345678", NumberPolicy(("+49900",))) is None
    assert refusal("+4990012345678", NumberPolicy(("+4990012",))) is None
    assert refusal("+4990012345678", NumberPolicy(("+490", "+4990"))) is not None


def test_a_refusal_does_not_repeat_the_number() -> None:
    for number in ("+4990012345678", "+15550100100x"):
        assert number not in (refusal(number, ANY) or "")


@pytest.mark.parametrize("kind", SPECIAL_KINDS)
def test_every_country_s_example_of_a_costly_number_is_refused(kind: int) -> None:
    """Against libphonenumber, whose table was the source."""
    let_through = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS - TOO_MANY_RANGES):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            if refusal(number, ANY) is None:
                let_through.append((region, number))
    assert let_through == []


@pytest.mark.parametrize("kind", ORDINARY_KINDS)
def test_no_country_s_example_of_an_ordinary_number_is_refused(kind: int) -> None:
    refused = []
    for region in sorted(
        phonenumbers.SUPPORTED_REGIONS - {"CL"}
    ):  # its example is a shared-cost one
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            if number[1:5] not in ISLANDS and refusal(number, ANY) is not None:
                refused.append((region, number))
    assert refused == []


def test_the_islands_are_all_countries_of_plus_one_that_are_not_american_or_canadian() -> None:
    american = {"US", "CA", "PR", "VI", "GU", "AS", "MP"}
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]:
        example = phonenumbers.example_number_for_type(region, PhoneNumberType.FIXED_LINE)
        assert example is not None
        assert (f"1{example.national_number}"[:4] in ISLANDS) == (region not in american), region


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+442079460958", "Europe/London"),
        ("+4930123456", "Europe/Berlin"),
        ("+35312345678", "Europe/Dublin"),
        ("+15550100100", None),
        ("+79161234567", None),
        ("+61291234567", None),
        ("+881612345678", None),
    ],
)
def test_a_number_says_the_time_where_a_country_has_one(number: str, zone: str | None) -> None:
    assert zone_of(number) == zone


def test_the_tables_are_well_formed() -> None:
    codes = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
    assert set(SPECIAL) <= codes
    assert set(ONE_CLOCK) <= codes
    assert not set(NO_COUNTRY) & set(SPECIAL)
    for zone in ONE_CLOCK.values():
        ZoneInfo(zone)
    for beginnings in SPECIAL.values():
        assert all(text.isdigit() for text in beginnings)


def test_a_withheld_number_is_a_word_on_the_keys_and_nobody_s_number() -> None:
    for number, word in WITHHELD.items():
        assert phonenumbers.convert_alpha_characters_in_number(f"+{word}") == number
        assert not phonenumbers.is_valid_number(phonenumbers.parse(number))
